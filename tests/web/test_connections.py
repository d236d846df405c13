"""A client that is slow, silent or greedy loses its connection, and nobody else notices."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace

import pytest
import uvicorn
from uvicorn.server import ServerState

from migkg.settings import Settings
from migkg.web.connection import connection_class
from tests.processes import eventually
from tests.web.client import Reply
from tests.web.edge import (
    CLOSING,
    LIVE,
    PATIENCE,
    Edge,
    ask_for,
    connect,
    converse,
    edge,
    get,
    is_alive,
    post,
    read_all,
    read_one,
    replies,
)

MIB = 1024 * 1024
LARGE = (
    f'SELECT * {{ BIND("{"x" * 200}" AS ?text) '
    + " ".join(f"VALUES ?v{n} {{ 0 1 2 3 4 5 6 7 8 9 }}" for n in range(4))
    + " %s }"
)
IN_MEMORY = LARGE % ""  # about 5 MiB
SPOOLED = LARGE % "VALUES ?w { 0 1 2 3 4 }"  # about 26 MiB
HALF_POST = post("ASK {}")[:-3]
CHUNKED = (
    b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """One query process, short deadlines."""
    with edge(
        tmp_path_factory.mktemp("connections"),
        REQUEST_DEADLINE="1",
        STALL_DEADLINE="1",
        QUERY_PROCESSES="1",
        QUERY_DEADLINE="600",
        QUERY_WAIT="60",
        ANSWER_MEMORY=str(16 * MIB),
    ) as running:
        yield running


def is_too_late(reply: Reply) -> bool:
    assert reply.headers["Connection"] == "close"
    assert reply.headers["Date"]
    return bool(reply.problem(408, "request-timeout")["detail"])


# Requests that do not arrive


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n\r\n",
        b"GET /liv",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-",
        HALF_POST,
        CHUNKED + b"3\r\nASK\r\n",
        CHUNKED + b"3\r\nAS",
    ],
)
def test_a_request_that_does_not_arrive_is_408(service: Edge, sent: bytes) -> None:
    (reply,) = converse(service, sent)
    assert is_too_late(reply)


@pytest.mark.parametrize("second", [b"GET /liv", HALF_POST, CHUNKED + b"3\r\nASK\r\n"])
def test_nor_does_one_that_begins_in_the_packet_of_another(service: Edge, second: bytes) -> None:
    first, reply = converse(service, LIVE + second)
    assert first.status == 200
    assert is_too_late(reply)


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"GET /", b"a"),
        (b"GET /livez HTTP/1.1\r\nX: ", b"a"),
        (LIVE, b"\r\n"),
        (CHUNKED, b"1\r\na\r\n"),
        (post("ASK {}").replace(b"Length: 6", b"Length: 60000"), b" "),
    ],
    ids=["line", "head", "between", "chunks", "body"],
)
def test_a_request_that_comes_in_drops_is_408_and_others_are_served(
    service: Edge, head: bytes, drop: bytes
) -> None:
    sock = connect(service)
    sock.sendall(head)
    for byte in cycle(drop):
        sock.sendall(bytes([byte]))
        readable, _, _ = select.select([sock], [], [], 0.05)
        if readable and b"408" in (came := sock.recv(65536)):
            break
        (other,) = converse(service, CLOSING)
        assert other.status == 200
    assert is_too_late(replies(came + read_all(sock))[-1])


def test_silence_after_an_answer_is_closed_without_a_word(service: Edge) -> None:
    assert [reply.status for reply in converse(service, LIVE)] == [200]


def test_a_body_that_nobody_waits_for_is_closed_without_a_word(service: Edge) -> None:
    refused = HALF_POST.replace(b"application/sparql-query", b"text/plain")
    (reply,) = converse(service, refused)
    reply.problem(415, "unsupported-media-type")


def test_silence_after_a_body_that_was_not_needed_is_closed_too(service: Edge) -> None:
    sock = connect(service)
    whole = post("ASK {}").replace(b"application/sparql-query", b"text/plain")
    sock.sendall(whole[:-3])
    read_one(sock).problem(415, "unsupported-media-type")
    sock.sendall(whole[-3:])
    assert read_all(sock) == b""


def test_pipelined_requests_are_answered_in_their_order(service: Edge) -> None:
    queries = [post(f"SELECT (1 + {number} AS ?n) {{}}") for number in range(20)]
    found = converse(service, LIVE + b"".join(queries) + CLOSING)
    values = [reply.json()["results"]["bindings"][0]["n"]["value"] for reply in found[1:-1]]
    assert values == [str(1 + number) for number in range(20)]
    assert found[-1].json() == {"status": "live"}


@pytest.mark.parametrize("second", [b"GET /liv", HALF_POST, b"NONSENSE\r\n\r\n"])
def test_what_follows_a_request_never_cuts_its_answer(service: Edge, second: bytes) -> None:
    sock = connect(service)
    sock.sendall(ask_for(SPOOLED) + second)
    readable, _, _ = select.select([sock], [], [], PATIENCE)
    assert readable
    found = replies(read_slowly(sock, MIB, 0.05))
    assert found[0].status == 200
    assert len(found[0].json()["results"]["bindings"]) == 50_000


def read_slowly(sock: socket.socket, size: int, pause: float) -> bytes:
    data = bytearray()
    with sock:
        while part := sock.recv(size):
            data += part
            time.sleep(pause)
    return bytes(data)


# Clients that do not take what is sent


def spool_files(service: Edge) -> list[str]:
    return [name for name in service.descriptors() if name.endswith("(deleted)")]


def test_a_client_that_takes_nothing_holds_no_process_and_is_cut(service: Edge) -> None:
    before = spool_files(service)
    sock = connect(service, receive=4096)
    sock.sendall(ask_for(SPOOLED))
    eventually(lambda: len(spool_files(service)) > len(before), PATIENCE)
    assert is_alive(service)  # with the one query process
    eventually(lambda: len(spool_files(service)) == len(before), PATIENCE)
    assert_cut(sock)


@pytest.mark.parametrize("query", [IN_MEMORY, SPOOLED], ids=["memory", "spooled"])
def test_a_client_that_takes_a_byte_at_a_time_is_cut(service: Edge, query: str) -> None:
    before = spool_files(service)
    sock = connect(service, receive=4096)
    sock.sendall(ask_for(query))
    eventually(lambda: bool(sock.recv(1)) and not is_open(sock), PATIENCE)
    assert_cut(sock)
    eventually(lambda: len(spool_files(service)) == len(before), PATIENCE)


def is_open(sock: socket.socket) -> bool:
    try:
        return bool(sock.getpeername())
    except OSError:  # it was reset
        return False


def assert_cut(sock: socket.socket) -> None:
    with pytest.raises(ConnectionResetError):
        read_all(sock)


def test_a_client_that_is_slow_but_steady_gets_everything(service: Edge) -> None:
    sock = connect(service, receive=64 * 1024)
    sock.sendall(get(ask_for(IN_MEMORY).split(b" ")[1].decode(), "Connection: close"))
    (reply,) = replies(read_slowly(sock, 32 * 1024, 0.03))  # longer than the deadline in all
    assert len(reply.json()["results"]["bindings"]) == 10_000


class Transport:
    """A transport of which somebody takes so much between two looks."""

    def __init__(self, untaken: int, taken: int) -> None:
        self.untaken = untaken
        self.aborted = False
        self.closed = False
        self._taken = taken

    def get_extra_info(self, name: str) -> None:
        return None

    def get_write_buffer_size(self) -> int:
        return self.untaken

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def look_again(self) -> None:
        self.untaken = max(0, self.untaken - self._taken)


class Loop:
    """A loop whose timers come when they are told to."""

    def __init__(self) -> None:
        self.timers: list[tuple[Callable[..., None], SimpleNamespace]] = []

    def call_later(self, _: float, call: Callable[..., None]) -> SimpleNamespace:
        timer = SimpleNamespace(cancelled=False)
        timer.cancel = lambda: setattr(timer, "cancelled", True)
        self.timers.append((call, timer))
        return timer

    def run(self, transport: Transport) -> None:
        due, self.timers = self.timers, []
        transport.look_again()
        for call, timer in due:
            if not timer.cancelled:
                call()


@pytest.mark.parametrize(
    ("untaken", "taken", "aborted"),
    [(1, 0, True), (60_000, 100, True), (60_000, 20_000, False), (60_000, 60_000, False)],
)
def test_what_is_left_when_a_connection_closes_is_not_waited_for_in_vain(
    untaken: int, taken: int, aborted: bool
) -> None:
    # Below the size at which a transport says that it is full.
    connection = connection_class(Settings(stall_deadline=10))(
        config=uvicorn.Config(Transport, log_config=None),
        server_state=ServerState(),
        app_state={},
        _loop=Loop(),
    )
    transport = Transport(untaken, taken)
    connection.connection_made(transport)
    connection.timeout_keep_alive_handler()
    for _ in range(10):
        connection.loop.run(transport)
    assert (transport.closed, transport.aborted) == (True, aborted)


# Many at once


def test_hundreds_of_bad_clients_leave_nothing_behind(service: Edge) -> None:
    before = len(service.descriptors())
    kinds = [b"", b"GET /liv", HALF_POST, CHUNKED, LIVE + HALF_POST, LIVE]
    with ExitStack() as stack:
        socks = [stack.enter_context(connect(service)) for _ in range(300)]
        for sock, sent in zip(socks, cycle(kinds), strict=False):
            sock.sendall(sent)
        eventually(lambda: len(service.descriptors()) >= before + 200, PATIENCE)
        assert is_alive(service)
        for sock in socks:
            read_all(sock)
    eventually(lambda: len(service.descriptors()) <= before, PATIENCE)


def test_dozens_of_greedy_clients_leave_nothing_behind(service: Edge) -> None:
    before = len(service.descriptors())
    with ExitStack() as stack:
        for _ in range(30):
            sock = stack.enter_context(connect(service, receive=4096))
            sock.sendall(ask_for(IN_MEMORY))
        eventually(lambda: len(service.descriptors()) >= before + 30, PATIENCE)
        assert is_alive(service)
        eventually(lambda: len(service.descriptors()) <= before, PATIENCE)


def test_nothing_of_this_is_an_error_of_the_service(service: Edge) -> None:
    converse(service, HALF_POST)
    converse(service, LIVE + b"NONSENSE\r\n\r\n")
    assert service.complaints() == []


# The number of connections


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with edge(tmp_path_factory.mktemp("small"), CONNECTIONS="8") as running:
        yield running


def test_one_connection_too_many_is_503_until_another_ends(small: Edge) -> None:
    with ExitStack() as stack:
        first, *_ = [stack.enter_context(connect(small)) for _ in range(8)]
        first.sendall(LIVE)
        assert read_one(first).status == 200
        (reply,) = converse(small, CLOSING)
        reply.problem(503, "busy")
        assert (reply.headers["Connection"], reply.headers["Retry-After"]) == ("close", "2")
        first.close()
        eventually(lambda: converse(small, CLOSING)[0].status == 200, PATIENCE)


def test_a_service_has_as_many_connections_as_it_may_have_files(tmp_path: Path) -> None:
    few = ["sh", "-c", 'ulimit -Sn 64; exec "$@"', "sh"]
    with edge(tmp_path, launcher=few) as service, ExitStack() as stack:
        socks = [stack.enter_context(connect(service)) for _ in range(200)]
        for sock in socks:
            sock.sendall(LIVE)
        assert {read_one(sock).status for sock in socks} == {200}


def test_far_too_many_connections_are_dropped_and_the_service_recovers(small: Edge) -> None:
    before = len(small.descriptors())
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(connect(small))
        eventually(lambda: before + 8 <= len(small.descriptors()) <= before + 17, PATIENCE)
    eventually(lambda: converse(small, CLOSING)[0].status == 200, PATIENCE)
    assert small.complaints() == []
