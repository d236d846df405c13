"""A request and its response, where a response that is whole goes out in one piece.

uvicorn writes the head as soon as it has it, so that each answer takes two system calls and two
packets. Here the head waits for the first part of the body.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from migkg.web import counts, journal
from migkg.web.headers import RawHeaders

if TYPE_CHECKING:
    from starlette.types import Scope

_LARGEST = 64 * 1024  # bytes of a body that is worth copying
# With these uvicorn has to decide how the connection goes on, or how the body is framed.
_OF_CONNECTION = frozenset((b"connection", b"transfer-encoding"))
_WITHOUT_BODY = frozenset((204, 304))
_FIRST_FAILURE = 400


class Cycle(RequestResponseCycle):
    """uvicorn's, with another way to send."""

    began = 0.0
    status = 0  # of the answer, once it begins
    given_id = b""  # how the client names the request
    _held: Any = None  # the head, until the body begins

    def arrived(self) -> None:
        """Begins to count its time, and takes the name that the client gives it."""
        self.began = time.perf_counter()
        for name, value in self.scope["headers"]:
            if name in journal.NAMES:
                self.given_id = value

    async def send(self, message: Any) -> None:  # noqa: ANN401 - uvicorn's own
        """See the ASGI specification."""
        if self._held is None:
            if message["type"] == "http.response.start" and not self.response_started:
                self.status = message["status"]
                self._held = {**message, "headers": self.named(message["headers"])}
            else:
                await super().send(message)
            return
        start, self._held = self._held, None
        if not message.get("more_body") and not self.flow.write_paused and not self.disconnected:
            piece = self._piece(start, message.get("body", b""))
            if piece is not None:
                self.write(piece)
                return
        await super().send(start)
        await super().send(message)

    def named(self, headers: RawHeaders) -> RawHeaders:
        """The fields with the name of the request, if its client gave one or it failed."""
        if not self.given_id and self.status < _FIRST_FAILURE:
            return headers
        name = journal.request_id(cast("Scope", self.scope)).encode()
        return [*headers, (b"x-request-id", name)]

    def end(self) -> None:
        """Counts the request, and logs it if it is one to log."""
        status = self.status if self.response_complete else 0
        counts.count(self.scope["path"], status, self.began)
        if journal.is_logged(status):
            journal.log_request(cast("Scope", self.scope), status, time.perf_counter() - self.began)

    def _piece(self, start: dict[str, Any], body: bytes) -> bytes | None:
        """The whole response, or None if it is one for the long way."""
        headers: RawHeaders = start["headers"]
        status = start["status"]
        fields = dict(headers)
        if len(body) > _LARGEST or not fields.keys().isdisjoint(_OF_CONNECTION):
            return None
        if self.scope["method"] == "HEAD" or status in _WITHOUT_BODY:
            body = b""
        elif fields.get(b"content-length") != b"%d" % len(body):
            return None
        head = self.head(status, headers)
        lines = 1 + len(self.default_headers) + len(headers) + (not self.keep_alive)
        if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
            return None  # uvicorn says what is wrong
        return b"%b\r\n%b" % (head, body)

    def head(self, status: int, headers: RawHeaders) -> bytes:
        """The lines of a head without the empty one at its end."""
        parts = [STATUS_LINE[status]]
        for name, value in self.default_headers:
            parts += (name, b": ", value, b"\r\n")
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
        if not self.keep_alive:
            parts.append(b"connection: close\r\n")
        return b"".join(parts)

    def write(self, piece: bytes) -> None:
        """Sends a whole response."""
        self.response_started = True
        self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(piece)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
