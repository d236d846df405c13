"""Containers for tests: Podman in namespaces of its own, so that it meets nothing of the machine.

Mounts, processes and the network are those of the namespaces and end with their first process.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.processes import children, eventually, runs

PROGRAMS = ("podman", "runc", "catatonit", "iptables", "ip", "unshare", "nsenter", "docker-compose")
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"
_FIRST = Path(__file__).with_name("containers.sh")
_NAMESPACES = ("--mount", "--net", "--pid", "--ipc", "--uts")
_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


def missing(*more: str) -> str:
    """Why containers cannot be run here, in a sentence; empty if they can."""
    if os.geteuid() != 0:
        return "containers need root"
    absent = [name for name in (*PROGRAMS, *more) if shutil.which(name, path=_PATH) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    probe = ("unshare", *_NAMESPACES, "--fork", "mount", "--make-rprivate", "/")
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return f"namespaces cannot be made: {done.stderr.strip()}" if done.returncode else ""


@dataclass(frozen=True)
class Containers:
    """Podman in its namespaces, of which ``first`` is the first process."""

    first: int
    folder: Path

    def run(
        self,
        *command: str | Path,
        seconds: float = 60,
        outside: bool = False,
        text: str | None = None,
        **environment: str,
    ) -> str:
        """What a command prints that runs in the namespaces and has to end well.

        ``outside`` leaves it the network of the machine; ``text`` is its input.
        """
        entered = [name for name in _NAMESPACES if not (outside and name == "--net")]
        done = subprocess.run(
            ["nsenter", f"--target={self.first}", *entered, f"--wd={self.folder}", "--", *command],
            env={
                **os.environ,
                "PATH": _PATH,
                "CONTAINERS_CONF": "/run/containers.conf",
                "DOCKER_HOST": "unix:///run/podman.sock",
                **environment,
            },
            input=text,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    @contextmanager
    def network(self) -> Iterator[None]:
        """Connections that this thread opens meanwhile begin in the namespaces."""
        own = Path(f"/proc/self/task/{threading.get_native_id()}/ns/net")
        with own.open("rb") as home, Path(f"/proc/{self.first}/ns/net").open("rb") as theirs:
            _enter(theirs.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())


def _enter(namespace: int) -> None:
    if _LIBC.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "the network namespace cannot be entered")


@contextmanager
def containers(folder: Path, seconds: int) -> Iterator[Containers]:
    """Namespaces while the block runs, ``seconds`` at most even if this process is killed.

    What Podman keeps is in ``folder``, which must not exist and is removed.
    """
    folder.mkdir(mode=0o700)
    unshare = ["unshare", *_NAMESPACES, "--fork", "--kill-child", "--mount-proc"]
    bounded = ["timeout", "--signal=KILL", str(seconds), *unshare, "sh", _FIRST, folder]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            bounded, env={**os.environ, "PATH": _PATH}, stdout=log, stderr=log
        )
    try:
        eventually(lambda: (folder / "up").exists() or process.poll() is not None, 30)
        assert process.poll() is None, (folder / "log").read_text("utf-8")
        (outer,) = children(process.pid)
        (first,) = children(outer)
        inside = Containers(first, folder)
        try:
            yield inside
        finally:  # control groups are not in the namespaces, so what failed would leave some
            inside.run("podman", "rm", "--all", "--force", "--time=0")
    finally:
        _end(process)
        shutil.rmtree(folder)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the first process, with which the kernel ends all others, and waits for that."""
    for outer in children(process.pid):
        inner = children(outer)
        os.kill(outer, signal.SIGKILL)
        eventually(lambda ended=inner: not any(map(runs, ended)))  # type: ignore[misc]
    process.wait(30)
