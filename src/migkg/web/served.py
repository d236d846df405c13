"""One release in service in one front: the application that answers from it, and its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migkg.web.state import State

_LONGEST = 60.0  # seconds that the engine is left to requests that came before the end


class Served:
    """An application for one release; it counts the requests that it is answering."""

    def __init__(self, state: State, app: ASGIApp) -> None:
        self.state = state
        self.used = time.monotonic()
        self._app = app
        self._under_way = 0
        self._none_left = asyncio.Event()
        self._ending = False

    @property
    def id(self) -> str:
        """The id of its release."""
        return self.state.release.id

    @property
    def under_way(self) -> int:
        """The number of requests that it is answering."""
        return self._under_way

    async def start(self) -> None:
        """Makes its engine ready."""
        await self.state.engine.start()

    async def close(self) -> None:
        """Ends its engine when what it is answering is answered, or after a minute."""
        self._ending = True
        if self._under_way:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST):
                    await self._none_left.wait()
        await self.state.engine.close()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Counts work for a request that another application answers."""
        self.begin()
        try:
            yield
        finally:
            self.finish()

    def begin(self) -> None:
        """Counts a request that is being answered, until :meth:`finish`."""
        self.used = time.monotonic()
        self._under_way += 1

    def finish(self) -> None:
        """Counts it as answered."""
        self._under_way -= 1
        if self._ending and not self._under_way:
            self._none_left.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request from this release."""
        scope["state"] = {"migkg": self.state}
        with self.in_use():
            await self._app(scope, receive, self._within(send) if self.state.older else send)

    def _within(self, send: Send) -> Send:
        """Keeps a client that is redirected in the older release that it asked for."""

        async def send_within(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 303:
                message["headers"] = [
                    (name, _with_release(value, self.id) if name == b"location" else value)
                    for name, value in message["headers"]
                ]
            await send(message)

        return send_within


def _with_release(location: bytes, release: str) -> bytes:
    if b"release=" in location.partition(b"?")[2]:  # what was asked for went with it
        return location
    return location + (b"&" if b"?" in location else b"?") + f"release={release}".encode()
