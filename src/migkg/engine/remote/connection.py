"""One HTTP/1.1 connection to an endpoint: a request out, its whole reply in, then the next.

Source: RFC 9112. A reply counts only if its end was seen: the declared length, or the last chunk.
Where there is neither, the end is that of the connection, and the head says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import httptools

_LONGEST_HEAD = 64 * 1024  # bytes
_LONGEST_NUMBER = 16  # figures
_INFORMATIONAL = 200  # statuses below announce another head


class ExchangeFailed(Exception):
    """The reply did not come, or not to its end.

    ``begun`` is true if a part of it came. If not, and the connection had been used before, the
    other side may have closed it in the moment in which the request was sent.
    """

    def __init__(self, why: str, *, begun: bool) -> None:
        super().__init__(why)
        self.begun = begun


@dataclass
class Head:
    """Status and fields of a reply, names in small letters; fields behind the body come last.

    ``closes`` is true if nothing but the end of the connection ends the body.
    """

    status: int
    fields: dict[str, str] = field(default_factory=dict)
    closes: bool = False

    @property
    def media_type(self) -> str:
        """The media type without its parameters."""
        return self.fields.get("content-type", "").partition(";")[0].strip().lower()


# Takes the next part of a body, whose head it gets with it. What it raises ends the exchange.
Take = Callable[[Head, bytes], None]


class Connection(asyncio.Protocol):
    """One connection; it is good for another exchange as long as it is ``reusable``."""

    def __init__(self) -> None:
        self.reusable = True
        self.keep = 0.0  # seconds for which the other side says it keeps it; 0: it does not say
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._reply: asyncio.Future[Head] | None = None
        self._take: Take | None = None
        self._head: Head | None = None
        self._fields: dict[str, str] = {}
        self._began = False
        self._head_bytes = 0

    async def exchange(self, request: bytes, take: Take) -> Head:
        """Sends a request and returns when its reply is complete; ``take`` gets the body.

        Raises :class:`ExchangeFailed`, and what ``take`` raises. After any error, and when the
        caller is cancelled, the connection is closed, which tells the other side to stop.
        """
        if self._transport is None or not self.reusable:
            raise ExchangeFailed("the connection is closed", begun=False)
        self._reply, self._take = self._loop.create_future(), take
        self._head, self._fields, self._began, self._head_bytes = None, {}, False, 0
        self._transport.write(request)
        try:
            return await self._reply
        except BaseException:
            self.abort()
            raise
        finally:
            self._reply = self._take = None

    def abort(self) -> None:
        """Closes the connection at once."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Reads the next bytes; those that nobody asked for end the connection."""
        if self._reply is None or self._reply.done():
            self.abort()
            return
        self._began = True
        if self._head is None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            self._fail(error.__context__ or error)
        except httptools.HttpParserError as error:
            self._fail(ExchangeFailed(f"this is no HTTP reply: {error}", begun=True))
        if self._head is None and self._head_bytes > _LONGEST_HEAD:
            self._fail(ExchangeFailed("the head of the reply is too long", begun=True))

    def connection_lost(self, error: Exception | None) -> None:
        """The end of the connection; of the reply too, if nothing else can be."""
        self.reusable = False
        if self._head is not None and self._head.closes and error is None:
            self._finish()
        else:
            why = "the connection ended within the reply" if self._began else "no reply came"
            self._fail(ExchangeFailed(why, begun=self._began))

    def _fail(self, error: BaseException) -> None:
        self.reusable = False
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error)

    def _finish(self) -> None:
        if self._reply is not None and not self._reply.done() and self._head is not None:
            self._reply.set_result(self._head)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Nothing may follow a reply until the next request is sent."""
        if self._reply is not None and self._reply.done():
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field; of a name that comes twice, both values count."""
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._fields[key] = f"{self._fields[key]}, {text}" if key in self._fields else text

    def on_headers_complete(self) -> None:
        """The head is complete, unless it only announces another."""
        status = self._parser.get_status_code()
        if status < _INFORMATIONAL:
            self._fields = {}
            return
        framed = "content-length" in self._fields or "transfer-encoding" in self._fields
        self._head = Head(status, self._fields, closes=not framed)

    def on_body(self, data: bytes) -> None:
        """The next part of the body."""
        if self._take and self._head and self._reply and not self._reply.done():
            self._take(self._head, data)

    def on_message_complete(self) -> None:
        """The end of the reply, by its own account."""
        if self._head is None:  # an informational one
            return
        self.reusable = self.reusable and self._parser.should_keep_alive()
        self.keep = _seconds(self._fields.get("keep-alive", ""))
        self._finish()


def _seconds(text: str) -> float:
    """The ``timeout`` of a ``Keep-Alive`` field; 0 where there is none."""
    for part in text.split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "timeout":
            return float(whole_number(value.strip()) or 0)
    return 0.0


def whole_number(text: str) -> int | None:
    """The number that a field has as its value; None for what is none, or longer than any."""
    return int(text) if text.isdecimal() and len(text) < _LONGEST_NUMBER else None
