"""Processes that share work on files: ``python -m migkg.engine.workers SOCKET PARENT MEMORY``.

They are started by this process and not forked from it, which may have threads. They end with it,
and hold its locks until then.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, cast

from migkg.engine.zygote import die_with_parent
from migkg.errors import MigkgError, WorkerEnded

_ITEM, _DONE, _ERROR = range(3)
_LEAST_MEMORY = 1024**3


@dataclass(frozen=True)
class Task:
    """The arguments of one call, and what it works on, for people."""

    subject: str
    arguments: tuple[Any, ...]


class Workers:
    """Calls functions in ``count`` other processes; with none in this one.

    ``memory`` are the bytes that each process may take, 1 GiB at least, and ``locks`` open files
    that they hold.
    """

    def __init__(self, count: int, *, memory: int, locks: tuple[int, ...] = ()) -> None:
        self.count = count
        self._memory = max(memory, _LEAST_MEMORY)
        self._locks = locks
        self._processes: list[subprocess.Popen[bytes]] = []
        self._idle: list[Connection] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
        self._processes.clear()
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def each(self, function: Callable[..., Iterable[Any]], tasks: Iterable[Task]) -> Iterator[Any]:
        """What the calls give, as it comes; the order is that of the tasks only with no process.

        Tasks are taken from ``tasks`` when a process is free for them. Raises what a call raises,
        and :class:`WorkerEnded` if a process ends.
        """
        if not self.count:
            for task in tasks:
                yield from function(*task.arguments)
            return
        self._start()
        waiting = iter(tasks)
        busy: dict[Connection, Task] = {}
        while self._hand_out(function, waiting, busy):
            for connection in cast(list[Connection], wait(list(busy))):
                kind, value = _receive(connection, busy[connection])
                if kind == _ITEM:
                    yield value
                else:
                    del busy[connection]
                    self._idle.append(connection)

    def _hand_out(
        self,
        function: Callable[..., Iterable[Any]],
        waiting: Iterator[Task],
        busy: dict[Connection, Task],
    ) -> bool:
        while self._idle and (task := next(waiting, None)) is not None:
            connection = self._idle.pop()
            busy[connection] = task
            connection.send((function, task.arguments))
        return bool(busy)

    def _start(self) -> None:
        while len(self._processes) < self.count:
            ours, theirs = socket.socketpair()
            number = theirs.fileno()
            arguments = [str(number), str(os.getpid()), str(self._memory)]
            with theirs:
                process = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-m", "migkg.engine.workers", *arguments],
                    stdin=subprocess.DEVNULL,
                    pass_fds=(number, *self._locks),
                )
            self._processes.append(process)
            self._idle.append(Connection(ours.detach()))


def in_order(items: Iterable[tuple[int, Any]]) -> Iterator[Any]:
    """The items by their numbers, which count from 0, each as soon as its turn has come."""
    early: dict[int, Any] = {}
    due = 0
    for number, item in items:
        early[number] = item
        while due in early:
            yield early.pop(due)
            due += 1


def _receive(connection: Connection, task: Task) -> tuple[int, Any]:
    try:
        kind, value = connection.recv()
    except (EOFError, ConnectionResetError):
        raise WorkerEnded(task.subject) from None
    if kind == _ERROR:
        raise value
    return kind, value


def _work(connection: Connection) -> None:
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        try:
            for item in function(*arguments):
                connection.send((_ITEM, item))
        except (MigkgError, OSError) as error:
            connection.send((_ERROR, error))
        connection.send((_DONE, None))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    number, parent, memory = map(int, sys.argv[1:])
    die_with_parent(parent)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # what the work leaves has no cycles, and looking for them takes long
    with suppress(MemoryError):
        _work(Connection(number))
