"""How fast each of several HTTP clients asks an endpoint point lookups, in one run.

``python -m benchmarks.http_clients URL`` asks a running SPARQL endpoint the same kind of query
through our own client, aiohttp, h11 on streams and httpx: 16 at a time, in rounds, on uvloop, all
from one process. Every query is another one, by a limit that is never reached. The figures are the
median over the rounds of requests a second, and of microseconds of this process's processor time
for each.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from statistics import median
from urllib.parse import urlsplit

import aiohttp
import h11
import httpx
import uvloop

from benchmarks.report import table
from migkg.engine.remote.address import Address
from migkg.engine.remote.kinds import OXIGRAPH
from migkg.engine.remote.pool import Pool
from migkg.engine.remote.request import Requests
from migkg.model.formats import JSON

_AT_A_TIME = 16
_FIELDS = {"Content-Type": "application/sparql-query", "Accept": JSON.media_type}
_BLOCK = 65536

Ask = Callable[[str], Awaitable[int]]  # a query text; the bytes of the answer


@asynccontextmanager
async def _own(url: str) -> AsyncIterator[Ask]:
    address = Address.of(url)
    pool = Pool(address, tls=None, connect_deadline=1.0)
    requests = Requests(address, None)

    async def ask(text: str) -> int:
        parts: list[bytes] = []
        request = requests.query(text, [], JSON, OXIGRAPH)
        await pool.exchange(request, lambda _, data: parts.append(data))
        return len(b"".join(parts))

    try:
        yield ask
    finally:
        pool.close()


@asynccontextmanager
async def _aiohttp(url: str) -> AsyncIterator[Ask]:
    connector = aiohttp.TCPConnector(limit=_AT_A_TIME)
    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:

        async def ask(text: str) -> int:
            async with session.post(url, data=text.encode(), headers=_FIELDS) as response:
                return len(await response.read())

        yield ask


@asynccontextmanager
async def _httpx(url: str) -> AsyncIterator[Ask]:
    limits = httpx.Limits(max_connections=_AT_A_TIME)
    async with httpx.AsyncClient(trust_env=False, limits=limits) as client:

        async def ask(text: str) -> int:
            return len((await client.post(url, content=text.encode(), headers=_FIELDS)).content)

        yield ask


@asynccontextmanager
async def _h11(url: str) -> AsyncIterator[Ask]:
    parts = urlsplit(url)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, h11.Connection]] = []

    async def ask(text: str) -> int:
        if idle:
            reader, writer, connection = idle.pop()
        else:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            connection = h11.Connection(h11.CLIENT)
        body = text.encode()
        fields = [("Host", parts.netloc), ("Content-Length", str(len(body))), *_FIELDS.items()]
        sent = [
            h11.Request(method="POST", target=parts.path, headers=fields),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ]
        writer.write(b"".join(connection.send(event) or b"" for event in sent))
        size = await _received(reader, connection)
        connection.start_next_cycle()
        idle.append((reader, writer, connection))
        return size

    yield ask
    for _, writer, _ in idle:
        writer.close()


async def _received(reader: asyncio.StreamReader, connection: h11.Connection) -> int:
    size = 0
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_BLOCK))
        elif isinstance(event, h11.Data):
            size += len(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return size


_Client = Callable[[str], AbstractAsyncContextManager[Ask]]
# Each client, and the part of the requests that it gets: the slowest would take minutes.
CLIENTS: dict[str, tuple[_Client, int]] = {
    "own, on httptools": (_own, 1),
    "aiohttp": (_aiohttp, 1),
    "h11": (_h11, 1),
    "httpx": (_httpx, 10),
}


async def _drive(client: str, url: str, requests: int) -> tuple[float, float]:
    """(requests a second, microseconds of processor time for each)."""
    make, divisor = CLIENTS[client]
    count = requests // divisor
    numbers = iter(range(count))

    async def work(ask: Ask) -> None:
        for number in numbers:
            size = await ask(f"SELECT ?p ?o {{ <urn:x> ?p ?o }} LIMIT {1_000_000 + number}")
            if not size:
                raise RuntimeError(f"{client} got nothing")

    async with AsyncExitStack() as stack:
        ask = await stack.enter_async_context(make(url))
        begin, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work(ask) for _ in range(_AT_A_TIME)))
        seconds, used = time.perf_counter() - begin, time.process_time() - used
    return count / seconds, used / count * 1e6


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("url")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in CLIENTS}
    for _ in range(options.rounds):
        for name in CLIENTS:
            found[name].append(uvloop.run(_drive(name, options.url, options.requests)))
    rows = [
        [name, f"{median(r[0] for r in runs):,.0f}", f"{median(r[1] for r in runs):,.0f}"]
        for name, runs in found.items()
    ]
    head = ["client", "requests a second", "processor, µs"]
    sys.stdout.write("\n".join(table(head, rows)) + "\n")


if __name__ == "__main__":
    main()
