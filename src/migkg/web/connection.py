"""The HTTP connection with deadlines, which uvicorn does not have of its own.

A request has so long to arrive, from its first byte (or from the opening of the connection) to its
last; a client has so long to take what was sent; the head of a request has a largest size. Who
exceeds one of them loses the connection, with 408 or 431 where an answer has not begun.
Sources: RFC 9110 section 15.5.9, RFC 6585 section 5.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from migkg.settings import Settings
from migkg.web.problems import MEDIA_TYPE

_HEAD = 64 * 1024
_ENCODED = 3  # bytes of a query string for a byte of the query, at most


def connection_class(settings: Settings) -> type[asyncio.Protocol]:
    """The protocol class of a service with these settings."""

    class Connection(_Connection):
        request_deadline = settings.request_deadline
        stall_deadline = settings.stall_deadline
        longest_head = _HEAD + _ENCODED * settings.query_text

    return Connection


class _Connection(HttpToolsProtocol):
    request_deadline: float
    stall_deadline: float
    longest_head: int

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **named)
        self._arriving: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._arriving)
        _cancel(self._stalled)
        self._arriving = self._stalled = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._arriving is None:
            self._expect_request()
        if self._in_head:
            self._head += len(data)
            if self._head > self.longest_head:
                self._refuse(
                    431,
                    "head-too-large",
                    f"The head of a request has at most {self.longest_head} bytes.",
                )
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        _cancel(self._arriving)
        self._arriving = None
        self._in_head = True
        self._head = 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        _cancel(self._stalled)
        self._stalled = self.loop.call_later(self.stall_deadline, self._abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._stalled)
        self._stalled = None

    def _expect_request(self) -> None:
        self._arriving = self.loop.call_later(self.request_deadline, self._too_late)

    def _too_late(self) -> None:
        detail = f"The request did not arrive within {self.request_deadline:g} seconds."
        self._refuse(408, "request-timeout", detail)

    def _abort(self) -> None:
        self.transport.abort()

    def _refuse(self, status: int, name: str, detail: str) -> None:
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        under_way = cycle is not None and not cycle.response_complete
        if not under_way:
            self.transport.write(_problem(status, name, detail))
        self.transport.close()
        if under_way:  # what was sent of a body does not count; nobody waits for it longer
            self.cycle.disconnected = True
            self.cycle.message_event.set()


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def _problem(status: int, name: str, detail: str) -> bytes:
    phrase = HTTPStatus(status).phrase
    document = {"type": f"/docs#{name}", "title": phrase, "status": status, "detail": detail}
    body = json.dumps(document).encode()
    head = (
        f"HTTP/1.1 {status} {phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
        f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
