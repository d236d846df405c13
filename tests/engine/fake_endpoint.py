"""An endpoint that answers what a test tells it to, in the loop of the test."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from benchmarks.faults import Reply, framed

JSON = "application/sparql-results+json"


def results(*values: str) -> bytes:
    """A result with one variable."""
    rows = [{"x": {"type": "literal", "value": value}} for value in values]
    return json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": rows}}).encode()


def echo(text: str) -> Reply:
    """``ASK`` is true; a SELECT has its own text as its one value, several times over."""
    if text == "ASK {}":
        return 200, JSON, b'{"head":{},"boolean":true}'
    return 200, JSON, results(*[text] * 40)


Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@asynccontextmanager
async def listening(
    handle: Handle, port: int = 0, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """Handles each connection while the block runs; yields the port."""
    handling: list[asyncio.Task[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handling.append(asyncio.current_task())
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    server = await asyncio.start_server(connected, host, port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in handling:
            task.cancel()
        await asyncio.gather(*handling, return_exceptions=True)


@dataclass
class Endpoint:
    """A running endpoint, and what it was asked."""

    url: str = ""
    answer: Callable[[str], Reply] = echo
    extra: str = ""  # header lines
    asked: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            body = await reader.readexactly(length)
            self.requests.append(head + body)
            text = body.decode()
            if b"form-urlencoded" in head:
                text = dict(parse_qsl(text))["query"]
            self.asked.append(text)
            reply = framed(self.answer(text))
            writer.write(reply.replace(b"\r\n", f"\r\n{self.extra}".encode(), 1))

    @asynccontextmanager
    async def on(
        self, port: int = 0, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> AsyncIterator[None]:
        """Answers on a port while the block runs."""
        in_url = f"[{host}]" if ":" in host else host
        async with listening(self.serve, port, tls, host) as used:
            self.url = f"{'https' if tls else 'http'}://{in_url}:{used}/sparql"
            yield


@asynccontextmanager
async def endpoint(
    answer: Callable[[str], Reply] = echo, extra: str = ""
) -> AsyncIterator[Endpoint]:
    found = Endpoint(answer=answer, extra=extra)
    async with found.on():
        yield found
