"""A proxy in front of an endpoint that goes wrong when it is told to, on loopback.

It passes on what it is asked over connections of its own, so that every reply but a faulty one has
a good frame. A fault is for one reply, and waits until a query meets it; or for all of them, until
the endpoint is healed. The queries with which a service asks whether an endpoint is well are
spoilt only where that is wanted, and counted apart.

Two things that no proxy, and nobody else between engine and client, can find out are no faults
here: a well-formed answer that lacks rows, and one of older data (:data:`OLD`) before the endpoint
was asked for its revision.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from migkg.engine.remote.address import Address
from migkg.engine.remote.connection import ExchangeFailed
from migkg.engine.remote.pool import Pool

_PROBES = (b"ASK {}", b"query=ASK+%7B%7D")
OLD = "old"
_LATE = 3.0  # seconds
_DRIP = 0.02  # seconds for a byte
_LINGER = struct.pack("ii", 1, 0)  # closing resets the connection

Reply = tuple[int, str, bytes]  # status, media type, body
Spoil = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Reply], Awaitable[None]]


@dataclass(frozen=True)
class Met:
    """A fault that was met: of which kind, by which request (its body), and when."""

    kind: str
    body: bytes
    probe: bool
    when: float


class FaultyProxy:
    """One endpoint as it is seen through a bad network and a bad server.

    ``probes`` are the bodies of the requests that ask whether it is well.
    """

    def __init__(self, upstream: str, probes: tuple[bytes, ...] = _PROBES) -> None:
        self.url = ""
        self.met: list[Met] = []
        self.answered = 0  # queries, rightly
        self.well = 0.0  # when it last answered one so
        self._address = Address.of(upstream)
        self._probes = probes
        self._faults: deque[str] = deque()
        self._always = ""
        self._probes_too = False
        self._server: asyncio.Server | None = None
        self._pool: Pool | None = None
        self._open: set[asyncio.Task[None]] = set()

    def inject(self, *kinds: str) -> None:
        """Spoils as many of the next replies to queries, in this order."""
        self._faults.extend(kinds)

    def break_down(self, kind: str, *, probes: bool) -> None:
        """Spoils all replies from now on, or all but those to ``probes``."""
        self._always, self._probes_too = kind, probes

    def heal(self) -> None:
        """Spoils nothing more."""
        self._always = ""
        self._faults.clear()

    @property
    def waiting(self) -> int:
        """The number of faults that no query has met yet."""
        return len(self._faults)

    async def __aenter__(self) -> Self:
        self._pool = Pool(self._address, tls=None, connect_deadline=5.0)
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}{self._address.target}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        if self._pool:
            self._pool.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        try:
            while await self._serve(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one request; False if no other is to follow on this connection."""
        request = await _request(reader)
        _, _, body = request.partition(b"\r\n\r\n")
        reply = await self._reply(request.replace(b"\r\nHost:", b"\r\nX-Asked-Host:", 1))
        probe = body in self._probes
        kind = self._next_fault(probe=probe)
        if kind:
            self.met.append(Met(kind, body, probe, time.monotonic()))
            await SPOILS[kind](reader, writer, reply)
            return False
        writer.write(framed(reply))
        await writer.drain()
        if not probe:
            self.answered += 1
            self.well = time.monotonic()
        return True

    def _next_fault(self, *, probe: bool) -> str:
        """The kind of the fault that the next reply has; empty if it has none."""
        if self._always:
            return self._always if self._probes_too or not probe else ""
        return self._faults.popleft() if self._faults and not probe else ""

    async def _reply(self, request: bytes) -> Reply:
        """What the endpoint answers."""
        if self._pool is None:
            raise ConnectionError
        parts: list[bytes] = []
        host = f"\r\nHost: {self._address.authority}\r\n".encode()
        try:
            head = await self._pool.exchange(
                request.replace(b"\r\n", host, 1), lambda _, data: parts.append(data)
            )
        except ExchangeFailed:
            raise ConnectionError from None
        return head.status, head.fields.get("content-type", ""), b"".join(parts)


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    return head + await reader.readexactly(length)


def framed(reply: Reply, length: int | None = None, *, fields: str = "") -> bytes:
    """The bytes of a reply; ``length`` is what it says of its own, if not the truth."""
    said = len(reply[2]) if length is None else length
    return _headed(reply, f"Content-Length: {said}\r\n{fields}")


def _headed(reply: Reply, fields: str) -> bytes:
    status, media_type, body = reply
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\n{fields}\r\n"
    return head.encode() + body


def _half(reply: Reply) -> Reply:
    return reply[0], reply[1], reply[2][: len(reply[2]) // 2]


async def _until_gone(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):
        await reader.read()


async def _hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter, __: Reply) -> None:
    """Says nothing until the other side has gone."""
    await _until_gone(reader)


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """One byte at a time, without an end."""
    writer.write(framed(reply, 10**9)[: -len(reply[2]) or None])
    await _dribble(reader, writer)


async def _dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing() and not reader.at_eof():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(_DRIP)


async def _reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """Half of the reply, then the connection is reset."""
    writer.write(framed(_half(reply), len(reply[2])))
    await writer.drain()
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)


