"""The application of each front process, and the server that runs it there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from migkg.engine.release import Release
from migkg.settings import Settings
from migkg.web.app import create_app, create_served, engine_of
from migkg.web.connection import connection_class
from migkg.web.express import Express
from migkg.web.front import Front
from migkg.web.front_releases import SharedReleases
from migkg.web.generations import Generations
from migkg.web.served import Served
from migkg.web.tracing import traced

_GRACE = 3  # seconds for answers that are under way at the end


def applications(
    settings: Settings, release: Release, generations: Generations | None
) -> Callable[[], ASGIApp]:
    """What makes the application for one more front.

    With a remote engine that holds no record of releases there is one, and one application for all.
    """
    if generations is not None:
        return _Applications(settings, generations)
    app = create_app(settings, release)
    return lambda: app


class _Applications:
    """Makes the application of each front before it is forked.

    What all fronts share is made once for each release, in the process that they are forked from.
    """

    def __init__(self, settings: Settings, generations: Generations) -> None:
        self._settings = settings
        self._generations = generations
        self._made: tuple[int, Served] | None = None

    def __call__(self) -> ASGIApp:
        current = self._generations.current
        if self._made is None or self._made[0] != current.key:
            engine = engine_of(current.release, self._settings, current.keeper.control)
            self._made = current.key, create_served(self._settings, current.release, engine)
        end, number = self._generations.prepare(), self._generations.number
        return Front(SharedReleases(self._settings, end, number, self._made))


class _Lingering(uvicorn.Server):
    """A server that takes no new connection at the end, but what comes on those that it took."""

    def __init__(self, config: uvicorn.Config, seconds: float) -> None:
        super().__init__(config)
        self._seconds = seconds

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends: others take what connects from now on, if they listen on the same sockets."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(self._seconds)
        await super().shutdown(sockets)


def run(
    app: ASGIApp, settings: Settings, sockets: list[socket.socket], linger: float = 0.0
) -> None:
    """Serves on sockets that listen, until the process is told to end.

    It then answers for ``linger`` seconds to those who are connected.
    """
    traces = traced(app, settings)
    # What is traced has to go through the application.
    lane = Express(app.releases) if isinstance(app, Front) and traces is app else None
    config = uvicorn.Config(
        traces,
        loop="uvloop",
        http=connection_class(settings.share(), lane),
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
    )
    _Lingering(config, linger).run(sockets=sockets)
