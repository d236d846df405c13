"""A remote endpoint's answer counts only if it is complete and what was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from migkg.engine.protocol import Query
from migkg.engine.remote import RemoteEngine
from migkg.engine.remote.address import Address
from migkg.engine.remote.pool import Pool
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
from tests.engine.fake_endpoint import Endpoint, endpoint, has_ipv6, listening

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
    request, answer = exchange(sends(response()), asked, engine_kind="fuseki")
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


def test_a_connection_that_was_closed_meanwhile_costs_nothing() -> None:
    """The endpoint closes each connection after its first answer, and does not say so."""
    connections = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response())
        await reader.readuntil(b"\r\n\r\n")  # the next request has come

    async def main() -> None:
        async with listening(handle) as port:
            settings = Settings(engine_url=f"http://127.0.0.1:{port}/", engine_kind="generic")
            async with started(RemoteEngine(settings)) as engine:
                for _ in range(3):
                    assert (await engine.answer(ASK)).read() == BODY

    asyncio.run(main())
    assert connections == 3


def test_connections_are_kept_for_the_next_query() -> None:
    async def main() -> None:
        async with endpoint() as found:
            settings = Settings(engine_url=found.url, engine_kind="generic")
            async with started(RemoteEngine(settings)) as engine:
                for _ in range(5):
                    await engine.answer(ASK)
            assert (len(found.requests), found.connections) == (5, 1)

    asyncio.run(main())


def test_a_connection_that_is_idle_for_long_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migkg.engine.remote.pool._IDLE", 0.01)

    async def main() -> None:
        gone = asyncio.Event()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(response())
            while await reader.read(1024):
                pass
            gone.set()

        async with listening(handle) as port, asyncio.timeout(5):
            settings = Settings(engine_url=f"http://127.0.0.1:{port}/", engine_kind="generic")
            async with started(RemoteEngine(settings)) as engine:
                await engine.answer(ASK)
                await gone.wait()

    asyncio.run(main())


def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    async def main() -> None:
        async with endpoint() as found:
            pool = Pool(Address.of(found.url), tls=None, connect_deadline=1.0)
            request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nASK {}"
            late = b"HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n"
            await pool.exchange(request, lambda *_: None)
            connection = pool._idle[0][0]
            connection.data_received(late)
            assert not connection.reusable
            assert (await pool.exchange(request, lambda *_: None)).status == 200
            pool.close()

    asyncio.run(main())


def test_a_query_that_is_given_up_closes_its_connection() -> None:
    async def main() -> None:
        gone = asyncio.Event()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.set()
            with contextlib.suppress(ConnectionError):
                while await reader.read(1024):
                    pass
            gone.set()

        asked = asyncio.Event()
        async with listening(handle) as port, asyncio.timeout(5):
            settings = Settings(engine_url=f"http://127.0.0.1:{port}/", engine_kind="generic")
            async with started(RemoteEngine(settings)) as engine:
                asking = asyncio.ensure_future(engine.answer(ASK))
                await asked.wait()
                asking.cancel()
                await gone.wait()

    asyncio.run(main())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and ::1 that nobody knows, and its key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("a certificate is made with openssl, which is not here")
    folder = tmp_path_factory.mktemp("tls")
    made = (folder / "certificate.pem", folder / "key.pem")
    command = [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=endpoint", "-keyout", str(made[1])]
    command += ["-addext", "subjectAltName=IP:127.0.0.1,IP:::1", "-out", str(made[0])]
    subprocess.run(command, check=True, capture_output=True)
    return made


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_certificate_must_be_known_and_for_this_host(
    certificate: tuple[Path, Path], known: bool, host: str
) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    at = host.replace("localhost", "127.0.0.1")

    async def main() -> bytes:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        found = Endpoint()
        async with found.on(tls=context, host=at):
            settings = Settings(
                engine_url=found.url.replace(at, host),
                engine_kind="generic",
                engine_ca_file=certificate[0] if known else None,
            )
            async with started(RemoteEngine(settings)) as engine:
                return (await engine.answer(ASK)).read()

    if known and host != "localhost":
        assert asyncio.run(main()) == BODY
    else:
        with pytest.raises(EngineUnavailable, match="did not answer"):
            asyncio.run(main())


def test_an_engine_that_is_not_started_does_not_answer() -> None:
    settings = Settings(engine_url="http://127.0.0.1/sparql")
    with pytest.raises(EngineUnavailable, match="not started"):
        asyncio.run(RemoteEngine(settings).answer(ASK))
