"""How engines differ is known: how each is asked, and what it says when rows are missing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pyoxigraph as ox
import pytest

from migkg.engine.protocol import Query
from migkg.engine.remote import RemoteEngine, guard
from migkg.engine.remote.request import absolute
from migkg.errors import (
    AnswerTooLarge,
    BadQuery,
    BadSetting,
    EngineUnavailable,
    MigkgError,
    QueryRefused,
    QueryTimeout,
)
from migkg.model import formats
from migkg.model.formats import Format
from migkg.model.sparql_text import read_query, solutions_behind
from migkg.settings import Secret, Settings
from tests.engine.conftest import query, started
from tests.engine.fake_endpoint import JSON, Endpoint, Reply, endpoint, results

NT = "application/n-triples"
TRIPLES = b"<urn:a> <urn:b> <urn:c> .\n"
NO_GRAPHS = b'{"head":{"vars":["g"]},"results":{"bindings":[]}}'
VIRTUOSO_ROWS = b"""
{ "head": { "link": [], "vars": ["b", "n"] },
  "results": { "distinct": false, "ordered": true, "bindings": [
    { "b": { "type": "bnode", "value": "nodeID://b10000" }\t, "n": { "type": "typed-literal",
      "datatype": "http://www.w3.org/2001/XMLSchema#integer", "value": "1" }} ] } }"""
VIRTUOSO_TRUE = b"""{ "head": { "link": [], "vars": ["__ASK_RETVAL"] }, "results": { "bindings": [
    { "__ASK_RETVAL": { "type": "typed-literal", "value": "1" }} ] } }"""
VIRTUOSO_FALSE = b'{"head":{"link":[],"vars":["__ASK_RETVAL"]},"results":{"bindings":[ ] } }'


def always(*reply: object) -> Callable[[str], Reply]:
    return lambda _: reply


def exchange(
    asked: Query,
    answer: Callable[[str], Reply],
    extra: str = "",
    own: bytes = NO_GRAPHS,
    **values: object,
) -> tuple[Endpoint, bytes]:
    """(the endpoint that was asked, the answer as the engine gave it)."""
    return answered(asked, answer, extra, own, **values)[:2]


def answered(
    asked: Query,
    answer: Callable[[str], Reply],
    extra: str = "",
    own: bytes = NO_GRAPHS,
    **values: object,
) -> tuple[Endpoint, bytes, bool]:
    """The same, and whether the answer was cut."""

    def reply(text: str) -> Reply:
        return (200, JSON, own) if "DISTINCT ?g" in text else answer(text)

    async def main() -> tuple[Endpoint, bytes, bool]:
        async with endpoint(reply, extra) as found:
            settings = Settings(**{"engine_url": found.url, "engine_kind": "generic", **values})
            graphs = ("urn:g1", "urn:g2")
            async with started(RemoteEngine(settings, graphs)) as engine:
                given = await engine.answer(asked)
                return found, given.read(), given.truncated

    return asyncio.run(main())


@pytest.mark.parametrize(
    "field",
    [
        "X-SQL-State: S1TAT",
        "X-SQL-Message: RC...: Returning incomplete results, query interrupted by ANYTIME timeout",
        "X-Neptune-Status: 500 Internal Server Error",
        "Content-Encoding: gzip",
    ],
)
def test_an_answer_that_says_it_is_partial_is_an_error(field: str) -> None:
    with pytest.raises(EngineUnavailable, match="in full"):
        exchange(query("SELECT * {}"), always(200, JSON, results("1")), f"{field}\r\n")


def test_rows_that_were_left_out_are_too_many() -> None:
    extra = "X-SPARQL-MaxRows: 1\r\n"
    with pytest.raises(AnswerTooLarge, match="more than 1 rows"):
        exchange(query("SELECT * {}"), always(200, JSON, results("1")), extra)


def test_more_rows_than_the_limit_are_an_error() -> None:
    with pytest.raises(AnswerTooLarge, match="more than 2 rows"):
        exchange(query("SELECT * {}"), always(200, JSON, results("1", "2", "3")), answer_rows=2)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"[]",
        results("1")[:-1],
        results("1") + b"x",
        results("1")[:-2] + b"Error: time-out",
        b'{"head":{},"boolean":true}',
        results("1").replace(b'"x"', b'"y"', 1),
    ],
)
@pytest.mark.parametrize("name", ["json", "csv"])
def test_rows_that_are_not_whole_are_an_error(body: bytes, name: str) -> None:
    with pytest.raises(EngineUnavailable, match="in full"):
        exchange(query("SELECT * {}", formats.BY_NAME[name]), always(200, JSON, body))


@pytest.mark.parametrize(
    "body", [b"true", b'{"boolean":1}', b'{"boolean":true}x', results("1"), b"{"]
)
def test_what_is_no_truth_value_is_an_error(body: bytes) -> None:
    with pytest.raises(EngineUnavailable, match="in full"):
        exchange(query("ASK {}"), always(200, JSON, body))


@pytest.mark.parametrize("body", [TRIPLES[:-3], TRIPLES + b"Error: time-out", b"<html>", b"\xff"])
def test_triples_that_are_not_whole_are_an_error(body: bytes) -> None:
    with pytest.raises(EngineUnavailable, match="in full"):
        exchange(query("CONSTRUCT WHERE {}", formats.TURTLE), always(200, NT, body))


@pytest.mark.parametrize("name", ["ttl", "jsonld", "nt", "rdf", "trig", "nq"])
def test_triples_come_in_every_format(name: str) -> None:
    wanted = formats.BY_NAME[name]
    found, answer = exchange(query("CONSTRUCT WHERE {}", wanted), always(200, NT, TRIPLES))
    assert b"Accept: application/n-triples\r\n" in found.requests[-1]
    read = ox.parse(answer, format=ox.RdfFormat.from_media_type(wanted.media_type))
    assert [str(quad.triple) for quad in read] == ["<urn:a> <urn:b> <urn:c>"]


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_rows_are_asked_for_as_json_and_come_in_every_format(name: str) -> None:
    wanted = formats.BY_NAME[name]
    found, answer = exchange(query("SELECT * {}", wanted), always(200, JSON, results("é,\n")))
    assert f"Accept: {JSON}\r\n".encode() in found.requests[-1]
    assert answer.decode().count("é,") == 1 or json.loads(answer)


def test_virtuoso_is_asked_in_a_form_about_our_graphs() -> None:
    found, _ = exchange(
        query("SELECT * { ?b ?n 'ü' }"), always(200, JSON, VIRTUOSO_ROWS), engine_kind="virtuoso"
    )
    head, _, body = found.requests[-1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /sparql HTTP/1.1\r\n")
    assert b"Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n" in head
    assert parse_qsl(body.decode()) == [
        ("query", "SELECT * { ?b ?n 'ü' }"),
        ("default-graph-uri", "urn:g1"),
        ("default-graph-uri", "urn:g2"),
        ("default-graph-uri", "urn:x-migkg:none"),
    ]


@pytest.mark.parametrize(
    ("text", "sent", "told"),
    [
        ("{ ?s ?p ?o }", "{ ?s ?p ?o }", "d urn:g1 d urn:g2 d N"),
        ("{ GRAPH <urn:g1> {} }", "{ GRAPH <urn:g1> {} }", "d urn:g1 d urn:g2 d N"),
        ("{ GRAPH <urn:o> {} }", "{ GRAPH <N> {} }", "d urn:g1 d urn:g2 d N"),
        (
            "{ GRAPH ?g { ?s ?p ?o } }",
            "{ GRAPH ?g { ?s ?p ?o } FILTER(?g NOT IN (<urn:own>))  }",
            "d urn:g1 d urn:g2 d N",
        ),
        ("FROM <urn:g1> { ?s ?p ?o }", " { ?s ?p ?o }", "d urn:g1"),
        ("FROM <urn:g1> { GRAPH <urn:g1> {} }", " { GRAPH <N> {} }", "d urn:g1 n N"),
        ("FROM <urn:g1> { GRAPH ?g {} }", " { GRAPH ?g {} FILTER(?g IN (<N>))  }", "d urn:g1"),
        (
            "FROM NAMED <urn:g1> FROM NAMED <urn:g2> { GRAPH <urn:g2> {} }",
            "  { GRAPH <urn:g2> {} }",
            "d N n urn:g1 n urn:g2 n N",
        ),
        (
            "{ { VALUES ?x { 1 } } UNION { VALUES (?x ?y) { (2 UNDEF) } } { VALUES ?z { 3 } } }",
            "{ { VALUES ?x { 1 } FILTER(true) } UNION { VALUES (?x ?y) { (2 UNDEF) } FILTER(true) }"
            " { VALUES ?z { 3 } } }",
            "d urn:g1 d urn:g2 d N",
        ),
        (
            "{ { VALUES ?x { 1 } ?x ?y ?z } UNION { ?x ?y ?z VALUES ?y { 2 } } }",
            "{ { VALUES ?x { 1 } ?x ?y ?z } UNION { ?x ?y ?z VALUES ?y { 2 } } }",
            "d urn:g1 d urn:g2 d N",
        ),
        (
            "FROM NAMED <urn:g1> { GRAPH ?g { ?s ?p ?o } }",
            " { GRAPH ?g { ?s ?p ?o } FILTER(?g IN (<urn:g1>))  }",
            "d N",
        ),
    ],
)
def test_virtuoso_reaches_no_graph_but_those_of_the_dataset(
    text: str, sent: str, told: str
) -> None:
    own = json.dumps(
        {
            "head": {"vars": ["g"]},
            "results": {"bindings": [{"g": {"value": v}} for v in ("urn:own", "urn:g1", "urn:g2")]},
        }
    ).encode()

    reply = always(200, JSON, VIRTUOSO_ROWS)
    found, _ = exchange(query(f"SELECT * {text}"), reply, own=own, engine_kind="virtuoso")
    body = found.requests[-1].partition(b"\r\n\r\n")[2].decode()
    fields = parse_qsl(body.replace("urn%3Ax-migkg%3Anone", "N"))
    assert fields[0][1] == f"SELECT * {sent}"
    assert " ".join(f"{name[0]} {iri}" for name, iri in fields[1:]) == told


def test_graphdb_is_asked_in_a_form_without_what_it_infers() -> None:
    found, _ = exchange(
        query("SELECT ('ü' AS ?x) {}"), always(200, JSON, results("ü")), engine_kind="graphdb"
    )
    body = found.requests[-1].partition(b"\r\n\r\n")[2]
    assert parse_qsl(body.decode()) == [("query", "SELECT ('ü' AS ?x) {}"), ("infer", "false")]


def test_neptune_is_asked_for_the_fields_behind_the_body() -> None:
    found, _ = exchange(
        query("SELECT * {}"), always(200, JSON, results("1")), engine_kind="neptune"
    )
    assert b"\r\nTE: trailers\r\n" in found.requests[-1]


@pytest.mark.parametrize(("graphs", "by_form"), [(2, False), (200, True)])
def test_a_dataset_goes_in_the_address_as_long_as_that_is_short(graphs: int, by_form: bool) -> None:
    named = tuple(f"http://e.example/graph/{number}" for number in range(graphs))
    asked = replace(query("SELECT * {}"), default_graphs=named[:1], named_graphs=named)
    found, _ = exchange(asked, always(200, JSON, results("1")), engine_kind="fuseki")
    head, _, body = found.requests[-1].partition(b"\r\n\r\n")
    assert (b"application/x-www-form-urlencoded" in head) == by_form
    assert len(head) < 8192
    sent = parse_qsl(body.decode()) if by_form else parse_qsl(head.split()[1].decode())
    assert [value for name, value in sent if name == "named-graph-uri"] == list(named)


FILTERED = "SELECT * { ?s ?p ?o FILTER(?o != 1) VALUES ?o { 2 undef } }"


@pytest.mark.parametrize(
    ("text", "trial"),
    [
        (FILTERED, "FILTER(?p !="),
        ("SELECT * { ?s ?p ?o FILTER(STRSTARTS(?o, '')) }", "CONTAINS(?x"),
        ('SELECT * { ?s ?p ?o FILTER(regex(?o, "^a{2,}")) }', "REGEX(?x"),
    ],
)
@pytest.mark.parametrize("right", [True, False, None])
def test_what_an_engine_was_seen_to_answer_wrongly_is_tried_first(
    text: str, trial: str, right: bool | None
) -> None:
    def answer(asked: str) -> Reply:
        if right is None and trial in asked:
            return 400, "text/plain", b"what is this?"
        if asked.startswith("ASK"):
            truth = right or trial not in asked
            return 200, JSON, json.dumps({"head": {}, "boolean": truth}).encode()
        return 200, JSON, results("1")

    async def main() -> list[str]:
        async with endpoint(answer) as found:
            settings = Settings(engine_url=found.url, engine_kind="fuseki")
            async with started(RemoteEngine(settings)) as engine:
                for _ in range(2):
                    with nullcontext() if right else pytest.raises(QueryRefused, match="wrongly"):
                        (await engine.answer(query(text))).close()
            return found.asked

    asked = asyncio.run(main())
    assert trial in asked[0]
    assert asked[1:] == (
        [text, text] if right else ["ASK { ?s ?p ?o }"] * (text == FILTERED) or ["ASK {}"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { VALUES ?x { UNDEF } }",
        'SELECT * { ?s ?p "" FILTER(?p != 1) }',
        'SELECT * { ?s ?p ?o FILTER(REGEX(?o, "[a-z]+")) }',
    ],
)
def test_other_queries_wait_for_no_trial(text: str) -> None:
    found, _ = exchange(query(text), always(200, JSON, results("1")), engine_kind="fuseki")
    assert found.asked == [text]


def test_an_empty_dataset_says_nothing_of_the_engine() -> None:
    def answer(asked: str) -> Reply:
        if asked.startswith("ASK"):
            return 200, JSON, b'{"head":{},"boolean":false}'
        return 200, JSON, results("1")

    found, _ = exchange(query(FILTERED), answer, engine_kind="fuseki")
    assert found.asked[-1] == FILTERED


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("SELECT * { ?s <urn:p>* ?o }", True),
        ("SELECT * FROM <urn:g1> FROM <urn:g2> { ?s a/(<urn:p>|^<urn:q>)+ ?o }", True),
        ("SELECT * { ?s <urn:p>? ?o FILTER(1 < 2) }", True),
        ("SELECT * FROM <urn:g1> { ?s <urn:p>* ?o }", False),
        ("SELECT (COUNT(*) AS ?n) { ?s <urn:p>/a ?o FILTER((?o + 1) * 2 > (2) + 1) }", False),
    ],
)
def test_virtuoso_is_asked_no_path_that_repeats_over_several_graphs(
    text: str, refused: bool
) -> None:
    with pytest.raises(QueryRefused, match="repeats") if refused else nullcontext():
        exchange(query(text), always(200, JSON, VIRTUOSO_ROWS), engine_kind="virtuoso")


def test_a_base_of_the_query_is_the_only_one() -> None:
    for text in ("BASE <urn:x:> ASK { <a> ?p ?o }", "#c\nbase<urn:x:>ASK{<a> ?p ?o}"):
        assert absolute(text, "urn:ours:") == text
    assert absolute("BASE <b/> ASK { <a> ?p ?o }", "urn:o:").startswith("BASE <urn:o:> BASE <b/>")


def test_virtuosos_json_is_written_as_the_standard_has_it() -> None:
    _, answer = exchange(
        query("SELECT * {}"), always(200, JSON, VIRTUOSO_ROWS), engine_kind="virtuoso"
    )
    row = json.loads(answer)["results"]["bindings"][0]
    assert row["b"] == {"type": "bnode", "value": "b10000"}
    assert row["n"]["type"] == "literal"


@pytest.mark.parametrize("size", range(900, 1100, 7))
def test_a_name_across_two_blocks_is_found(size: int) -> None:
    body = VIRTUOSO_ROWS.replace(b"[]", b"[" + b" " * (65536 - size) + b"]", 1)
    _, answer = exchange(query("SELECT * {}"), always(200, JSON, body), engine_kind="virtuoso")
    assert json.loads(answer)["results"]["bindings"][0]["b"]["value"] == "b10000"


@pytest.mark.parametrize(("body", "value"), [(VIRTUOSO_TRUE, True), (VIRTUOSO_FALSE, False)])
@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_virtuosos_rows_are_a_truth_value(body: bytes, value: bool, name: str) -> None:
    asked = query("ASK {}", formats.BY_NAME[name])
    _, answer = exchange(asked, always(200, JSON, body), engine_kind="virtuoso")
    assert str(value).lower() in answer.decode()
    if name == "json":
        assert json.loads(answer) == {"head": {}, "boolean": value}


def test_virtuosos_triples_are_refused_where_it_may_have_left_some_out() -> None:
    more = False

    def answer(text: str) -> Reply:
        if text.startswith("CONSTRUCT"):
            return 200, NT, TRIPLES
        return 200, JSON, results(*["1"] * (7 if "?x" in text else more))

    construct = query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", formats.NTRIPLES)
    found, triples = exchange(construct, answer, engine_kind="virtuoso")
    assert triples == TRIPLES
    assert "OFFSET 100001" in found.asked[-1]
    more = True
    with pytest.raises(AnswerTooLarge, match="more than 100001 solutions"):
        exchange(construct, answer, engine_kind="virtuoso")


@pytest.mark.parametrize(
    ("field", "direct"),
    [
        ("Server: Virtuoso/07.20", False),
        ("Server: Oxigraph/0.5.13", True),
        ("Fuseki-Request-Id: 7", True),
        ("Server: Apache Jena Fuseki (4.5.0)", True),
        ("Server: Jetty(9.4.57.v20241219)", False),
    ],
)
def test_which_engine_it_is_is_found_out_once(field: str, direct: bool) -> None:
    async def main() -> None:
        async with endpoint(lambda text: (200, JSON, b'{"boolean":true}'), f"{field}\r\n") as found:
            settings = Settings(engine_url=found.url)
            async with started(RemoteEngine(settings)) as engine:
                for _ in range(3):
                    await engine.answer(query("ASK { ?s ?p ?o }"))
            assert found.asked == ["ASK {}", *["ASK { ?s ?p ?o }"] * 3]
            assert (b"application/sparql-query" in found.requests[-1]) == direct

    asyncio.run(main())


@pytest.mark.parametrize(
    "text",
    [
        'SELECT (bif:http_get("http://127.0.0.1/") AS ?x) {}',
        'SELECT (BIF:x("a") AS ?x) {}',
        'SELECT (<bif:http_get>("http://127.0.0.1/") AS ?x) {}',
        'SELECT (<\\u0062if:x>("a") AS ?x) {}',
        'SELECT (\\u0062if:x("a") AS ?x) {}',
        "PREFIX x: <bif:> SELECT (x:y(1) AS ?x) {}",
        "PREFIX bif: <urn:x> SELECT (bif:y(1) AS ?x) {}",
        "BASE <bif:> SELECT (<y>(1) AS ?x) {}",
        "SELECT (sql:x(1) AS ?x) {}",
        "SELECT * { ?s <bif:contains> 'x' }",
        "SELECT * { ?s <SQL:x> 'x' }",
        "DEFINE input:inference 'x' SELECT * {}",
        "define get:soft 'replace' SELECT * FROM <http://127.0.0.1/> {}",
        "SELECT * {} ; INSERT DATA { <a:b> <a:c> <a:d> }",
        "SELECT * {} INSERT DATA { GRAPH <a:g> { <a:b> <a:c> <a:d> } }",
        "ASK {} DELETE WHERE { ?s ?p ?o }",
        "SELECT * {} ; CLEAR GRAPH <a:g>",
        "SELECT * {} ; DROP ALL",
        "CONSTRUCT {} WHERE {} ; \\u0043REATE GRAPH <a:g>",
    ],
)
def test_what_only_an_engine_knows_never_reaches_it(text: str) -> None:
    def read() -> None:
        read_query(text)
        guard.check(text)

    with pytest.raises(QueryRefused) as refused:
        read()
    assert refused.value.line == 1


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p 'DEFINE; bif:x INSERT' } # drop sql:x",
        "PREFIX x: <http://sql.example/define#> SELECT ?insert { ?s x:delete ?insert ; x:bif 1 }",
        "SELECT ?s { ?s <http://e.example/bif:x> <urn:sql:x> }",
        "PREFIX with: <urn:x:> SELECT * { ?s with:out ?o }",
    ],
)
def test_words_of_the_standard_pass(text: str) -> None:
    guard.check(text)


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        (
            "CONSTRUCT WHERE { ?s ?p ?o }",
            "SELECT (1 AS ?migkg_more) WHERE { ?s ?p ?o } LIMIT 1 OFFSET 5",
        ),
        (
            "CONSTRUCT { ?s ?p 'ORDER BY {' } { ?s ?p ?o } ORDER BY ?s LIMIT 9 OFFSET 2",
            "SELECT (1 AS ?migkg_more) { ?s ?p ?o } LIMIT 1 OFFSET 7",
        ),
        (
            "PREFIX a: <b:> DESCRIBE ?s a:x WHERE { ?s ?p ?o } VALUES ?s { a:y }",
            "PREFIX a: <b:> SELECT (1 AS ?migkg_more) WHERE { ?s ?p ?o } LIMIT 1 OFFSET 5 "
            "VALUES ?s { a:y }",
        ),
        ("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 5", None),
        ("DESCRIBE <urn:x>", None),
        ("SELECT * {}", None),
    ],
)
def test_solutions_behind_a_number(text: str, behind: str | None) -> None:
    found = solutions_behind(text, 5)
    assert (found and found.strip()) == behind
    if found:
        ox.Store().query(found)


@pytest.mark.parametrize(
    ("credentials", "field"),
    [
        ("me:päss", "Basic bWU6cMOkc3M="),
        ("Bearer abc", "Bearer abc"),
    ],
)
def test_credentials_are_sent_and_never_shown(
    credentials: str, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    secret = Secret(credentials)
    found, _ = exchange(
        query("ASK {}"), always(200, JSON, b'{"boolean":true}'), engine_credentials=secret
    )
    assert f"Authorization: {field}\r\n".encode() in found.requests[0]
    with pytest.raises(EngineUnavailable) as refused:
        exchange(query("ASK {}"), always(401, "text/plain", b"no"), engine_credentials=secret)
    shown = f"{refused.value}{caplog.text}{Settings(engine_credentials=secret)!r}"
    assert credentials not in shown
    assert field not in shown


def test_credentials_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "c"
    file.write_text("me:pass\n")
    found, _ = exchange(
        query("ASK {}"), always(200, JSON, b'{"boolean":true}'), engine_credentials_file=file
    )
    assert b"Authorization: Basic bWU6cGFzcw==\r\n" in found.requests[0]


@pytest.mark.parametrize(
    "values",
    [
        {"engine_url": "ftp://x/"},
        {"engine_url": "http://"},
        {"engine_url": "http://x:y/"},
        {"engine_url": " , "},
        {"engine_url": "http://x/#y"},
        {"engine_url": "http://me:secret@x/"},
        {"engine_url": "query=http://me:secret@x/"},
        {"engine_url": "read=http://me:secret@x/"},
        {"engine_url": "query="},
        {"engine_url": "publish=http://x/ standby=http://y/"},
        {"engine_url": "http://x/ standby=http://x/"},
        {"engine_kind": "other"},
        {"engine_credentials": Secret("secret")},
        {"engine_credentials": Secret("a:secret\nb")},
        {"engine_credentials_file": "/there/is/none"},
        {"engine_url": "https://x/", "engine_ca_file": "/there/is/none"},
    ],
    ids=str,
)
def test_settings_that_cannot_be_used_are_refused(values: dict[str, object]) -> None:
    paths = {k: Path(v) for k, v in values.items() if k.endswith("_file")}
    with pytest.raises(BadSetting) as refused:
        RemoteEngine(Settings(**{"engine_url": "http://x/", **values, **paths}))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((400, "text/plain", b"no such thing at http://127.0.0.1:8890/"), BadQuery),
        ((400, "text/html", b"<title>Apache at db.internal</title>"), BadQuery),
        ((500, "text/plain", b"db.internal fell over"), EngineUnavailable),
        ((404, "text/plain", b"db.internal"), EngineUnavailable),
        ((302, "text/plain", b"db.internal"), EngineUnavailable),
    ],
)
def test_no_address_of_the_endpoint_gets_out(reply: Reply, error: type[MigkgError]) -> None:
    with pytest.raises(error) as refused:
        exchange(query("SELECT * {}"), always(*reply))
    assert not {"127.0.0.1", "internal"} & set(str(refused.value).split())
    assert "127.0.0.1" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "media_type", "body"),
    [
        (503, "text/plain", b"Query timed out\n"),
        (503, "text/plain", b"Query evaluation took too long"),
        (429, "application/json", b'{"exception":"Operation timed out.","status":"ERROR"}'),
        (500, "application/json", b'{"code":"TimeLimitExceededException","requestId":"1"}'),
    ],
)
def test_a_limit_of_time_of_the_endpoint_is_told_as_one(
    status: int, media_type: str, body: bytes
) -> None:
    with pytest.raises(QueryTimeout, match="by the endpoint"):
        exchange(query("SELECT * {}"), always(status, media_type, body))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"exception":"Invalid SPARQL query: mismatched input","query":"x"}', "mismatched"),
        (b'{"code":"MalformedQueryException","detailedMessage":"no such prefix"}', "no such"),
        (b'{"exception":["x"]', "refused"),
        (b'"x"', "refused"),
    ],
)
def test_a_message_within_json_is_told(body: bytes, told: str) -> None:
    with pytest.raises(BadQuery, match=told):
        exchange(query("SELECT * {}"), always(400, "application/json", body))


def test_a_parsers_message_keeps_its_place() -> None:
    with pytest.raises(BadQuery, match=r"^expected x$") as refused:
        exchange(query("SELECT * {}"), always(400, "text/plain", b"error at 2:7: expected x"))
    assert (refused.value.line, refused.value.column) == (2, 7)
    message = b"Virtuoso 37000 Error SP030: SPARQL compiler, line 3: no\n\nSPARQL query:\nSELECT"
    with pytest.raises(BadQuery, match=r"no$") as refused:
        exchange(query("SELECT * {}"), always(400, "text/plain", message))
    assert refused.value.line == 3


@pytest.mark.parametrize("item", formats.RESULT_FORMATS, ids=lambda item: item.name)
@pytest.mark.parametrize("rows", [3, 4, 5])
@pytest.mark.parametrize("kind", ["generic", "virtuoso"])
def test_an_answer_is_cut_only_where_there_are_more_rows(
    item: Format, rows: int, kind: str
) -> None:
    """The endpoint has four rows, whatever it is asked."""
    text = "SELECT ?x {}"
    reply = always(200, JSON, results(*"a]}c"))
    _, whole = exchange(query(text, item), reply, engine_kind=kind)
    asking = Query.of(read_query(text), item, truncate=rows, notice="/docs#cut")
    found, data, truncated = answered(asking, reply, engine_kind=kind)
    assert found.asked[-1] == f"{text} LIMIT {rows + 1} "
    assert truncated is (rows < 4)
    if not truncated:
        assert data == whole
        return
    assert (b"/docs#cut" in data) is (item.name in ("json", "xml"))
    data = data.replace(b'"link":["/docs#cut"],', b"").replace(b'<link href="/docs#cut"/>', b"")
    _, first = exchange(query(text, item), always(200, JSON, results(*"a]}")))
    if item is formats.JSON:  # written anew
        assert json.loads(data) == json.loads(first)
    else:
        assert data == first


def test_a_limit_of_its_own_is_no_cut_and_no_wish_lifts_the_limit_of_rows() -> None:
    reply = always(200, JSON, results(*"abcd"))
    for text, sent in (("LIMIT 4", "LIMIT 4"), ("LIMIT 9", "LIMIT 5")):
        asking = Query.of(read_query(f"SELECT ?x {{}} {text}"), formats.JSON, truncate=4)
        found, _, truncated = answered(asking, reply)
        assert (found.asked[-1], truncated) == (f"SELECT ?x {{}} {sent}", False)
    asking = Query.of(read_query("SELECT ?x {}"), formats.JSON, truncate=4)
    with pytest.raises(AnswerTooLarge):
        answered(asking, reply, answer_rows=3)
