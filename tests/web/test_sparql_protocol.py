"""``/sparql`` keeps the SPARQL 1.1 Protocol, for clients that this project did not write."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
from rdflib import Graph, URIRef
from rdflib.query import Result
from SPARQLWrapper import (
    CSV,
    GET,
    JSON,
    JSONLD,
    POST,
    POSTDIRECTLY,
    RDFXML,
    TSV,
    TURTLE,
    URLENCODED,
    XML,
    SPARQLWrapper,
)

from tests.conftest import BASE, Service
from tests.web.client import (
    DIRECT,
    FORM,
    GRAPHS,
    MEDIA_TYPES,
    RESULTS,
    Reply,
    accept,
    ask,
    canonical,
    sparql,
    triples,
)

PLACES = f"{BASE}graph/places"
THEMES = f"{BASE}graph/themes"
ONTOLOGY = f"{BASE}ontology"
SELECT = """SELECT ?term ?label { VALUES (?term ?label) {
  (<https://e.example/é?a=1&b=2> "a, \\"quoted\\"\\nline"@en) (UNDEF "\\t<&>") (7 UNDEF) } }"""
CONSTRUCT = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{THEMES}> {{ ?s ?p ?o }} }}"
DESCRIBE = f"DESCRIBE <{ONTOLOGY}>"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
COUNT_NAMED = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"


def number(reply: Reply) -> int:
    assert reply.status == 200, reply.text
    return int(reply.json()["results"]["bindings"][0]["n"]["value"])


def post(
    service: Service, body: bytes, content_type: str | None, path: str = "/sparql", **headers: str
) -> Reply:
    named = {"Content-Type": content_type} if content_type else {}
    return ask(service, path, method="POST", headers={**headers, **named}, body=body)


def graph_of(dataset: ox.Store, name: str) -> set[ox.Triple]:
    return {q.triple for q in dataset.quads_for_pattern(None, None, None, ox.NamedNode(name))}


# Answers in every format


@pytest.mark.parametrize("name", RESULTS)
def test_select_in_every_format_holds_the_same_rows(service: Service, name: str) -> None:
    reply = sparql(service, SELECT, accept(name))
    assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name])
    result = Result.parse(io.BytesIO(reply.body), content_type=MEDIA_TYPES[name])
    assert [str(variable) for variable in result.vars or ()] == ["term", "label"]
    rows = [tuple(None if term in (None, "") else str(term) for term in row) for row in result]
    assert rows == [
        ("https://e.example/é?a=1&b=2", 'a, "quoted"\nline'),
        (None, "\t<&>"),
        ("7", None),
    ]


def test_csv_is_plain_values_and_tsv_is_terms(service: Service) -> None:
    assert sparql(service, SELECT, accept("csv")).text == (
        'term,label\r\nhttps://e.example/é?a=1&b=2,"a, ""quoted""\nline"\r\n,\t<&>\r\n7,\r\n'
    )
    assert sparql(service, SELECT, accept("tsv")).text == (
        '?term\t?label\n<https://e.example/é?a=1&b=2>\t"a, \\"quoted\\"\\nline"@en\n'
        '\t"\\t<&>"\n7\t\n'
    )


def test_text_formats_say_their_character_set(service: Service) -> None:
    for name in ("csv", "tsv"):
        assert sparql(service, SELECT, accept(name)).headers.get_content_charset() == "utf-8"
    assert sparql(service, CONSTRUCT, accept("ttl")).headers.get_content_charset() == "utf-8"


@pytest.mark.parametrize("name", RESULTS)
def test_an_empty_result_keeps_its_variables(service: Service, name: str) -> None:
    reply = sparql(service, "SELECT ?b ?a { FILTER(false) }", accept(name))
    result = Result.parse(io.BytesIO(reply.body), content_type=MEDIA_TYPES[name])
    assert [str(variable) for variable in result.vars or ()] == ["b", "a"]
    assert list(result) == []


