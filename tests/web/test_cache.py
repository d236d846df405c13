"""Repeats are answered from memory, and only what stays true is kept."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from migkg.errors import EngineBusy, QueryTimeout
from migkg.web.cache import Entry, Kept, ResponseCache
from tests.processes import children
from tests.web.asgi import CountingEngine, application, ask, exchange
from tests.web.client import DIRECT, FORM, MEDIA_TYPES, RESULTS, Reply
from tests.web.client import ask as ask_service
from tests.web.edge import Edge, edge

SELECT = "SELECT * { ?s ?p ?o }"
PATH = f"/sparql?query={quote(SELECT)}"
Scenario = Callable[[ASGIApp, CountingEngine], Awaitable[None]]


def scenario(folder: Path, play: Scenario, **settings: object) -> CountingEngine:
    """What the engine was asked while a scenario was played."""
    engine = CountingEngine()

    async def main() -> None:
        async with application(folder, engine, **settings) as app:
            await play(app, engine)

    asyncio.run(main())
    return engine


def same(first: Reply, second: Reply) -> bool:
    return (first.status, first.headers.items(), first.body) == (
        second.status,
        second.headers.items(),
        second.body,
    )


# What is kept


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_repeat_never_reaches_the_engine(tmp_path: Path, method: str) -> None:
    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        first, second = [await ask(app, PATH, method=method) for _ in range(2)]
        assert first.status == 200
        assert same(first, second)

    assert len(scenario(tmp_path, play).asked) == 1


def test_the_key_is_the_path_the_query_string_accept_and_the_method(tmp_path: Path) -> None:
    different = [
        ("GET", PATH, []),
        ("HEAD", PATH, []),
        ("GET", f"{PATH}&x", []),
        ("GET", f"/sparql?{urlencode({'query': SELECT})}", []),
        ("GET", PATH, [("Accept", "text/csv")]),
        ("GET", PATH, [("Accept", "text/csv;q=0.9")]),
        ("GET", PATH, [("Accept", "text/csv"), ("Accept", "text/html")]),
        ("GET", "/queries/titles", []),
        ("GET", "/queries/%74itles", []),
    ]

    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        for _ in range(3):
            for method, path, headers in different:
                raw = {"raw_path": path.partition("?")[0].encode(), "method": method}
                named = path.replace("%74", "t")
                assert (await ask(app, named, headers, **raw)).status == 200

    assert len(scenario(tmp_path, play).asked) == len(different)


def test_formats_are_never_mixed(tmp_path: Path) -> None:
    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        engine.fixed = b"the same in every format"
        tags = set()
        for _ in range(2):
            for name in RESULTS:
                reply = await ask(app, PATH, [("Accept", MEDIA_TYPES[name])])
                assert reply.media_type == MEDIA_TYPES[name]
                tags.add(reply.headers["ETag"])
        assert len(tags) == len(RESULTS)

    assert len(scenario(tmp_path, play).asked) == len(RESULTS)


@pytest.mark.parametrize(
    "header", ["Range: bytes=0-1", "Authorization: Basic eDp5", "Cookie: a=b", "Accept-Profile: x"]
)
def test_a_request_of_its_own_passes_by(tmp_path: Path, header: str) -> None:
    name, _, value = header.partition(": ")

    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        for _ in range(2):
            assert (await ask(app, PATH, [(name, value)])).status == 200
        assert '"3"' in (await ask(app, PATH)).text  # nothing was kept of those

    assert len(scenario(tmp_path, play).asked) == 3


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (NOW() AS ?n) {}",
        "SELECT (rand() AS ?n) {}",
        "SELECT (UUID() AS ?n) {}",
        "SELECT (STRUUID() AS ?n) {}",
        "SELECT (BNODE() AS ?n) {}",
        "CONSTRUCT { [] ?p ?o } WHERE { ?s ?p ?o }",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_what_differs_each_time_is_never_kept(tmp_path: Path, query: str, method: str) -> None:
    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        for _ in range(2):
            reply = await sent(app, query, method)
            assert (reply.status, reply.headers["ETag"]) == (200, None)
            assert reply.headers["Cache-Control"] == "no-store"

    assert len(scenario(tmp_path, play).asked) == 2


async def sent(app: ASGIApp, query: str, method: str, *headers: tuple[str, str]) -> Reply:
    """The reply to a query, in the body of a POST or in the query string."""
    if method == "POST":
        typed = [("Content-Type", DIRECT), *headers]
        return await ask(app, "/sparql", typed, method="POST", body=query.encode())
    return await ask(app, f"/sparql?query={quote(query)}", headers, method=method)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("error", [EngineBusy(1), QueryTimeout(1), RuntimeError()])
def test_an_error_is_never_kept(tmp_path: Path, error: Exception, method: str) -> None:
    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        engine.error = error
        reply = await sent(app, SELECT, method)
        assert (reply.status >= 500, reply.headers["Cache-Control"]) == (True, "no-store")
        engine.error = None
        assert (await sent(app, SELECT, method)).status == 200

    assert len(scenario(tmp_path, play).asked) == 2


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(("size", "asked"), [(49_000, 1), (60_000, 2), (200_000, 2)])
def test_a_large_answer_is_never_kept(tmp_path: Path, size: int, asked: int, method: str) -> None:
    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        engine.fixed, engine.memory = b"x" * size, 100_000
        for _ in range(2):
            reply = await sent(app, SELECT, method)
            assert (reply.status, reply.headers["Content-Length"]) == (200, str(size))
            assert reply.headers["Cache-Control"] == "public, max-age=60"

    if method == "HEAD" and size == 60_000:
        asked = 1  # without its body it is small
    assert len(scenario(tmp_path, play, cache_bytes=1_000_000).asked) == asked


def test_a_repeated_post_is_answered_from_memory_however_it_is_sent(tmp_path: Path) -> None:
    form = urlencode({"query": SELECT, "x": "y"}).encode()
    ways = [
        ("/sparql", DIRECT, "application/json", SELECT.encode()),
        ("/sparql?format=json", DIRECT, "text/csv", SELECT.encode()),
        ("/sparql", FORM, "*/*", form),
        ("/sparql?x=y", f"{FORM}; charset=utf-8", "image/png, */*;q=0.1", form),
    ]

    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        found = [
            await ask(
                app, path, [("Content-Type", kind), ("Accept", accept)], method="POST", body=body
            )
            for path, kind, accept, body in ways
        ]
        assert all(same(found[0], reply) for reply in found)
        assert found[0].status == 200

    assert len(scenario(tmp_path, play).asked) == 1


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/sparql?format=csv", SELECT),
        ("/sparql?default-graph-uri=https://tiny.example/graph/a", SELECT),
        ("/sparql?named-graph-uri=https://tiny.example/graph/a", SELECT),
        ("/sparql?truncate=3", SELECT),
        ("/sparql", f"{SELECT} "),
    ],
)
def test_another_format_dataset_or_text_by_post_is_another_answer(
    tmp_path: Path, path: str, query: str
) -> None:
    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        await sent(app, SELECT, "POST")
        named = [("Content-Type", DIRECT)]
        reply = await ask(app, path, named, method="POST", body=query.encode())
        assert '"2"' in reply.text

    assert len(scenario(tmp_path, play).asked) == 2


def test_a_post_has_no_precondition(tmp_path: Path) -> None:
    # Its answer is no representation of the endpoint (RFC 9110, section 13.2.2).
    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        first = await sent(app, SELECT, "POST")
        tag = first.headers["ETag"]
        for value in (tag, "*"):
            assert same(first, await sent(app, SELECT, "POST", ("If-None-Match", value)))
        assert same(first, await sent(app, f"{SELECT}#", "POST", ("If-None-Match", tag))) is False

    scenario(tmp_path, play)


# Validators


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "given", [["%s"], ["W/%s"], ['"a", W/"b",%s'], ['"a"', "%s"], ["*"], ['"a" , W/%s ,"b"']]
)
def test_a_client_that_has_the_answer_gets_304_with_what_still_holds(
    tmp_path: Path, given: list[str], method: str, kept: bool
) -> None:
    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        engine.fixed = b"{}"
        first = await ask(app, PATH, method=method)
        tag = first.headers["ETag"]
        assert tag.startswith('"')
        headers = [("If-None-Match", value.replace("%s", tag)) for value in given]
        path = PATH if kept else f"{PATH}&x"
        reply = await ask(app, path, headers, method=method)
        assert (reply.status, reply.body) == (304, b"")
        for name in ("ETag", "Vary", "Cache-Control", "Access-Control-Allow-Origin"):
            assert reply.headers[name] == first.headers[name] is not None
        names = {name.lower() for name in reply.headers}
        assert names.isdisjoint({"content-type", "content-length", "content-encoding"})

    assert len(scenario(tmp_path, play).asked) == (1 if kept else 2)


@pytest.mark.parametrize("given", ['"a"', 'W/"a"', "", "x", '"*"'])
def test_a_client_that_has_another_gets_this_one(tmp_path: Path, given: str) -> None:
    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        first = await ask(app, PATH)
        assert same(first, await ask(app, PATH, [("If-None-Match", given)]))

    assert len(scenario(tmp_path, play).asked) == 1


# Responses of all kinds

PUBLIC = [(b"etag", b'"a"'), (b"cache-control", b"public, max-age=60")]


async def answers_twice(app: ASGIApp, kept: Kept | None = None) -> int:
    """How often an application was asked for a thing that was wanted twice."""
    count = 0

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal count
        count += 1
        await app(scope, receive, send)

    cache = ResponseCache(counting, kept or Kept(1_000_000))
    for _ in range(2):
        asked = exchange("/x")
        try:
            await cache(asked.scope, asked.receive, asked.send)
        except RuntimeError:
            assert len(asked.sent) < 3
    return count


def app_of(
    *bodies: bytes, status: int = 200, headers: list[tuple[bytes, bytes]] = PUBLIC, fails: bool
) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for body in bodies:
            await send({"type": "http.response.body", "body": body, "more_body": True})
        if fails:
            raise RuntimeError
        await send({"type": "http.response.body"})

    return app


async def left_alone(scope: Scope, receive: Receive, send: Send) -> None:
    """As an application that notices that its client has gone."""
    await send({"type": "http.response.start", "status": 200, "headers": PUBLIC})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})


@pytest.mark.parametrize(
    ("app", "count"),
    [
        (app_of(b"a", b"b", fails=False), 1),
        (app_of(b"a", fails=True), 2),
        (app_of(fails=True), 2),
        (left_alone, 2),
        (app_of(b"a", status=404, fails=False), 2),
        (app_of(b"a", status=206, fails=False), 2),
        (app_of(b"a", headers=PUBLIC[:1], fails=False), 2),
        (app_of(b"a", headers=PUBLIC[1:], fails=False), 2),
        (app_of(b"a", headers=[(b"etag", b'W/"a"'), PUBLIC[1]], fails=False), 2),
        (app_of(b"a", headers=[PUBLIC[0], (b"cache-control", b"no-store")], fails=False), 2),
    ],
)
def test_only_a_complete_public_answer_with_a_strong_validator_is_kept(
    app: ASGIApp, count: int
) -> None:
    assert asyncio.run(answers_twice(app)) == count


def test_an_answer_whose_client_goes_away_meanwhile_is_not_kept(tmp_path: Path) -> None:
    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        engine.gate = asyncio.Event()
        asked = exchange(PATH)
        task = asyncio.ensure_future(app(asked.scope, asked.receive, asked.send))
        while not engine.asked:
            await asyncio.sleep(0.01)
        asked.gone.set()
        await task
        assert asked.sent == []
        engine.gate = None
        assert '"2"' in (await ask(app, PATH)).text

    scenario(tmp_path, play)


def test_a_file_that_was_not_sent_to_its_end_is_closed(tmp_path: Path) -> None:
    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        engine.fixed, engine.memory = b"x" * 1_000_000, 10
        asked = exchange(PATH)
        stuck = asyncio.Event()

        async def send(message: object) -> None:
            if not asked.gone.is_set():
                await stuck.wait()

        task = asyncio.ensure_future(app(asked.scope, asked.receive, send))
        await asyncio.sleep(0.2)
        with pytest.raises(EngineBusy):
            engine.spool.take(100_000_000)
        asked.gone.set()
        await task
        engine.spool.take(100_000_000)

    scenario(tmp_path, play)


# The bound


def test_what_was_used_last_stays_longest() -> None:
    kept = Kept(1_000_000)
    entry = Entry([], b"x" * 40_000, b'"a"')
    kept.put("first", entry, key_size=0)
    for number in range(100):
        kept.put(number, entry, key_size=0)
        assert kept.get("first") is entry
    assert kept.get(99) is entry
    assert kept.get(0) is None


@pytest.mark.parametrize("what", ["body", "key"])
def test_thousands_of_answers_take_no_more_than_they_may(what: str) -> None:
    limit = 10_000_000
    kept = Kept(limit)
    size = 100_000
    for number in range(5_000):
        body = number.to_bytes(4, "big") * (size // 4 if what == "body" else 1)
        kept.put(
            number, Entry([], body, b'"a"'), key_size=size if what == "key" else len(str(number))
        )
    found = [number for number in range(5_000) if kept.get(number)]
    assert 50 < len(found) <= limit // size
    assert found[-1] == 4_999


def test_an_answer_kept_again_counts_once() -> None:
    kept = Kept(1_000_000)
    for _ in range(1_000):
        kept.put("a", Entry([], b"x" * 40_000, b'"a"'), key_size=0)
    for number in range(20):
        kept.put(number, Entry([], b"x" * 40_000, b'"a"'), key_size=0)
    assert kept.get("a")


def test_long_requests_for_short_answers_are_bounded_too(tmp_path: Path) -> None:
    # Each is asked twice: what is still kept of the last ones is few.
    paths = [f"{PATH}&{number}={'x' * 40_000}" for number in range(100)]

    async def play(app: ASGIApp, engine: CountingEngine) -> None:
        for path in paths:
            await ask(app, path)
        before = len(engine.asked)
        for path in reversed(paths):
            await ask(app, path)
        assert 100 - 25 <= len(engine.asked) - before < 100

    scenario(tmp_path, play, cache_bytes=1_000_000)


# With a real server


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with edge(tmp_path_factory.mktemp("cache")) as running:
        yield running


BROWSING = {"Accept": "text/html, */*;q=0.1"}
DOCUMENTS = [
    "/",
    "/browse/Book",
    "/quality",
    "/queries",
    "/queries/titles",
    "/ontology",
    "/shapes",
    "/context.jsonld",
    "/dumps/",
    "/docs",
    "/openapi.json",
    "/limits",
    "/sparql",
    "/page/book/a",
    "/data/book/a",
]


@pytest.mark.parametrize("path", [*DOCUMENTS, "/rdf-graph-store?default", PATH])
def test_a_page_says_how_long_it_holds_and_is_not_sent_twice(service: Edge, path: str) -> None:
    first, second = (ask_service(service, path, headers=BROWSING) for _ in range(2))
    for reply in (first, second):
        del reply.headers["Date"]
    assert same(first, second)
    assert (first.status, first.headers["Cache-Control"]) == (200, "public, max-age=60")
    given = {**BROWSING, "If-None-Match": first.headers["ETag"]}
    others = [path]
    if "text/html" not in first.headers["Content-Type"]:  # a page names its address
        others.append(f"{path}{'&' if '?' in path else '?'}x")
    for other in others:
        again = ask_service(service, other, headers=given)
        assert (again.status, again.body, again.headers["ETag"]) == (
            304,
            b"",
            first.headers["ETag"],
        )


def test_the_same_document_has_the_same_validator_after_a_restart(tmp_path: Path) -> None:
    tags = []
    for name in ("one", "two"):
        with edge(tmp_path / name) as running:
            found = [ask_service(running, path, headers=BROWSING) for path in DOCUMENTS]
            tags.append([reply.headers["ETag"] for reply in found])
    assert tags[0] == tags[1]
    assert None not in tags[0]


def test_repeats_are_answered_while_nothing_else_is(tmp_path: Path) -> None:
    with edge(tmp_path, QUERY_WAIT="0.1") as own:
        paths = [PATH, "/page/book/a", "/ontology", "/quality", "/"]
        headers = {"Accept": "*/*"}
        before = [ask_service(own, path, headers=headers) for path in paths]
        for pid in children(own.pid):
            if pid != own.front:
                os.kill(pid, signal.SIGSTOP)
                stopped = pid
        try:
            after = [ask_service(own, path, headers=headers) for path in paths]
        finally:
            os.kill(stopped, signal.SIGCONT)
        for first, second in zip(before, after, strict=True):
            del first.headers["Date"], second.headers["Date"]
            assert first.status == 200
            assert same(first, second)


@pytest.mark.parametrize("query", [SELECT, f"SELECT * {{ VALUES ?x {{ {'0 ' * 400} }} }}"])
def test_head_says_what_get_would(service: Edge, query: str) -> None:
    path = f"/sparql?query={quote(query)}"
    headed, got = (ask_service(service, path, method=method) for method in ("HEAD", "GET"))
    assert headed.headers["Content-Length"] == str(len(got.body))
    for name in ("ETag", "Vary", "Cache-Control", "Content-Type"):
        assert headed.headers[name] == got.headers[name] is not None


def test_head_of_an_answer_in_a_file_says_its_length(tmp_path: Path) -> None:
    path = f"/sparql?query={quote(SELECT)}"
    with edge(tmp_path, ANSWER_MEMORY="100") as own:
        got, headed, again = (
            ask_service(own, path, method=method) for method in ("GET", "HEAD", "GET")
        )
        assert headed.headers["Content-Length"] == str(len(got.body)) == str(len(again.body))
        assert headed.headers["Cache-Control"] == "public, max-age=60"
        assert (headed.body, got.body) == (b"", again.body)
        assert len([name for name in own.descriptors() if "(deleted)" in name]) <= 1
