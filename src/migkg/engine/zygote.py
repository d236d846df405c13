"""The process from which the processes that answer queries are forked.

It has one thread, so that forking it is safe. Either it holds the release in memory, and its
children share it copy-on-write; or each child opens the release on disk for itself, read-only. A
child answers one query at a time on its own socket, within a memory limit, without the means to
open a connection or to write a file, and dies with this process or with the one that asked for it.
Run as ``python -m migkg.engine.zygote``.
"""

from __future__ import annotations

import ctypes
import faulthandler
import fcntl
import gc
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from migkg.engine import seccomp, wire
from migkg.engine.answering import answer
from migkg.engine.release import Release, disk_store
from migkg.errors import NoRelease

_PR_SET_PDEATHSIG = 1
_DESCRIPTORS = 2  # with each request to fork: the child's socket, and what tells it of our end


@dataclass(frozen=True)
class Access:
    """How a child comes to the release, and how it is shut in with it (``memory`` in bytes)."""

    open_store: Callable[[], ox.Store]
    confine: Callable[[int], None]


def die_with_parent(parent: int) -> None:
    """Makes the kernel kill this process when ``parent``, its parent now, ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def die_with_pipe(descriptor: int) -> None:
    """Makes the kernel kill this process when the writing end of a pipe is closed.

    In the midst of a query too, and when it is stopped: a stopped process takes no other signal
    than SIGKILL, so the SIGIO that a pipe sends of itself would wait for ever.
    """
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        if not os.read(descriptor, 1):  # closed before the kernel was told whom to call
            os._exit(1)


def address_space() -> int:
    """Bytes of address space that this process has now."""
    statm = Path("/proc/self/statm").read_text("ascii")
    return int(statm.split()[0]) * resource.getpagesize()


def confine(memory: int, *, files: int = 0) -> None:
    """Limits this process: ``memory`` bytes more than it has now, at most ``files`` open files.

    With no files left it can open no connection either; what is open stays open. When the machine
    runs out of memory, this process is the first to go.
    """
    with suppress(OSError):
        # Woken by a request, it does not push aside the process that still has others to send.
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    limit = address_space() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def confine_on_disk(memory: int) -> None:
    """Limits this process as :func:`confine` does, but for files that it reads.

    The store opens sixteen of its files at first and the others when a query needs them, and where
    it cannot, the query neither ends nor fails.
    """
    confine(memory, files=resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    seccomp.reach_nothing()


def _serve(access: Access, sock: socket.socket, memory: int) -> None:
    store = access.open_store()
    # What the engine's library says of a crash would fill the log of the service.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)
    # Before the limits: where a native crash leaves its name, on the socket (see wire.is_fault).
    faulthandler.enable(file=sock.fileno(), all_threads=False)
    access.confine(memory)
    while (request := wire.receive_request(sock)) is not None:
        answer(store, request, sock)


def _fork_child(access: Access, sock: socket.socket, pipe: int, memory: int) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        die_with_parent(parent)
        die_with_pipe(pipe)
        _serve(access, sock, memory)
    finally:
        os._exit(0)


def _in_memory(path: str) -> Access:
    store = ox.Store()
    # Not bulk_load, which gives blank nodes new names: a release always has the same.
    store.bulk_extend(ox.parse(path=path, format=ox.RdfFormat.N_QUADS))
    gc.collect()
    gc.freeze()
    return Access(lambda: store, confine)


def _on_disk(path: str) -> Access:
    # Tried in a process of its own: what forks must not have opened such a store.
    pid = os.fork()
    if not pid:
        ox.Store.read_only(path)
        seccomp.reach_nothing()
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        raise SystemExit(1)
    return Access(lambda: ox.Store.read_only(path), confine_on_disk)


def _access(release: Release, kind: str) -> Access:
    if kind == "memory":
        return _in_memory(str(release.store))
    try:
        return _on_disk(str(disk_store(release)))
    except NoRelease as error:
        raise SystemExit(str(error)) from None


def run(access: Access, control: socket.socket, ready: int, memory: int) -> None:
    """Says that the store is open, then forks a child for every request on the control socket."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.write(ready, b"R")
    os.close(ready)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, _DESCRIPTORS)
        if not message:
            return
        if len(descriptors) == _DESCRIPTORS:
            _fork_for(access, descriptors[0], descriptors[1], memory)


def _fork_for(access: Access, descriptor: int, pipe: int, memory: int) -> None:
    """Forks a child; its socket brings the number and the handle of its process first."""
    with socket.socket(fileno=descriptor) as child_socket:
        try:
            # There may be too many processes, or whoever asked has gone and the child with them.
            with suppress(OSError):
                pid = _fork_child(access, child_socket, pipe, memory)
                _send_handle(child_socket, pid)
        finally:
            os.close(pipe)


def _send_handle(child_socket: socket.socket, pid: int) -> None:
    pidfd = os.pidfd_open(pid)
    try:
        socket.send_fds(child_socket, [wire.PROCESS.pack(pid)], [pidfd])
    finally:
        os.close(pidfd)


if __name__ == "__main__":
    parameters: dict[str, Any] = json.loads(sys.argv[1])
    die_with_parent(parameters["parent"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    held = Release(Path(parameters["folder"]), {"blank nodes": parameters["blank"]})
    run(
        _access(held, parameters["kind"]),
        socket.socket(fileno=parameters["control"]),
        parameters["ready"],
        parameters["memory"],
    )
