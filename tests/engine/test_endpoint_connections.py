"""Connections to an endpoint: where it is, when they end, and how much comes over them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit

import pytest

from migkg.engine.remote import RemoteEngine
from migkg.engine.remote.address import Address
from migkg.errors import AnswerTooLarge, BadSetting, EngineBusy, EngineUnavailable
from migkg.settings import Settings
from tests.engine.conftest import query, started
from tests.engine.fake_endpoint import (
    JSON,
    Endpoint,
    Handle,
    endpoint,
    framed,
    has_ipv6,
    listening,
    results,
)

ASK = query("ASK {}")
TRUE = b'{"head":{},"boolean":true}'
MIB = 1024 * 1024


def engine_at(url: str, **values: object) -> RemoteEngine:
    given = {"engine_kind": "generic", "page_processes": 64, **values}
    return RemoteEngine(Settings(engine_url=url, **given))


@asynccontextmanager
async def in_front_of(handle: Handle, **values: object) -> AsyncIterator[RemoteEngine]:
    """An engine in front of what handles its connections."""
    async with (
        listening(handle) as port,
        started(engine_at(f"http://127.0.0.1:{port}/", **values)) as engine,
    ):
        yield engine


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_an_endpoint_may_have_an_ipv6_address() -> None:
    async def main() -> None:
        found = Endpoint()
        async with found.on(host="::1"), started(engine_at(found.url)) as engine:
            assert (await engine.answer(ASK)).read() == TRUE
            host = urlsplit(found.url).netloc
            assert f"\r\nHost: {host}\r\n".encode() in found.requests[0]

    asyncio.run(main())


@pytest.mark.parametrize("url", ["http://[::1/sparql", "http://::1]/", "http://[x]/", "http://[]/"])
def test_what_is_no_ipv6_address_is_said(url: str) -> None:
    with pytest.raises(BadSetting, match="MIGKG_ENGINE_URL"):
        Address.of(url)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 X\r\n\r\n"], ids=["nothing", "plain HTTP"])
def test_an_endpoint_that_makes_no_tls_connection_is_an_error(answer: bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await reader.read()

    async def main() -> None:
        async with listening(handle) as port:
            url = f"https://127.0.0.1:{port}/"
            async with started(engine_at(url, engine_connect_deadline=0.2)) as engine:
                with pytest.raises(EngineUnavailable, match="did not answer"):
                    await engine.answer(ASK)

    asyncio.run(main())


def test_no_query_is_lost_where_kept_connections_end_as_it_is_sent() -> None:
    """Each connection answers one query, and is closed or reset when the next one comes."""
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        resets = connections % 2
        await reader.readuntil(b"ASK+%7B%7D")
        writer.write(framed((200, JSON, TRUE)))
        await reader.read(1)  # what is left unread makes it a reset
        if not resets:
            await reader.readuntil(b"ASK+%7B%7D")

    async def main() -> None:
        async with in_front_of(handle) as engine:
            for _ in range(25):
                answers = await asyncio.gather(*(engine.answer(ASK) for _ in range(16)))
                assert [answer.read() for answer in answers] == [TRUE] * 16
            assert engine.endpoints()[0].failed == 0

    asyncio.run(main())
    assert connections == 400


def test_queries_that_are_given_up_leave_no_connection() -> None:
    ended: list[float] = []
    begun = 0

    async def handle(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        nonlocal begun
        await reader.readuntil(b"ASK+%7B%7D")
        begun += 1
        with suppress(ConnectionError):
            await reader.read()
        ended.append(asyncio.get_running_loop().time())

    async def main() -> None:
        async with in_front_of(handle) as engine, asyncio.timeout(10):
            asking = [asyncio.ensure_future(engine.answer(ASK)) for _ in range(40)]
            while begun < len(asking):
                await asyncio.sleep(0)
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            while len(ended) < len(asking):
                await asyncio.sleep(0)

    asyncio.run(main())


def test_an_answer_without_an_end_ends_at_the_limit() -> None:
    gone = False

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal gone
        await reader.readuntil(b"ASK+%7B%7D")
        head = f"HTTP/1.1 200 X\r\nContent-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        try:
            while True:
                writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            gone = True

    async def main() -> None:
        async with in_front_of(handle, answer_bytes=4 * MIB) as engine, asyncio.timeout(10):
            with pytest.raises(AnswerTooLarge):
                await engine.answer(ASK)
            while not gone:
                await asyncio.sleep(0)

    asyncio.run(main())


def test_a_large_answer_comes_whole_and_lies_in_a_file() -> None:
    body = results(*(f"{number:0>1000}" for number in range(8000)))

    async def main() -> None:
        async with (
            endpoint(lambda _: (200, JSON, body)) as found,
            started(engine_at(found.url)) as engine,
        ):
            answer = await engine.answer(query("SELECT ?x { ?x ?y ?z }"))
            assert not answer.in_memory
            assert answer.read() == body
            assert engine._spool._free == engine._settings.spool_bytes

    asyncio.run(main())


def http_date(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("given", "least", "most"),
    [
        ("7", 7, 7),
        ("0", 1, 1),
        ("100000", 60, 60),
        (40, 1, 40),
        (1_000_000, 60, 60),
        (-1_000_000, 1, 1),
        ("", 2, 2),
        ("\xb2", 2, 2),
        ("9" * 5000, 2, 2),
        ("Wed, 21 Oct 2026 07:28:00", 2, 2),
        ("Wed, 21 Oct 2026 07:28:00 +99999999999999999999", 2, 2),
    ],
    ids=lambda value: str(value)[:30],
)
def test_when_to_try_again_is_passed_on_within_reason(
    given: str | int, least: int, most: int
) -> None:
    async def main() -> None:
        value = http_date(given) if isinstance(given, int) else given

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"ASK+%7B%7D")
            fields = f"Content-Length: 0\r\nKeep-Alive: timeout={value}\r\nRetry-After: {value}"
            writer.write(f"HTTP/1.1 503 X\r\n{fields}\r\n\r\n".encode("latin-1"))
            await reader.read()

        async with in_front_of(handle) as engine:
            with pytest.raises(EngineBusy) as caught:
                await engine.answer(ASK)
            assert least <= caught.value.retry_after <= most

    asyncio.run(main())


@pytest.mark.parametrize("rows", ["\xb2", "9" * 5000])
def test_a_limit_of_rows_that_is_no_number_is_an_answer_in_part(rows: str) -> None:
    async def main() -> None:
        async with (
            endpoint(extra=f"X-SPARQL-MaxRows: {rows}\r\n") as found,
            started(engine_at(found.url)) as engine,
        ):
            with pytest.raises(EngineUnavailable, match="in full"):
                await engine.answer(ASK)

    asyncio.run(main())
