"""What is not HTTP, or an unusual part of it, gets a sane answer, and the service goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.client import Reply
from tests.web.edge import (
    CLOSING,
    LIVE,
    Edge,
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

QUERY = post("ASK {}", "Connection: close")
UPLOAD_LIMIT = 65_536
H2C = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("malformed")
    with edge(folder, UPLOAD_BYTES=str(UPLOAD_LIMIT), QUERY_TEXT="1000") as running:
        yield running


def refused(service: Edge, *parts: bytes) -> Reply:
    """The one answer to what is no request, after which the connection is closed."""
    (reply,) = converse(service, *parts)
    assert reply.headers["Connection"] == "close"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert is_alive(service)
    return reply


@pytest.mark.parametrize(
    "sent",
    [
        b"NONSENSE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /livez\r\n X\r\n\r\n",
        b"GET livez HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\nHost: x\n\n",
        b"GET /li\x00vez HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nA B: c\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\n: c\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n",
    ],
)
def test_what_is_not_http_is_400(service: Edge, sent: bytes) -> None:
    refused(service, sent).problem(400, "bad-request")


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 6\r\nContent-Length: 6",
        "Content-Length: 6\r\nContent-Length: 7",
        "Content-Length: 6, 6",
        "Content-Length: +6",
        "Content-Length: -6",
        "Content-Length: 0x6",
        "Content-Length: 99999999999999999999",
        "Content-Length: 6\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 6",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
    ],
)
def test_a_body_of_uncertain_length_is_400(service: Edge, framing: str) -> None:
    head = QUERY.replace(b"Content-Length: 6", framing.encode())
    refused(service, head).problem(400, "bad-request")


@pytest.mark.parametrize("chunk", [b"zz\r\nASK {}\r\n", b"-6\r\nASK {}\r\n", b"6\r\nASK {}X\r\n"])
def test_a_bad_chunk_is_400(service: Edge, chunk: bytes) -> None:
    head = QUERY.removesuffix(b"ASK {}").replace(
        b"Content-Length: 6", b"Transfer-Encoding: chunked"
    )
    refused(service, head + chunk + b"0\r\n\r\n").problem(400, "bad-request")


@pytest.mark.parametrize(
    "hosts",
    [[], ["Host: a", "Host: b"], ["Host: a/b"], ["Host: a b"], ["Host: a\\"], ["Host: \xe9"]],
)
def test_a_request_without_one_good_host_is_400(service: Edge, hosts: list[str]) -> None:
    sent = "\r\n".join(["GET /livez HTTP/1.1", *hosts, "", ""]).encode("latin-1")
    refused(service, sent).problem(400, "bad-request")


@pytest.mark.parametrize("host", ["x", "x:80", "[::1]:80", "a.b-c_d.example", "", "%C3%A9"])
def test_every_good_host_is_taken(service: Edge, host: str) -> None:
    (reply,) = converse(service, CLOSING.replace(b"Host: x", f"Host: {host}".encode()))
    assert reply.status == 200


def test_an_older_client_needs_no_host_and_is_not_kept_waiting(service: Edge) -> None:
    (reply,) = converse(service, b"GET /livez HTTP/1.0\r\n\r\n")
    assert (reply.status, reply.headers["Connection"]) == (200, "close")
    assert int(reply.headers["Content-Length"]) == len(reply.body)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [([f"X: {'x' * 40_000}"], 431), ([f"X-{n}: y" for n in range(4000)], 431)],
    ids=["long", "many"],
)
def test_a_head_that_is_too_large_is_431(service: Edge, fields: list[str], problem: int) -> None:
    refused(service, get("/livez", *fields)).problem(problem, "head-too-large")


def test_a_head_without_end_is_431(service: Edge) -> None:
    refused(service, get("/livez", f"X: {'x' * 200_000}")[:-4]).problem(431, "head-too-large")


@pytest.mark.parametrize(
    "end", [b" HTTP/1.1\r\nHost: x\r\n\r\n", b""], ids=["whole", "without end"]
)
def test_a_target_that_is_too_long_is_414(service: Edge, end: bytes) -> None:
    sent = b"GET /livez?" + b"x" * 200_000 + end
    refused(service, sent).problem(414, "target-too-long")


def test_the_largest_target_and_fields_are_taken(service: Edge) -> None:
    target = "/livez?" + "x" * (65_535 - len("/livez?"))
    (reply,) = converse(service, get(target, f"X: {'x' * 30_000}", "Connection: close"))
    assert reply.status == 200


def test_a_body_that_comes_with_its_head_does_not_count_as_head(service: Edge) -> None:
    body = b"#" * (UPLOAD_LIMIT - 1) + b"\n"
    fields = ["Content-Type: text/turtle", f"Content-Length: {len(body)}", "Connection: close"]
    head = get("/validate", f"X: {'x' * 30_000}", *fields).replace(b"GET", b"POST")
    (reply,) = converse(service, head + body)
    assert reply.status == 200, reply.text


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://elsewhere.example/livez", 200),
        ("HTTPS://elsewhere.example:1/livez?x", 200),
        ("http://elsewhere.example", 200),
        ("http://elsewhere.example?x", 200),
        ("http://elsewhere.example/none", 404),
        ("//livez", 404),
        ("/http://x/livez", 404),
    ],
)
def test_an_absolute_target_is_read_as_its_path(service: Edge, target: str, status: int) -> None:
    (reply,) = converse(service, get(target, "Connection: close"))
    assert reply.status == status
    assert "elsewhere" not in f"{reply.headers}{reply.text}"


def test_options_of_the_server_as_a_whole_are_answered(service: Edge) -> None:
    asked, got = (
        converse(service, CLOSING.replace(b"GET /livez", line))[0]
        for line in (b"OPTIONS *", b"GET *")
    )
    assert (asked.status, asked.headers["Allow"]) == (204, "OPTIONS")
    got.problem(405, "method-not-allowed")


def test_trace_does_not_repeat_what_was_sent(service: Edge) -> None:
    (reply,) = converse(service, CLOSING.replace(b"GET", b"TRACE").replace(b": x", b": secret", 1))
    reply.problem(405, "method-not-allowed")
    assert "secret" not in reply.text


@pytest.mark.parametrize("method", [b"FROBNICATE", b"GETX", b"get", b"X-!#~"])
def test_a_method_that_is_unknown_is_501(service: Edge, method: bytes) -> None:
    refused(service, CLOSING.replace(b"GET", method)).problem(501, "method-unknown")


@pytest.mark.parametrize("path", ["/static/%00", "/page/%00", "/dumps/%00", "/%00", "/%ff", "/%"])
def test_bytes_that_no_name_has_are_found_nowhere(service: Edge, path: str) -> None:
    (reply,) = converse(service, get(path, "Connection: close"))
    reply.problem(404, "not-found")


# What comes after a question, or instead of HTTP/1.1


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(service: Edge) -> None:
    head, body = QUERY[:-6].replace(b"Host", b"Expect: 100-continue\r\nHost"), QUERY[-6:]
    sock = connect(service)
    sock.sendall(head)
    assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    sock.sendall(body)
    (reply,) = replies(read_all(sock))
    assert reply.json()["boolean"] is True


def test_a_client_that_asks_to_send_too_much_is_told_not_to(service: Edge) -> None:
    head = QUERY[:-6].replace(b"Content-Length: 6", b"Expect: 100-continue\r\nContent-Length: 1001")
    sock = connect(service)
    sock.sendall(head)
    read_one(sock).problem(413, "too-large")
    assert read_all(sock) == b""


@pytest.mark.parametrize("size", [UPLOAD_LIMIT + 1, 64 * UPLOAD_LIMIT])
def test_a_client_that_sends_too_much_sees_why(service: Edge, size: int) -> None:
    # It reads only when all is sent, as most do.
    fields = ["Content-Type: text/turtle", f"Content-Length: {size}", "Connection: close"]
    head = get("/validate", *fields).replace(b"GET", b"POST")
    (reply,) = converse(service, head, b"#" * size)
    reply.problem(413, "too-large")


@pytest.mark.parametrize(
    "fields", [H2C, ["Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]]
)
def test_an_offer_of_another_protocol_is_not_taken(service: Edge, fields: list[str]) -> None:
    found = converse(service, get("/livez", *fields) + LIVE + CLOSING)
    assert [(reply.status, reply.headers["Upgrade"]) for reply in found] == [(200, None)] * 3


@pytest.mark.parametrize("split", [0, 20, 120, -6, -1])
def test_the_body_that_comes_with_an_offer_is_read(service: Edge, split: int) -> None:
    # The HTTP client of Java makes this offer with every first request.
    sent = post("ASK {}", *H2C)
    sock = connect(service)
    sock.sendall(sent[:split])
    sock.sendall(sent[split:])
    assert read_one(sock).json()["boolean"] is True
    sock.sendall(CLOSING)
    assert [reply.status for reply in replies(read_all(sock))] == [200]


def test_an_offer_with_a_body_in_chunks_is_read(service: Edge) -> None:
    head = post("", *H2C).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    first, second = converse(service, head + b"3\r\nASK\r\n3\r\n {}\r\n0\r\n\r\n" + CLOSING)
    assert (first.json()["boolean"], second.status) == (True, 200)


def test_a_proxy_is_not_made_by_an_offer(service: Edge) -> None:
    sent = b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    refused(service, sent + LIVE).problem(400, "bad-request")


def test_nothing_of_this_is_in_the_log(service: Edge) -> None:
    converse(service, get("/livez", *H2C) + CLOSING)
    converse(service, b"NONSENSE\r\n\r\n")
    assert service.complaints() == []