@pytest.mark.parametrize("name", ["json", "xml"])
@pytest.mark.parametrize(("pattern", "expected"), [("", True), ("FILTER(false)", False)])
def test_ask_in_every_standard_format(
    service: Service, name: str, pattern: str, expected: bool
) -> None:
    reply = sparql(service, f"ASK {{ {pattern} }}", accept(name))
    assert reply.media_type == MEDIA_TYPES[name]
    result = Result.parse(io.BytesIO(reply.body), content_type=MEDIA_TYPES[name])
    assert result.askAnswer is expected


@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_ask_as_text_is_one_word(service: Service, name: str) -> None:
    assert sparql(service, "ASK {}", accept(name)).text.strip() == "true"


@pytest.mark.parametrize("name", GRAPHS)
def test_construct_in_every_format_holds_the_same_triples(
    service: Service, dataset: ox.Store, name: str
) -> None:
    reply = sparql(service, CONSTRUCT, accept(name))
    assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name])
    assert triples(reply.body, name) == graph_of(dataset, THEMES)


@pytest.mark.parametrize("name", GRAPHS)
def test_describe_in_every_format_holds_the_thing(
    service: Service, dataset: ox.Store, name: str
) -> None:
    reply = sparql(service, DESCRIBE, accept(name))
    assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name])
    own = {q.triple for q in dataset.quads_for_pattern(ox.NamedNode(ONTOLOGY), None, None, None)}
    assert own
    assert own <= triples(reply.body, name)


def test_an_empty_graph_is_an_answer(service: Service) -> None:
    for name in GRAPHS:
        reply = sparql(service, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o FILTER(false) }", accept(name))
        assert (reply.status, triples(reply.body, name)) == (200, set())


@pytest.mark.parametrize(
    ("query", "accepted", "expected"),
    [
        ("ASK {}", "*/*", "json"),
        ("ASK {}", "application/xml", "xml"),
        ("ASK {}", "image/png, application/sparql-results+xml;q=0.5", "xml"),
        ("ASK {}", "application/json;q=0.5, text/csv", "csv"),
        (CONSTRUCT, "*/*", "ttl"),
        (CONSTRUCT, "text/plain", "nt"),
        (CONSTRUCT, "application/json, application/rdf+xml;q=0.1", "rdf"),
    ],
)
def test_accept_chooses_among_the_formats_of_the_form(
    service: Service, query: str, accepted: str, expected: str
) -> None:
    reply = sparql(service, query, {"Accept": accepted})
    assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[expected])
    assert reply.headers["Vary"] == "Accept"


@pytest.mark.parametrize(
    ("query", "wanted", "accepted", "expected"),
    [
        ("ASK {}", "csv", "application/json", "csv"),
        ("ASK {}", "application/sparql-results+xml", "*/*", "xml"),
        (CONSTRUCT, "nt", "text/turtle", "nt"),
        (CONSTRUCT, "xml", "application/rdf+xml", "rdf"),
        (CONSTRUCT, "rdf+xml", "application/rdf+xml", "rdf"),
        ("ASK {}", "unheard-of", "text/csv", "csv"),
    ],
)
def test_the_parameter_format_wins_where_it_names_a_format_of_the_form(
    service: Service, query: str, wanted: str, accepted: str, expected: str
) -> None:
    reply = sparql(service, query, {"Accept": accepted}, format=wanted)
    assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[expected])


# The three ways to send a query


@pytest.mark.parametrize(
    "content_type",
    [DIRECT, f"{DIRECT}; charset=utf-8", 'Application/SPARQL-Query;charset="UTF-8"'],
)
def test_a_direct_post_is_the_query_as_it_stands(service: Service, content_type: str) -> None:
    query = 'SELECT ("100%25 + é & ü" AS ?x) {}'
    reply = post(service, query.encode(), content_type)
    assert reply.json()["results"]["bindings"][0]["x"]["value"] == "100%25 + é & ü"


def test_get_and_form_are_decoded_exactly_once(service: Service) -> None:
    query = 'SELECT ("%2525 + %41 é" AS ?x) {}'
    encoded = urlencode({"query": query})
    replies = [
        ask(service, f"/sparql?{encoded}"),
        ask(service, f"/sparql?query={quote(query, safe='')}"),
        post(service, encoded.encode(), FORM),
        post(service, encoded.encode(), f"{FORM}; charset=UTF-8"),
    ]
    for reply in replies:
        assert reply.json()["results"]["bindings"][0]["x"]["value"] == "%2525 + %41 é"


