"""Answers kept for repeats, in front of everything else.

A response is kept if it is complete, says ``public`` and has a strong validator; the release never
changes while an application runs, so what is kept stays true. The key is what the answer depends
on: the method, the path as it was sent, the query string, ``Accept``, and ``Accept-Language`` where
the answer says in ``Vary`` that it matters.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migkg.web import counts
from migkg.web.headers import RawHeaders
from migkg.web.languages import accepted
from migkg.web.validators import matches, none_match, not_modified

_LARGEST = 0.05  # of the whole, so that one answer does not push out all others
_OVERHEAD = 3000  # headers and objects, roughly
# What an answer could depend on, now or later, beside the key.
_OTHER = frozenset((b"accept-profile", b"authorization", b"cookie", b"range"))
_LANGUAGE = b"accept-language"
_LONGEST_LANGUAGE = 200  # bytes of it that are worth a place


Key = tuple[str, bytes, bytes, bytes]


@dataclass(frozen=True)
class Entry:
    """One kept response, its status 200 and the names of its headers in small letters."""

    headers: RawHeaders
    body: bytes
    etag: bytes


# Stands where answers are kept for each ``Accept-Language``.
_BY_LANGUAGE = Entry([], b"", b"")


class Kept:
    """Responses by what was asked, bounded in bytes; what was used last stays longest."""

    def __init__(self, limit: int) -> None:
        self.largest = int(limit * _LARGEST)
        self._limit = limit
        self._size = 0
        self._entries: OrderedDict[Hashable, tuple[Entry, int]] = OrderedDict()

    def get(self, key: Hashable) -> Entry | None:
        """The response that was kept, if it is there still."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, entry: Entry, *, key_size: int) -> None:
        """Keeps a response unless it is too large; ``key_size`` is what its key takes in bytes."""
        size = len(entry.body) + key_size
        if size > self.largest:
            return
        size += _OVERHEAD
        _, old = self._entries.pop(key, (None, 0))
        self._size += size - old
        self._entries[key] = (entry, size)
        while self._size > self._limit:
            _, (_, dropped) = self._entries.popitem(last=False)
            self._size -= dropped


class ResponseCache:
    """ASGI middleware that answers repeats from memory."""

    def __init__(self, app: ASGIApp, kept: Kept) -> None:
        self._app = app
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers from the cache, or asks the application and keeps its answer."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        accept = _accept(scope)
        if accept is None:
            await self._app(scope, receive, send)
            return
        key: Key = (scope["method"], scope["raw_path"], scope["query_string"], accept)
        entry = self._kept.get(key)
        if entry is _BY_LANGUAGE:
            entry = self._kept.get((*key, accepted(scope)))
        if entry is not None:
            counts.HITS.add()
        if entry is None:
            recorder = _Recorder(send, self._kept.largest)
            await self._app(scope, receive, recorder.send)
            if kept := recorder.entry():
                self._put(key, kept, accepted(scope) if recorder.by_language else None)
            return
        await _send_entry(entry, none_match(scope["headers"]), send)

    def _put(self, key: Key, entry: Entry, language: bytes | None) -> None:
        size = sum(map(len, key))
        if language is None:
            self._kept.put(key, entry, key_size=size)
        elif len(language) <= _LONGEST_LANGUAGE:
            self._kept.put(key, _BY_LANGUAGE, key_size=size)
            self._kept.put((*key, language), entry, key_size=size + len(language))


async def _send_entry(entry: Entry, given: bytes, send: Send) -> None:
    status, headers, body = 200, entry.headers, entry.body
    if matches(given, entry.etag):
        status, headers, body = 304, not_modified(headers), b""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _accept(scope: Scope) -> bytes | None:
    """``Accept``, or None if the answer could depend on another header."""
    accept: list[bytes] = []
    for name, value in scope["headers"]:
        if name == b"accept":
            accept.append(value)
        elif name in _OTHER:
            return None
    return b",".join(accept)


class _Recorder:
    """Passes a response on and keeps a copy while it may be cached."""

    def __init__(self, send: Send, largest: int) -> None:
        self._send = send
        self._largest = largest
        self._headers: RawHeaders = []
        self._etag = b""
        self._parts: list[bytes] | None = None
        self._size = 0
        self._complete = False
        self.by_language = False

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
            if name == b"vary":
                self.by_language = _LANGUAGE in value.lower()
            elif name == b"etag":
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
