"""Answers of the engine as HTTP responses."""

from __future__ import annotations

from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from migkg.engine.protocol import Answer, Caller, Lane
from migkg.web.cache import KEPT_ON_304, matches
from migkg.web.clients import client_of
from migkg.web.headers import Ready
from migkg.web.state import state_of

TRUNCATED = b"migkg-truncated"
CACHED = b"public, max-age=60"


def caller_of(request: Request, lane: Lane = Lane.SPARQL) -> Caller:
    """Who asks, for the engine."""
    return Caller(client_of(request.scope, state_of(request).settings.proxy_hops), lane)


def answer_response(
    request: Request, answer: Answer, *, repeatable: bool, truncate: int | None = None
) -> Response:
    """A complete answer as a response whose length is known.

    ``repeatable`` says that the same query gives the same bytes as long as the release is served:
    the response then has a strong validator. If rows were cut, a header says so.
    """
    headers = [(b"content-type", answer.format.content_type.encode()), (b"vary", b"Accept")]
    if answer.truncated:
        headers.append((TRUNCATED, str(truncate).encode()))
    headers.append((b"content-length", str(answer.size).encode()))
    if answer.in_memory:
        return _whole(request, headers, answer.read(), repeatable=repeatable)
    if request.method == "HEAD":
        answer.close()
        return Ready(200, headers, b"")
    return _Spooled(answer, headers)


def _whole(
    request: Request, headers: list[tuple[bytes, bytes]], body: bytes, *, repeatable: bool
) -> Response:
    if not repeatable:
        return Ready(200, [*headers, (b"cache-control", b"no-store")], body)
    digest = blake2b(body, digest_size=12).hexdigest()
    etag = f'"{state_of(request).release.id}-{digest}"'.encode()
    headers += [(b"etag", etag), (b"cache-control", CACHED)]
    none_match = request.headers.get("if-none-match")
    if none_match and matches(none_match.encode("latin-1"), etag):
        return Ready(304, [item for item in headers if item[0] in KEPT_ON_304], b"")
    return Ready(200, headers, b"" if request.method == "HEAD" else body)


class _Spooled(Ready):
    """An answer that is sent from its file, which is closed afterwards in any case."""

    def __init__(self, answer: Answer, headers: list[tuple[bytes, bytes]]) -> None:
        super().__init__(200, headers, b"")
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Sends the answer in parts."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        try:
            await send(start)
            for part in self._answer.chunks():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._answer.close()
