"""The smallest ASGI application: 1.5 KB without any work, which is what the stack allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]

_BODY = b"x" * 1500
_HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(_BODY))]


async def app(
    scope: Message,
    _receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answers every request with the same bytes."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _BODY})
