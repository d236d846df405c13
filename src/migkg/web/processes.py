"""The processes of a running service: one that watches, one that holds the release, the fronts.

All fronts listen on the same port, each on a socket of its own (SO_REUSEPORT). The sockets belong
to the process that watches, so that connections wait in them while a front is replaced.
"""

from __future__ import annotations

import gc
import logging
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from migkg.engine import counters
from migkg.engine.published_agreement import Agreement
from migkg.engine.release import Release
from migkg.errors import BadSetting
from migkg.settings import Settings
from migkg.web.forks import ENDING, forked, stop
from migkg.web.generations import Generations, pause

if TYPE_CHECKING:
    from starlette.types import ASGIApp

log = logging.getLogger(__name__)

_BACKLOG = 2048
_LAST_PORT = 65535


def serve(
    settings: Settings,
    release: Release,
    say: Callable[[str], object],
    published: Agreement | None = None,
    sockets: list[socket.socket] | None = None,
) -> None:
    """Serves until it is told to end (SIGTERM, SIGINT); says where.

    ``published`` is what another engine holds, if it holds releases; ``sockets`` are those that
    listen already, if any do.
    """
    signal.signal(signal.SIGTERM, leave)
    _raise_file_limit()
    sockets = sockets or listen(settings.host, settings.port, settings.workers)
    port = sockets[0].getsockname()[1]
    say(f"Release {release.id}, http://{settings.host}:{port}, {settings.workers} fronts\n")
    generations = None
    if published:
        from migkg.engine.published_watch import PublishedWatch

        watch = PublishedWatch(settings, published)
        generations = Generations(settings, release, say, watch)
    elif not settings.engine_url:
        generations = Generations(settings, release, say)
    # The web framework takes long to import; the release is being loaded meanwhile.
    from migkg.web.applications import applications, run

    make_app = applications(settings, release, generations)
    _Watch(settings, sockets, make_app, run, generations).run()


def leave(*_: object) -> NoReturn:
    """Ends what is only starting, in order; the first process of a container must say how."""
    sys.exit(0)


def _raise_file_limit() -> None:
    """Each connection is an open file, and so are three things of each query process."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # the kernel may allow less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def listen(host: str, port: int, number: int) -> list[socket.socket]:
    """Sockets on one port that share what comes.

    Raises :class:`BadSetting` if the port cannot be had. The first socket listens before it may be
    shared, so of two services that start at the same time only one gets the port.
    """
    family, _, _, _, address = _resolve(host, port)
    sockets: list[socket.socket] = []
    try:
        first = _listen(family, address, sockets, shared=False)
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        while len(sockets) < number:
            _listen(family, first.getsockname(), sockets, shared=True)
    except OSError as error:
        for sock in sockets:
            sock.close()
        why = f"{host} cannot listen there: {error.strerror}"
        raise BadSetting("MIGKG_PORT", str(port), why) from None
    return sockets


def _listen(
    family: int, address: tuple[str, int], sockets: list[socket.socket], *, shared: bool
) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sockets.append(sock)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(address)
    sock.listen(_BACKLOG)
    return sock


def _resolve(host: str, port: int) -> tuple[int, int, int, str, tuple[str, int]]:
    if not 0 <= port <= _LAST_PORT:  # else another one would be taken
        raise BadSetting("MIGKG_PORT", str(port), f"ports are numbers up to {_LAST_PORT}")
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]  # type: ignore[return-value]
    except socket.gaierror:
        raise BadSetting("MIGKG_HOST", host, "it is no address of this machine") from None


class _Watch:
    """Keeps the processes of the service alive, and ends them all when it ends."""

    def __init__(
        self,
        settings: Settings,
        sockets: list[socket.socket],
        make_app: Callable[[], ASGIApp],
        run_app: Callable[[ASGIApp, Settings, list[socket.socket]], None],
        generations: Generations | None,
    ) -> None:
        self._settings = settings
        self._sockets = sockets
        self._make_app = make_app
        self._run_app = run_app
        self._generations = generations
        self._fronts: dict[int, tuple[int, float]] = {}  # by process: its socket, its start
        self._ending = False

    def run(self) -> None:
        """Returns when all processes have ended after a signal."""
        try:
            for index in range(len(self._sockets)):
                self._start_front(index)
            if self._generations:
                self._generations.wait()
            self._watch()
        finally:
            self._stop_fronts()
            if self._generations:
                self._generations.close()

    def _watch(self) -> None:
        wake, waker = os.pipe()
        for end in (wake, waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in ENDING:
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that it wakes
        while not self._ending:
            self._look()
            watched = [*self._generations.descriptors()] if self._generations else []
            seconds = self._settings.release_poll if self._generations else None
            select.select([wake, *watched], [], [], seconds)
            with suppress(BlockingIOError):
                os.read(wake, 4096)

    def _end(self, *_: object) -> None:
        self._ending = True

    def _look(self) -> None:
        """Starts again what has ended."""
        if self._generations:
            self._generations.look()
        for pid, (index, since) in list(self._fronts.items()):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del self._fronts[pid]
                if self._generations:
                    self._generations.leave(pid)
                log.warning("Front process %d has ended; starting another.", pid)
                pause(since)
                self._start_front(index)

    def _start_front(self, index: int) -> None:
        pid = forked(partial(self._be_front, self._make_app(), index))
        if self._generations:
            self._generations.join(pid)
        self._fronts[pid] = (index, time.monotonic())

    def _be_front(self, app: ASGIApp, index: int) -> None:
        counters.take_row(index + 1)
        if self._generations:
            self._generations.leave_to_others()
        for other, sock in enumerate(self._sockets):
            if other != index:
                sock.close()
        gc.freeze()  # what all fronts share is never garbage
        self._run_app(app, self._settings, [self._sockets[index]])

    def _stop_fronts(self) -> None:
        for sock in self._sockets:  # else new connections would wait for nobody
            sock.close()
        stop(self._fronts)
