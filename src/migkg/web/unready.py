"""What answers while the service waits for an engine: it is live, and not ready."""

from __future__ import annotations

import os
import signal
import socket
from types import TracebackType
from typing import TYPE_CHECKING, Self

from migkg.engine.published_agreement import NotYet
from migkg.settings import Settings
from migkg.web.forks import forked, stop
from migkg.web.generations import Number
from migkg.web.processes import leave, listen

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_RETRY_AFTER = 2
_LINGER = 0.25  # seconds in which who has connected before the end sends a request


class Unready:
    """A process that answers on the port of the service, once it is wanted, until the end.

    ``sockets`` are then those that it listened on. They stay open: connections wait in them until
    the service takes them.
    """

    def __init__(self, settings: Settings) -> None:
        self.sockets: list[socket.socket] | None = None
        self._settings = settings
        self._pid = 0
        self._why = Number()

    def answer(self, why: NotYet) -> None:
        """Starts the process, if it does not run; it says why."""
        self._why.value = list(NotYet).index(why)
        if self.sockets is None:
            signal.signal(signal.SIGTERM, leave)
            self.sockets = listen(self._settings.host, self._settings.port, self._settings.workers)
        if not self._pid or os.waitpid(self._pid, os.WNOHANG)[0]:
            self._pid = forked(self._serve)

    def _serve(self) -> None:
        from migkg.web.applications import run  # slow to import, and seldom needed here

        run(_app(self._why), self._settings, self.sockets or [], linger=_LINGER)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pid:
            stop([self._pid])


def _app(why: Number) -> ASGIApp:
    """The application: ``/livez`` is well, and everything else is told to come back, and why."""
    from starlette.requests import Request

    from migkg.web.front import life
    from migkg.web.headers import complete
    from migkg.web.health import live
    from migkg.web.problems import problem_response

    async def nothing() -> None:
        pass

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await life(receive, send, nothing, nothing)
            return
        if scope["path"] == "/livez":
            response = await live(Request(scope))
        else:
            response = problem_response(
                503,
                "not-ready",
                f"The service waits for its engine. {list(NotYet)[why.value].value}",
                headers={"Retry-After": str(_RETRY_AFTER)},
                advice="Try again later.",
            )
        complete(response.raw_headers)
        await response(scope, receive, send)

    return app