def wrapper(service: Service, query: str, answer: str) -> SPARQLWrapper:
    client = SPARQLWrapper(service.sparql, returnFormat=answer)
    client.setQuery(query)
    return client


@pytest.mark.parametrize(
    ("method", "request_method"),
    [(GET, URLENCODED), (POST, URLENCODED), (POST, POSTDIRECTLY)],
)
def test_sparqlwrapper_asks_in_every_way(
    service: Service, dataset: ox.Store, method: str, request_method: str
) -> None:
    select = wrapper(service, SELECT, JSON)
    select.setMethod(method)
    select.setRequestMethod(request_method)
    rows = select.queryAndConvert()["results"]["bindings"]
    assert [row.get("label", {}).get("value") for row in rows] == [
        'a, "quoted"\nline',
        "\t<&>",
        None,
    ]
    construct = wrapper(service, CONSTRUCT, TURTLE)
    construct.setMethod(method)
    construct.setRequestMethod(request_method)
    assert triples(construct.queryAndConvert(), "ttl") == graph_of(dataset, THEMES)


@pytest.mark.parametrize("answer", [JSON, XML, CSV, TSV])
def test_sparqlwrapper_reads_results_in_every_format(service: Service, answer: str) -> None:
    reply = wrapper(service, "SELECT ?x { VALUES ?x { 'Zürich' } }", answer).query()
    assert reply._get_responseFormat() == answer
    content = reply.convert()
    text = content.toxml() if answer == XML else content
    assert "Zürich" in (text.decode() if isinstance(text, bytes) else str(text))


@pytest.mark.parametrize("answer", [JSON, XML])
def test_sparqlwrapper_reads_a_boolean(service: Service, answer: str) -> None:
    content = wrapper(service, "ASK {}", answer).queryAndConvert()
    text = json.dumps(content) if answer == JSON else content.toxml()
    assert "true" in text


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # used by SPARQLWrapper
@pytest.mark.parametrize("answer", [XML, RDFXML, JSONLD])
@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE], ids=["construct", "describe"])
def test_sparqlwrapper_reads_graphs(service: Service, query: str, answer: str) -> None:
    content = wrapper(service, query, answer).queryAndConvert()
    assert isinstance(content, Graph)
    assert (None, URIRef("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), None) in content


# Datasets


def test_without_a_dataset_all_graphs_are_joined_and_each_has_its_name(
    service: Service, dataset: ox.Store
) -> None:
    everything = {quad.triple for quad in dataset}
    assert number(sparql(service, COUNT)) == len(everything)
    assert number(sparql(service, COUNT_NAMED)) == len(dataset)
    assert number(
        sparql(service, f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{THEMES}> {{ ?s ?p ?o }}}}")
    ) == len(graph_of(dataset, THEMES))


def from_clause(default: Iterable[str], named: Iterable[str], pattern: str) -> str:
    clauses = [f"FROM <{iri}>" for iri in default] + [f"FROM NAMED <{iri}>" for iri in named]
    return f"SELECT (COUNT(*) AS ?n) {' '.join(clauses)} {{ {pattern} }}"


@pytest.mark.parametrize("way", ["parameters", "clauses"])
@pytest.mark.parametrize(
    ("default", "named"),
    [
        ([THEMES], []),
        ([THEMES, PLACES], []),
        ([], [PLACES]),
        ([THEMES], [PLACES]),
        ([f"{BASE}graph/none"], []),
    ],
)
def test_a_dataset_holds_what_it_names_and_nothing_else(
    service: Service, dataset: ox.Store, way: str, default: list[str], named: list[str]
) -> None:
    for pattern, graphs in (("?s ?p ?o", default), ("GRAPH ?g { ?s ?p ?o }", named)):
        expected = len(set().union(*(graph_of(dataset, name) for name in graphs)))
        if way == "clauses":
            reply = sparql(service, from_clause(default, named, pattern))
        else:
            query = from_clause([], [], pattern)
            reply = sparql(service, query, default_graph_uri=default, named_graph_uri=named)
        assert number(reply) == expected


def test_the_dataset_of_the_request_beats_that_of_the_query(
    service: Service, dataset: ox.Store
) -> None:
    query = from_clause([PLACES], [PLACES], "{ ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } }")
    expected = len(graph_of(dataset, THEMES))
    assert number(sparql(service, query, default_graph_uri=THEMES)) == expected
    assert number(sparql(service, query, named_graph_uri=THEMES)) == expected


def test_a_dataset_may_stand_in_the_form_or_beside_a_direct_query(
    service: Service, dataset: ox.Store
) -> None:
    expected = len(graph_of(dataset, THEMES))
    form = urlencode({"query": COUNT, "default-graph-uri": THEMES}).encode()
    assert number(post(service, form, FORM)) == expected
    path = f"/sparql?{urlencode({'default-graph-uri': THEMES})}"
    assert number(post(service, COUNT.encode(), DIRECT, path)) == expected


@pytest.mark.parametrize("parameter", ["default-graph-uri", "named-graph-uri"])
@pytest.mark.parametrize("iri", ["relative", "", "http://e.example/<x>", "http://e.example/a b"])
def test_a_graph_that_is_no_absolute_iri_is_400(service: Service, parameter: str, iri: str) -> None:
    sparql(service, COUNT, **{parameter: iri}).problem(400, "bad-parameter")


# Refusals


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("SELECT * { ?s ?p ?o", (1, 10)),
        ("SELECT *\nWHERE {\n  ?s ?p ?o", (2, 7)),
        ("SELECT *\nWHERE {\n  ?s a }", (3, 9)),
        ("", (1, 1)),
        ("# only a comment", (1, 1)),
        ("hello", (1, 1)),
    ],
)
def test_a_syntax_error_is_400_and_says_where(
    service: Service, query: str, place: tuple[int, int]
) -> None:
    problem = sparql(service, query).problem(400, "bad-query")
    assert problem["detail"]
    assert (problem["line"], problem["column"]) == place


