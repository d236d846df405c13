"""What one front process does with a request: it finds the release that is to answer.

That is the current one, unless ``?release=`` names another. Which is the current one is a number
that all fronts share, so that they change over at the same moment: who has seen an answer from a
new release never gets one from the old.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from migkg.errors import MigkgError
from migkg.web import problem_pages
from migkg.web.headers import complete
from migkg.web.problems import HttpProblem, from_error, from_http_problem
from migkg.web.releases import find
from migkg.web.served import Served

log = logging.getLogger(__name__)

_NAME = b"release="


class Releases(Protocol):
    """The releases that a front can answer from."""

    @property
    def current(self) -> Served:
        """The one that is in service at this moment."""

    async def older(self, release_id: str) -> Served:
        """Another that is kept, opened if need be.

        Raises :class:`EngineBusy` if too many are open.
        """

    async def start(self) -> None:
        """Makes the current one ready."""

    async def close(self) -> None:
        """Ends all."""


class Single:
    """One release and no other, as behind a remote engine."""

    def __init__(self, served: Served) -> None:
        self.current = served

    async def older(self, release_id: str) -> Served:  # noqa: ARG002 - there are none
        """See :class:`Releases`."""
        raise HttpProblem(
            404,
            "not-found",
            "Only the current release answers here.",
            available=[self.current.id],
        )

    async def start(self) -> None:
        """See :class:`Releases`."""
        await self.current.start()

    async def close(self) -> None:
        """See :class:`Releases`."""
        await self.current.close()


class Front:
    """ASGI application that hands each request to the release that is to answer it."""

    def __init__(self, releases: Releases) -> None:
        self.releases = releases

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection, or the life of the process."""
        if scope["type"] == "lifespan":
            await life(receive, send, self.releases.start, self.releases.close)
            return
        app: ASGIApp = self.releases.current
        if scope["path"] == "/q" or scope["path"].startswith("/q/"):
            app = await self._cited(scope) or app
        elif _NAME in scope["query_string"]:
            app = await self._named(scope) or app
        await app(scope, receive, send)

    async def _cited(self, scope: Scope) -> ASGIApp | None:
        """What answers a citation: the release that it pins, if that is kept."""
        scope["migkg.releases"] = self.releases
        current = self.releases.current
        citation = current.state.citations.get(scope["path"].removeprefix("/q/"))
        if citation is None or b"cite=" in scope["query_string"]:
            return await self._named(scope)
        return await self._response_or(self._find([citation.request.release], current))

    async def _response_or(self, found: Awaitable[Served]) -> ASGIApp | None:
        """What was found; None where it is not kept, a problem where it cannot be opened."""
        try:
            return await found
        except HttpProblem:
            return None
        except MigkgError as error:
            response = from_error(error)
            complete(response.raw_headers)
            return response

    async def _named(self, scope: Scope) -> ASGIApp | None:
        """What answers where ``?release=`` is given; None where it is not, after all."""
        named = [
            unquote_plus(part[len(_NAME) :].decode("latin-1"))
            for part in scope["query_string"].split(b"&")
            if part.startswith(_NAME)
        ]
        if not named:
            return None
        current = self.releases.current
        if named[0] == current.id and len(named) == 1:
            return current
        try:
            return await self._find(named, current)
        except HttpProblem as problem:
            response = from_http_problem(problem)
        except MigkgError as error:
            response = from_error(error)
        response = problem_pages.negotiated(Request(scope), response, current.state)
        complete(response.raw_headers)
        return response

    async def _find(self, named: list[str], current: Served) -> Served:
        if len(named) > 1:
            raise HttpProblem(400, "bad-parameter", "Give the parameter 'release' once.")
        found = find(current.state, named[0])
        return current if found == current.id else await self.releases.older(found)


async def life(
    receive: Receive,
    send: Send,
    start: Callable[[], Awaitable[None]],
    close: Callable[[], Awaitable[None]],
) -> None:
    """The lifespan protocol: https://asgi.readthedocs.io/en/latest/specs/lifespan.html."""
    await receive()
    try:
        await start()
    except (MigkgError, OSError) as error:
        log.exception("The front cannot start.")
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await asyncio.shield(asyncio.ensure_future(close()))
    await send({"type": "lifespan.shutdown.complete"})
