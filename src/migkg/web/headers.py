"""The headers that every response carries, errors included."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECURITY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    b"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"*"),
    (b"content-security-policy", _SECURITY),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]
_NAMES = frozenset(name for name, _ in _HEADERS)

RawHeaders = list[tuple[bytes, bytes]]


def complete(headers: RawHeaders) -> None:
    """Adds those that are missing; names are in small letters."""
    present = {name for name, _ in headers}
    if present.isdisjoint(_NAMES):
        headers += _HEADERS
    else:
        headers += [header for header in _HEADERS if header[0] not in present]


class Headers:
    """ASGI middleware that adds them where they are not set."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = list(message["headers"])
                complete(message["headers"])
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Ready(Response):
    """A response whose headers are encoded, with those that every response carries."""

    def __init__(self, status: int, headers: RawHeaders, body: bytes) -> None:
        self.status_code = status
        complete(headers)
        self.raw_headers = headers
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Sends it in one piece, without the body if only the headers are wanted."""
        body = b"" if scope["method"] == "HEAD" else self.body
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        await send({"type": "http.response.body", "body": body})
