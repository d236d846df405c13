"""A remote endpoint's answer counts only if it is complete and what was asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from migkg.engine.protocol import Query
from migkg.engine.remote import RemoteEngine
from migkg.errors import (
    AnswerTooLarge,
    BadQuery,
    EngineBusy,
    EngineUnavailable,
    MigkgError,
    QueryTimeout,
)
from migkg.settings import Settings
from tests.conftest import free_port
from tests.engine.conftest import query, started

BODY = b'{"head":{},"boolean":true}'
RESULTS = "application/sparql-results+json"
ASK = query("ASK {}")
Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


def response(
    status: str = "200 OK", body: bytes = BODY, media_type: str = RESULTS, length: int | None = None
) -> bytes:
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {size}\r\n\r\n"
    return head.encode() + body


def sends(data: bytes) -> Reply:
    """An endpoint that sends this and closes the connection."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return reply


async def drips(writer: asyncio.StreamWriter) -> None:
    """One byte at a time, for ever: no time-out per read notices it."""
    writer.write(response(body=b"", length=10**9))
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def says_nothing(writer: asyncio.StreamWriter) -> None:
    while not writer.transport.is_closing():
        await asyncio.sleep(0.01)


def exchange(reply: Reply, asked: Query = ASK, **values: object) -> tuple[bytes, bytes]:
    """(the request as the endpoint got it, the answer as the engine gave it)."""
    received: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            received.append(head + await reader.readexactly(length))
            await reply(writer)

    async def main() -> bytes:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        given = {"engine_url": f"http://127.0.0.1:{port}/sparql", "engine_kind": "generic"}
        settings = Settings(**{**given, **values})
        async with server, started(RemoteEngine(settings)) as engine:
            return (await engine.answer(asked)).read()

    answer = asyncio.run(main())
    return received[0], answer


def test_the_request_is_the_query_and_its_dataset() -> None:
    asked = query("ASK { 'é' ?p ?o }", default_graphs=("http://e/a",), named_graphs=("http://e/b",))
    request, answer = exchange(sends(response()), asked)
    head, _, body = request.partition(b"\r\n\r\n")
    assert answer == BODY
    assert body.decode() == asked.text
    assert b"POST /sparql?default-graph-uri=http://e/a&named-graph-uri=http://e/b HTTP" in head
    assert b"Content-Type: application/sparql-query" in head
    assert f"Accept: {RESULTS}".encode() in head


@pytest.mark.parametrize("media_type", [RESULTS, f"{RESULTS}; charset=utf-8", "application/json"])
def test_the_media_types_of_the_format_are_accepted(media_type: str) -> None:
    assert exchange(sends(response(media_type=media_type)))[1] == BODY


CHUNKED = (
    f"HTTP/1.1 200 OK\r\nContent-Type: {RESULTS}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
)


@pytest.mark.parametrize(
    ("data", "error", "why"),
    [
        (response(media_type="text/html"), EngineUnavailable, "another format"),
        (response(media_type="text/csv"), EngineUnavailable, "another format"),
        (response("500 No", b"broken"), EngineUnavailable, "status 500.$"),
        (response("404 No", b""), EngineUnavailable, "status 404"),
        (response("302 Found\r\nLocation: /x"), EngineUnavailable, "status 302"),
        (response("206 Partial Content"), EngineUnavailable, "status 206"),
        (response("400 Bad", b"line 1: no", "text/plain"), BadQuery, "line 1: no"),
        (response("400 Bad", b""), BadQuery, "refused"),
        (response("503 Busy"), EngineBusy, "busy"),
        (response("429 Busy"), EngineBusy, "busy"),
        (response(length=len(BODY) + 1), EngineUnavailable, "did not answer"),
        (CHUNKED + b"5\r\n{}", EngineUnavailable, "did not answer"),
        (CHUNKED + b"2\r\n{}\r\n", EngineUnavailable, "did not answer"),
        (b"garbage\r\n\r\n", EngineUnavailable, "did not answer"),
        (b"", EngineUnavailable, "did not answer"),
    ],
    ids=str,
)
def test_an_answer_that_is_not_whole_and_right_is_an_error(
    data: bytes, error: type[MigkgError], why: str
) -> None:
    with pytest.raises(error, match=why):
        exchange(sends(data))


@pytest.mark.parametrize("reply", [drips, says_nothing])
def test_the_whole_exchange_has_one_deadline(reply: Reply) -> None:
    with pytest.raises(QueryTimeout):
        exchange(reply, query_deadline=0.5)


def test_an_answer_over_the_limit_is_an_error() -> None:
    with pytest.raises(AnswerTooLarge):
        exchange(sends(response()), answer_bytes=10)


def test_an_endpoint_that_is_not_there_is_an_error() -> None:
    settings = Settings(engine_url=f"http://127.0.0.1:{free_port()}/")

    async def main() -> None:
        async with started(RemoteEngine(settings)) as engine:
            await engine.answer(ASK)

    with pytest.raises(EngineUnavailable, match="did not answer"):
        asyncio.run(main())


def test_an_engine_that_is_not_started_does_not_answer() -> None:
    settings = Settings(engine_url="http://127.0.0.1/sparql")
    with pytest.raises(EngineUnavailable, match="not started"):
        asyncio.run(RemoteEngine(settings).answer(ASK))
