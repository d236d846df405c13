"""Both ways to an answer lead to the same one: the express lane, and through the application."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from migkg.services.building import build
from migkg.web.app import create_app
from migkg.web.express import Express
from migkg.web.front import Front
from tests.tiny import make_project
from tests.web.asgi import CountingEngine
from tests.web.client import Reply
from tests.web.edge import ENDLESS, Edge, ask_for, connect, edge, get, read_one, replies

MEMORY = 16 * 1024  # bytes of an answer that is not spooled
# A field that nothing looks at, which is unusual enough to leave the lane.
LONG_WAY = "X-Long-Way: 1"
ROWS = " ".join(f"VALUES ?v{n} {{ 0 1 2 3 4 5 6 7 8 9 }}" for n in range(4))
JSON = "Accept: application/sparql-results+json"
OF_THIS_TIME = {"date", "x-request-id"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """One query process, answers in memory up to 16 KiB."""
    folder = tmp_path_factory.mktemp("express")
    limits = {"ANSWER_MEMORY": str(MEMORY), "ANSWER_ROWS": "1000", "QUERY_DEADLINE": "600"}
    with edge(folder, **limits, QUERY_PROCESSES="1", QUERY_TEXT="2000") as running:
        yield running


def reply_to(service: Edge, sent: bytes) -> Reply:
    with connect(service) as sock:
        sock.sendall(sent)
        return read_one(sock)


def said(reply: Reply) -> tuple[object, ...]:
    fields = [
        (name, value) for name, value in reply.headers.items() if name.lower() not in OF_THIS_TIME
    ]
    return reply.status, fields, reply.body


QUERIES = [
    "SELECT * { ?s ?p ?o } LIMIT 3",
    "SELECT (NOW() AS ?n) { FILTER(false) }",
    "SELECT (1 AS ?n) {} # it's",
    "SELECT * { BIND('\u00e9\u4e2d' AS ?x) }",
    "ASK {}",
    "ASK { GRAPH ?g { ?s ?p ?o } }",
    "CONSTRUCT WHERE { ?s a ?c } LIMIT 2",
    "DESCRIBE <https://w3id.org/migkg/nothing>",
    f"SELECT * {{ {ROWS} }} LIMIT 100",
    f"SELECT * {{ {ROWS} }} LIMIT 1000",
    f"SELECT * {{ {ROWS} }}",
    "SELECT * { ?s ?p }",
    "SELECT ?x { foaf:a ?p ?o }",
    "SELECT",
    "INSERT DATA { <a> <b> <c> }",
    "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
    f"ASK {{}} # {'x' * 2000}",
    "",
]


@pytest.mark.parametrize("long_way_first", [False, True])
@pytest.mark.parametrize("query", QUERIES)
def test_answers_and_problems_are_the_same(
    service: Edge, query: str, *, long_way_first: bool
) -> None:
    query += " " * long_way_first  # which is another query, so that neither is kept from before
    path = f"/sparql?query={quote(query)}"
    both = [get(path, JSON), get(path, JSON, LONG_WAY)]
    first, second = both[::-1] if long_way_first else both
    assert said(reply_to(service, first)) == said(reply_to(service, second))


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ("Accept: text/csv",),
        ("Accept: text/csv", "Accept: text/tab-separated-values"),
        ("Accept: image/png",),
        ("Accept: text/html",),
        ("Accept: application/sparql-results+xml;q=0.5, */*;q=0.1", "Accept-Language: fr"),
        ('If-None-Match: "x"',),
        ("Range: bytes=0-3",),
        ("Cookie: a=b", "Origin: http://elsewhere.example"),
        ("User-Agent: curl/8", "Accept-Encoding: gzip", "Cache-Control: no-cache"),
    ],
)
@pytest.mark.parametrize(
    "target",
    [
        f"/sparql?query={quote('SELECT * {?s ?p ?o} LIMIT 2')}",
        f"/sparql?query={quote('SELECT * {?s ?p ?o} LIMIT 2').replace('%20', '+')}",
        "/sparql?query=ASK%20{}&format=csv",
        "/sparql?query=ASK%20{}&query=ASK%20{}",
        "/sparql?query=%ff",
        "/sparql?query=ASK{}&release=none",
        "/sparql",
    ],
)
def test_whatever_is_asked_along(service: Edge, target: str, fields: tuple[str, ...]) -> None:
    first = reply_to(service, get(target, *fields))
    assert said(first) == said(reply_to(service, get(target, *fields, LONG_WAY)))


def test_the_name_of_a_request_is_told_and_no_other_has_it(service: Edge) -> None:
    path = f"/sparql?query={quote('SELECT * {?s ?p ?o} LIMIT 4')}"
    for fields in ((), (LONG_WAY,)):
        named = reply_to(service, get(path, "X-Request-Id: mine", *fields))
        assert named.headers["X-Request-Id"] == "mine"
        assert "X-Request-Id" not in reply_to(service, get(path, *fields)).headers
    failed = reply_to(service, ask_for("SELECT * { ?s ?p"))
    assert failed.headers["X-Request-Id"]


def test_a_query_over_the_deadline_is_504_in_both(tmp_path: Path) -> None:
    path = f"/sparql?query={quote(ENDLESS)}"
    with edge(tmp_path, QUERY_DEADLINE="1") as service:
        for fields in ((), (LONG_WAY,)):
            reply_to(service, get(path, *fields)).problem(504, "query-timeout")


def test_a_client_that_goes_frees_the_process(service: Edge) -> None:
    with connect(service) as sock:
        sock.sendall(ask_for(ENDLESS))
        time.sleep(0.2)
    began = time.monotonic()
    assert reply_to(service, ask_for("ASK { FILTER(1 = 1) }")).status == 200
    assert time.monotonic() - began < service.settings.query_deadline


def test_requests_in_a_row_are_answered_in_order(service: Edge) -> None:
    texts = [f"SELECT ({n} AS ?n) {{}}" for n in range(12)]
    ways = [(JSON,), (JSON, LONG_WAY), ("Accept: text/csv",)]
    sent = [get(f"/sparql?query={quote(text)}", *ways[n % 3]) for n, text in enumerate(texts)]
    sent.append(get("/livez", "Connection: close"))
    with connect(service) as sock:
        sock.sendall(b"".join(sent))
        data = b""
        while part := sock.recv(65536):
            data += part
    found = replies(data)
    assert [reply.status for reply in found] == [200] * 13
    for n, reply in enumerate(found[:-1]):
        assert (f'"{n}"' if n % 3 < 2 else f"n\r\n{n}\r\n") in reply.text


def test_a_slow_reader_of_a_large_answer_gets_all_of_it(service: Edge) -> None:
    query = f"SELECT * {{ {ROWS} }} LIMIT 1000"
    whole = reply_to(service, ask_for(query))
    with connect(service, receive=4096) as sock:
        sock.sendall(ask_for(query))
        time.sleep(0.5)
        assert read_one(sock).body == whole.body
    assert len(whole.body) > 10 * MEMORY


def test_what_takes_the_lane(tmp_path: Path) -> None:
    usual = [(b"host", b"x"), (b"accept", b"*/*"), (b"x-forwarded-for", b"192.0.2.1")]
    query = b"/sparql?query=ASK%7B%7D"

    settings = make_project(tmp_path)
    app = create_app(settings, build(settings, lambda _: None), CountingEngine())
    assert isinstance(app, Front)
    lane = Express(app.releases)
    assert lane.wanted(query, usual)
    for target in (b"/", b"/sparql", query + b"&a=b", b"/sparql?query=INSERT"):
        assert lane.wanted(target, usual) is None
    for name in (b"range", b"cookie", b"content-length", b"x-unknown", b"if-none-match"):
        assert lane.wanted(query, [*usual, (name, b"1")]) is None
