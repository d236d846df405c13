"""Waiting for work only as long as the client is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

from starlette.requests import Request
from starlette.types import Receive

_T = TypeVar("_T")
_QUICK = 0.05  # seconds; what takes less is not worth watching


class ClientGone(Exception):
    """The client has gone, so that nobody waits for an answer."""


async def while_connected(request: Request, work: Awaitable[_T]) -> _T:
    """The result of ``work``, which is cancelled when the client goes away.

    Raises :class:`ClientGone` then.
    """
    return await _while_connected(request.receive, work)


async def sent_while_connected(receive: Receive, sending: Awaitable[None]) -> None:
    """Waits for ``sending``, which is cancelled when the client goes away."""
    with suppress(ClientGone):
        await _while_connected(receive, sending)


async def _while_connected(receive: Receive, work: Awaitable[_T]) -> _T:
    watch = _Watch(receive)
    timer = asyncio.get_running_loop().call_later(_QUICK, watch.begin)
    try:
        return await work
    except asyncio.CancelledError:
        if not watch.gone:
            raise
        watch.waiting.uncancel()
        raise ClientGone from None
    finally:
        timer.cancel()
        watch.end()


class _Watch:
    """Cancels the task that waits when its client disconnects."""

    def __init__(self, receive: Receive) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
        self.gone = False
        self.waiting = task
        self._receive = receive
        self._watching: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._watching = asyncio.ensure_future(self._watch())

    def end(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self.waiting.cancel()