async def _half_close(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply
) -> None:
    """Half of the reply, then nothing more is sent, but still read."""
    writer.write(framed(_half(reply), len(reply[2])))
    writer.write_eof()
    await _until_gone(reader)


async def _truncate(_: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """Half of the reply, then the connection is closed."""
    writer.write(framed(_half(reply), len(reply[2])))
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def _cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """Half of the answer as if it were all, as a proxy does that hides how its own ended."""
    await _send(writer, framed(_half(reply)))


async def _sentence(_: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """Half of the answer and a sentence, with a good end, as an engine does that gave up."""
    status, media_type, body = _half(reply)
    await _send(writer, framed((status, media_type, body + b"The query was stopped.")))


async def _error(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: Reply) -> None:
    """Status 500."""
    await _send(writer, framed((500, "text/plain", b"something broke at 10.0.0.1")))


async def _rubbish(_: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """Status 200 and something else."""
    await _send(writer, framed((200, reply[1], b"<html>A proxy says hello.</html>")))


async def _late(_: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """The right answer, after some seconds."""
    await asyncio.sleep(_LATE)
    await _send(writer, framed(reply))


async def _refuse(_: asyncio.StreamReader, __: asyncio.StreamWriter, ___: Reply) -> None:
    """The connection ends without a byte."""


async def _slow_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: Reply) -> None:
    """A head that comes a byte at a time, without an end."""
    writer.write(b"HTTP/1.1 200 X\r\nX-Field: ")
    await _dribble(reader, writer)


async def _unframed(_: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """Half of the answer, which nothing but the end of the connection ends."""
    await _send(writer, _headed(_half(reply), ""))


async def _bad_chunk(_: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """All of the answer in a chunk, and a last chunk that is none."""
    await _send(writer, _chunked(reply) + b"end\r\n\r\n")


async def _no_last_chunk(
    _: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply
) -> None:
    """All of the answer in a chunk, and no last chunk."""
    await _send(writer, _chunked(reply))


def _chunked(reply: Reply) -> bytes:
    status, media_type, body = reply
    chunk = b"%x\r\n%b\r\n" % (len(body), body)
    return _headed((status, media_type, chunk), "Transfer-Encoding: chunked\r\n")


async def _length_long(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply
) -> None:
    """All of the answer, which is said to be longer; then nothing."""
    writer.write(framed(reply, len(reply[2]) + 10))
    await _until_gone(reader)


async def _length_short(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply
) -> None:
    """All of the answer, which is said to be shorter."""
    writer.write(framed(reply, len(reply[2]) - 10))
    await _until_gone(reader)


async def _twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """The right answer, and behind it that of another query, for whoever asks next."""
    other = reply[0], reply[1], _fewer(reply[2])
    writer.write(framed(reply) + framed(other))
    await _until_gone(reader)


async def _gzip(_: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """Half of the answer compressed, as if it were all."""
    status, media_type, body = reply
    half = _half((status, media_type, gzip.compress(body)))
    await _send(writer, framed(half, fields="Content-Encoding: gzip\r\n"))


async def _partial(_: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """A part of the rows, and a field that says so."""
    status, media_type, body = reply
    said = "X-SQL-State: S1TAT\r\n"
    await _send(writer, framed((status, media_type, _fewer(body)), fields=said))


async def _refused(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: Reply) -> None:
    """Status 400, as something says that stands in front of the engine."""
    await _send(writer, framed((400, "text/html", b"<html>Bad Request</html>")))


async def _busy(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: Reply) -> None:
    """Status 503, for a while."""
    await _send(writer, framed((503, "text/plain", b""), fields="Retry-After: 7\r\n"))


async def _page(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: Reply) -> None:
    """Status 200 and a page."""
    await _send(writer, framed((200, "text/html", b"<html>Under construction.</html>")))


async def _old(_: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
    """A well-formed answer of other data."""
    await _send(writer, framed((reply[0], reply[1], _fewer(reply[2]))))


def _fewer(body: bytes) -> bytes:
    """The same result without its last row; without rows, another result."""
    content = json.loads(body)
    if content.get("results", {}).get("bindings"):
        content["results"]["bindings"].pop()
    else:
        content = {"head": {"vars": ["x"]}, "results": {"bindings": []}}
    return json.dumps(content).encode()


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


FAULTS: dict[str, Spoil] = {
    "hang": _hang,
    "drip": _drip,
    "reset": _reset,
    "half-close": _half_close,
    "truncate": _truncate,
    "cut": _cut,
    "sentence": _sentence,
    "500": _error,
    "rubbish": _rubbish,
    "late": _late,
    "refuse": _refuse,
    "slow head": _slow_head,
    "unframed": _unframed,
    "bad chunk": _bad_chunk,
    "no last chunk": _no_last_chunk,
    "length too long": _length_long,
    "length too short": _length_short,
    "twice": _twice,
    "gzip": _gzip,
    "partial": _partial,
    "400": _refused,
    "503": _busy,
    "page": _page,
}
SPOILS = {**FAULTS, OLD: _old}
