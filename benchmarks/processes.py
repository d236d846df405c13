"""Processes on loopback: started in a session of their own, looked at, and ended by their id."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
_PROC = Path("/proc")
_LISTEN = "0A"
_LOOK = 0.05
_QUIET = 0.01  # seconds of processor time within one look: one tick of the kernel's count
_QUIET_LOOKS = 3
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """A port of loopback on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], *, folder: Path, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs while the block does; what it has started ends with it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # the session that this process was the first of


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float) -> None:
    """Returns as soon as the port takes connections; raises ``TimeoutError`` if it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise ChildProcessError(f"it ended with status {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"it did not listen within {seconds:g} s")


def tree(pid: int) -> set[int]:
    """A process and all that it has started, directly or not."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, rest = {pid}, [pid]
    while rest:
        below = [child for child in children.get(rest.pop(), ()) if child not in found]
        found.update(below)
        rest += below
    return found


def processor_seconds(pid: int) -> dict[int, float]:
    """Seconds of processor time of each process in a tree."""
    stats = {member: _stat(member) for member in tree(pid)}
    return {
        member: (int(fields[11]) + int(fields[12])) / _TICKS
        for member, fields in stats.items()
        if fields
    }


def idle_after(pid: int, limit: float) -> float:
    """Seconds until a tree of processes uses no processor any more; ``limit`` if it goes on."""
    begin = time.monotonic()
    quiet, used = 0, _used(pid)
    while (spent := time.monotonic() - begin) < limit:
        time.sleep(_LOOK)
        now = _used(pid)
        quiet = quiet + 1 if now - used <= _QUIET else 0
        used = now
        if quiet == _QUIET_LOOKS:
            return max(0.0, spent - (_QUIET_LOOKS - 1) * _LOOK)
    return limit


def _used(pid: int) -> float:
    return sum(processor_seconds(pid).values())


class OtherWork:
    """How many cores something else used while a tree of processes and this one worked."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._begin = time.monotonic()
        self._start = self._others()

    def cores(self) -> float:
        """The cores since this was made."""
        return max(0.0, self._others() - self._start) / (time.monotonic() - self._begin)

    def _others(self) -> float:
        return busy_seconds() - _used(self._pid) - sum(os.times()[:4])


def busy_seconds() -> float:
    """Seconds of processor time that the machine has spent on anything."""
    line = (_PROC / "stat").read_text("ascii").splitlines()[0]
    user, nice, system, _idle, _wait, interrupts, soft, steal = map(int, line.split()[1:9])
    return (user + nice + system + interrupts + soft + steal) / _TICKS


def resident_bytes(pids: set[int]) -> int:
    """Bytes of memory that these processes hold together; what they share counts for each."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += int((_PROC / str(pid) / "statm").read_text("ascii").split()[1]) * _PAGE
    return total


def listeners(pid: int, port: int) -> set[int]:
    """The processes in a tree that hold a socket which listens on a port."""
    wanted = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    return {member for member in tree(pid) if wanted & _descriptors(member)}


def _listening_inodes(port: int) -> Iterator[str]:
    for line in (_PROC / "net" / "tcp").read_text("ascii").splitlines()[1:]:
        fields = line.split()
        if fields[3] == _LISTEN and int(fields[1].partition(":")[2], 16) == port:
            yield fields[9]


def _descriptors(pid: int) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):
        for entry in (_PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(entry.readlink()))
    return found


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` after the name, the state first; none if it has ended."""
    try:
        return (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []
