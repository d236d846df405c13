"""A proxy in front of an endpoint that goes wrong when it is told to, on loopback.

It passes on what it is asked over connections of its own, so that every reply but a faulty one has
a good frame. Each injected fault spoils one reply and is then gone. ``ASK {}``, with which a
service asks whether an endpoint is well, is never spoilt.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from migkg.engine.remote.address import Address
from migkg.engine.remote.connection import ExchangeFailed
from migkg.engine.remote.pool import Pool

_PROBE = b"ASK {}"
_LATE = 3.0  # seconds
_DRIP = 0.02  # seconds for a byte
_LINGER = struct.pack("ii", 1, 0)  # closing resets the connection

Reply = tuple[int, str, bytes]  # status, media type, body
Spoil = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Reply], Awaitable[None]]


class FaultyProxy:
    """One endpoint as it is seen through a bad network and a bad server."""

    def __init__(self, upstream: str) -> None:
        self.url = ""
        self.injected: Counter[str] = Counter()
        self.asked = 0
        self._address = Address.of(upstream)
        self._faults: deque[str] = deque()
        self._server: asyncio.Server | None = None
        self._pool: Pool | None = None
        self._open: set[asyncio.Task[None]] = set()

    def inject(self, *kinds: str) -> None:
        """Spoils as many of the next replies, in this order."""
        self._faults.extend(kinds)

    @property
    def waiting(self) -> int:
        """The number of faults that have not happened yet."""
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
        if body == _PROBE or not self._faults:
            self.asked += 1
            writer.write(framed(reply))
            await writer.drain()
            return True
        kind = self._faults.popleft()
        self.injected[kind] += 1
        await FAULTS[kind](reader, writer, reply)
        return False

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


def framed(reply: Reply, length: int | None = None) -> bytes:
    """The bytes of a reply; ``length`` is what it says of its own, if not the truth."""
    status, media_type, body = reply
    said = len(body) if length is None else length
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nContent-Length: {said}\r\n\r\n"
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
}