def test_a_syntax_error_in_the_middle_names_its_line(service: Service) -> None:
    problem = sparql(service, "SELECT * {\n  ?s ?p ?o .\n  ?s un:known ?o\n}").json()
    assert "un" in problem["detail"]
    assert problem["line"] == 3


@pytest.mark.parametrize("update", ["INSERT DATA { <a:a> <a:a> <a:a> }", "CLEAR ALL", "DROP ALL"])
def test_an_update_as_a_query_is_refused(service: Service, update: str) -> None:
    sparql(service, update).problem(400, "query-refused")


@pytest.mark.parametrize(
    ("pairs", "name"),
    [
        ([("query", "ASK {}"), ("query", "ASK {}")], "bad-parameter"),
        ([("default-graph-uri", THEMES)], "bad-parameter"),
        ([("update", "CLEAR ALL")], "no-updates"),
        ([("query", "ASK {}"), ("update", "CLEAR ALL")], "no-updates"),
    ],
)
def test_a_form_without_exactly_one_query_is_400(
    service: Service, pairs: list[tuple[str, str]], name: str
) -> None:
    post(service, urlencode(pairs).encode(), FORM).problem(400, name)


def test_two_queries_in_the_query_string_are_400(service: Service) -> None:
    ask(service, "/sparql?query=ASK%7B%7D&query=ASK%7B%7D").problem(400, "bad-parameter")
    ask(service, "/sparql?update=CLEAR+ALL").problem(400, "no-updates")
    post(service, b"ASK {}", DIRECT, "/sparql?query=ASK%7B%7D").problem(400, "bad-parameter")
    post(service, b"query=ASK%7B%7D", FORM, "/sparql?query=ASK%7B%7D").problem(400, "bad-parameter")


