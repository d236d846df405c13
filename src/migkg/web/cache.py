"""Answers kept for repeats, in front of everything else.

A response is kept if it is complete, says ``public`` and has a strong validator; the release never
changes while an application runs, so what is kept stays true. The key is what the answer depends
on: the path as it was sent, the query string, and ``Accept``.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Key = tuple[str, bytes, bytes, bytes]
Headers = list[tuple[bytes, bytes]]

_LARGEST = 0.05  # of the whole, so that one answer does not push out all others
_OVERHEAD = 3000  # headers, key and objects, roughly
KEPT_ON_304 = frozenset((b"etag", b"cache-control", b"vary", b"link", b"content-location", b"date"))


@dataclass(frozen=True)
class Entry:
    """One kept response, its status 200 and the names of its headers in small letters."""

    headers: Headers
    body: bytes
    etag: bytes

    @property
    def size(self) -> int:
        """Bytes that it counts for."""
        return len(self.body) + _OVERHEAD


class ResponseCache:
    """ASGI middleware that answers repeats from memory, bounded in bytes."""

    def __init__(self, app: ASGIApp, size: int) -> None:
        self._app = app
        self._limit = size
        self._size = 0
        self._entries: OrderedDict[Key, Entry] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers from the cache, or asks the application and keeps its answer."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        accept, none_match, plain = _read_headers(scope)
        if not plain:
            await self._app(scope, receive, send)
            return
        key = (scope["method"], scope["raw_path"], scope["query_string"], accept)
        entry = self._entries.get(key)
        if entry is None:
            recorder = _Recorder(send, int(self._limit * _LARGEST))
            await self._app(scope, receive, recorder.send)
            if kept := recorder.entry():
                self._keep(key, kept)
            return
        self._entries.move_to_end(key)
        await _send_entry(entry, none_match, send)

    def _keep(self, key: Key, entry: Entry) -> None:
        old = self._entries.pop(key, None)
        self._size += entry.size - (old.size if old else 0)
        self._entries[key] = entry
        while self._size > self._limit:
            _, dropped = self._entries.popitem(last=False)
            self._size -= dropped.size


async def _send_entry(entry: Entry, none_match: bytes, send: Send) -> None:
    status, headers, body = 200, entry.headers, entry.body
    if none_match and matches(none_match, entry.etag):
        status, body = 304, b""
        headers = [(name, value) for name, value in headers if name in KEPT_ON_304]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def matches(none_match: bytes, etag: bytes) -> bool:
    """If-None-Match compares weakly (RFC 9110, section 13.1.2)."""
    given = [part.strip().removeprefix(b"W/") for part in none_match.split(b",")]
    return etag in given or b"*" in given


def _read_headers(scope: Scope) -> tuple[bytes, bytes, bool]:
    """``Accept``, ``If-None-Match``, and whether the answer depends on nothing else."""
    accept: list[bytes] = []
    none_match: list[bytes] = []
    plain = True
    for name, value in scope["headers"]:
        if name == b"accept":
            accept.append(value)
        elif name == b"if-none-match":
            none_match.append(value)
        elif name in (b"range", b"accept-profile"):
            plain = False
    return b",".join(accept), b",".join(none_match), plain


class _Recorder:
    """Passes a response on and keeps a copy while it may be cached."""

    def __init__(self, send: Send, largest: int) -> None:
        self._send = send
        self._largest = largest
        self._headers: Headers = []
        self._etag = b""
        self._parts: list[bytes] | None = None
        self._size = 0
        self._complete = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start(message)
        elif self._parts is not None:
            self._add(message)
        await self._send(message)

    def entry(self) -> Entry | None:
        """What was sent, if it is all there and may be kept."""
        if self._parts is None or not self._complete:
            return None
        return Entry(self._headers, b"".join(self._parts), self._etag)

    def _start(self, message: Message) -> None:
        if message["status"] != 200:
            return
        public = False
        for name, value in message["headers"]:
            if name == b"etag":
                self._etag = value
            elif name == b"cache-control":
                public = b"public" in value
        if public and self._etag.startswith(b'"'):
            self._headers = list(message["headers"])
            self._parts = []

    def _add(self, message: Message) -> None:
        body = message.get("body", b"")
        self._size += len(body)
        if self._size > self._largest:
            self._parts = None
            return
        if self._parts is not None:
            self._parts.append(body)
        self._complete = not message.get("more_body", False)
