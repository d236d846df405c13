"""Waiting for work only as long as the client is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.requests import Request

from migkg.web.problems import HttpProblem

_T = TypeVar("_T")
_QUICK = 0.05  # seconds; what takes less is not worth watching


async def while_connected(request: Request, work: Awaitable[_T]) -> _T:
    """The result of ``work``, which is cancelled when the client goes away."""
    watch = _Watch(request)
    timer = asyncio.get_running_loop().call_later(_QUICK, watch.begin)
    try:
        return await work
    except asyncio.CancelledError:
        if not watch.gone:
            raise
        watch.waiting.uncancel()
        raise HttpProblem(400, "client-gone", "The client has gone.") from None
    finally:
        timer.cancel()
        watch.end()


class _Watch:
    """Cancels the task that waits when its client disconnects."""

    def __init__(self, request: Request) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
        self.gone = False
        self.waiting = task
        self._request = request
        self._watching: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._watching = asyncio.ensure_future(self._watch())

    def end(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self.waiting.cancel()