def test_bytes_that_are_not_utf8_are_400_wherever_they_stand(service: Service) -> None:
    replies = [
        ask(service, "/sparql?query=ASK%7B%7D%23%FF"),
        ask(service, "/sparql?query=ASK%7B%7D&x=%C3"),
        post(service, b"query=ASK%7B%7D%23%ED%A0%80", FORM),
        post(service, b"ASK {} # \xff", DIRECT),
    ]
    for reply in replies:
        reply.problem(400, "bad-encoding")


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/json", "application/sparql-update", "multipart/form-data"],
)
def test_a_post_of_another_type_is_415_and_names_what_is_taken(
    service: Service, content_type: str | None
) -> None:
    reply = post(service, b"ASK {}", content_type)
    reply.problem(415, "unsupported-media-type")
    assert reply.headers["Accept-Post"] == f"{FORM}, {DIRECT}"


def test_a_post_that_is_compressed_is_415_and_says_so(service: Service) -> None:
    headers = {"Content-Type": DIRECT, "Content-Encoding": "gzip"}
    reply = ask(service, "/sparql", method="POST", body=gzip.compress(b"ASK {}"), headers=headers)
    assert "compressed" in reply.problem(415, "unsupported-media-type")["detail"]
    assert reply.headers["Accept-Encoding"] == "identity"


def test_a_post_in_another_charset_is_415(service: Service) -> None:
    post(service, b"ASK {}", f"{DIRECT}; charset=utf-16").problem(415, "bad-charset")


@pytest.mark.parametrize(
    ("query", "accepted", "offered"),
    [
        (SELECT, "text/turtle", [MEDIA_TYPES[name] for name in RESULTS]),
        ("ASK {}", "image/png", [MEDIA_TYPES[name] for name in RESULTS]),
        (CONSTRUCT, "text/csv, image/*", [MEDIA_TYPES[name] for name in GRAPHS]),
        (DESCRIBE, "*/*;q=0", [MEDIA_TYPES[name] for name in GRAPHS]),
    ],
)
def test_406_names_what_there_is(
    service: Service, query: str, accepted: str, offered: list[str]
) -> None:
    reply = sparql(service, query, {"Accept": accepted})
    problem = reply.problem(406, "not-acceptable")
    assert sorted(problem["available"]) == sorted([*offered, "text/html"])
    assert reply.headers["Vary"] == "Accept"


def test_a_query_that_is_too_long_is_413_however_it_is_sent(service: Service) -> None:
    limit = service.settings.query_text
    longest = b"ASK {}#" + b"x" * (limit - 7)
    assert post(service, longest, DIRECT).status == 200
    post(service, longest + b"x", DIRECT).problem(413, "too-large")
    post(service, b"query=ASK%7B%7D%23" + b"x" * limit, FORM).problem(413, "query-too-long")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_405_names_every_method(service: Service, method: str) -> None:
    reply = ask(service, "/sparql?query=ASK%7B%7D", method=method)
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    reply.problem(405, "method-not-allowed")


def test_the_update_endpoint_is_forbidden(service: Service) -> None:
    body = b"INSERT DATA { <a:a> <a:a> <a:a> }"
    post(service, body, "application/sparql-update", "/update").problem(403, "read-only")
    assert ask(service, "/update").headers["Allow"] == "POST, OPTIONS"


# HTTP


@pytest.mark.parametrize("query", [SELECT, "ASK {}", CONSTRUCT, "SELECT"])
def test_head_has_the_headers_of_get_and_no_body(service: Service, query: str) -> None:
    got, headed = (sparql(service, query, method=method) for method in ("GET", "HEAD"))
    assert headed.status == got.status
    assert headed.body == b""
    for name in ("Date", "X-Request-Id"):
        del got.headers[name], headed.headers[name]
    assert sorted(headed.headers.items()) == sorted(got.headers.items())


@pytest.mark.parametrize("query", [SELECT, CONSTRUCT, COUNT_NAMED, "SELECT"])
def test_content_length_is_the_length_of_the_body(service: Service, query: str) -> None:
    reply = sparql(service, query)
    assert reply.headers["Content-Length"] == str(len(reply.body))


def test_a_preflight_from_another_origin_is_allowed(service: Service) -> None:
    reply = ask(
        service,
        "/sparql",
        method="OPTIONS",
        headers={
            "Origin": "https://elsewhere.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    allowed = reply.headers["Access-Control-Allow-Headers"].lower().split(", ")
    for name in ("content-type", "if-none-match", "if-range", "traceparent", "x-request-id"):
        assert name in allowed


def test_options_names_the_methods(service: Service) -> None:
    reply = ask(service, "/sparql", method="OPTIONS")
    assert (reply.status, reply.headers["Allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    assert reply.headers["Access-Control-Allow-Methods"] is None


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/update", "POST, OPTIONS"),
        ("/id/city/quito-ec", "GET, HEAD, OPTIONS"),
        ("/static/style.css", "GET, HEAD, OPTIONS"),
    ],
)
def test_every_path_answers_options_and_names_its_methods_in_a_405(
    service: Service, path: str, allowed: str
) -> None:
    reply = ask(service, path, method="OPTIONS")
    assert (reply.status, reply.headers["Allow"]) == (204, allowed)
    refused = ask(service, path, method="PUT")
    refused.problem(405, "method-not-allowed")
    assert refused.headers["Allow"] == allowed


@pytest.mark.parametrize(
    ("query", "accepted", "status"),
    [("ASK {}", "*/*", 200), ("ASK", "*/*", 400), ("ASK {}", "image/png", 406)],
)
def test_scripts_of_other_origins_can_read_answers_and_errors(
    service: Service, query: str, accepted: str, status: int
) -> None:
    headers = {"Origin": "https://elsewhere.example", "Accept": accepted}
    reply = sparql(service, query, headers)
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (status, "*")


def test_errors_are_not_cached(service: Service) -> None:
    assert sparql(service, "ASK").headers["Cache-Control"] == "no-store"


# The service description


@pytest.mark.parametrize("name", GRAPHS)
def test_without_a_query_the_endpoint_describes_itself(
    service: Service, dataset: ox.Store, name: str
) -> None:
    sd = "http://www.w3.org/ns/sparql-service-description#"
    reply = ask(service, "/sparql", headers=accept(name))
    assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name])
    found = triples(reply.body, name)
    endpoints = [t.object.value for t in found if t.predicate.value == f"{sd}endpoint"]
    assert endpoints == [service.sparql]
    named = {t.object.value for t in found if t.predicate.value == f"{sd}name"}
    assert named == {graph.value for graph in dataset.named_graphs()}
    features = {t.object.value for t in found if t.predicate.value == f"{sd}feature"}
    assert f"{sd}UnionDefaultGraph" in features
    spoken = {t.object.value for t in found if t.predicate.value == f"{sd}supportedLanguage"}
    assert spoken == {f"{sd}SPARQL11Query", f"{sd}SPARQL12Query"}


def test_what_is_new_in_sparql_12_is_answered(service: Service) -> None:
    """Triple terms and texts with a direction: https://www.w3.org/TR/sparql12-query/."""
    query = """VERSION "1.2" SELECT ?subject ?direction {
        BIND(<<( <http://e.example/s> <http://e.example/p> 1 )>> AS ?term)
        BIND(SUBJECT(?term) AS ?subject) BIND(LANGDIR("a"@en--rtl) AS ?direction) }"""
    reply = sparql(service, query, accept("csv"))
    assert reply.text == "subject,direction\r\nhttp://e.example/s,rtl\r\n"


def test_describe_is_a_concise_bounded_description(service: Service, dataset: ox.Store) -> None:
    """All facts of the thing, and those of the blank nodes that they lead to, and so on."""
    lists = [q for q in dataset if isinstance(q.object, ox.BlankNode)]
    thing = min(q.subject.value for q in lists if isinstance(q.subject, ox.NamedNode))
    waiting: list[ox.NamedNode | ox.BlankNode] = [ox.NamedNode(thing)]
    expected: set[ox.Triple] = set()
    while waiting:
        for quad in dataset.quads_for_pattern(waiting.pop(), None, None, None):
            if quad.triple not in expected and isinstance(quad.object, ox.BlankNode):
                waiting.append(quad.object)
            expected.add(quad.triple)
    assert len([t for t in expected if isinstance(t.subject, ox.BlankNode)]) > 1
    found = triples(sparql(service, f"DESCRIBE <{thing}>", accept("nt")).body, "nt")
    assert found == canonical(expected)
