"""A figure is only taken of answers that are right."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest

from benchmarks import graph, workloads
from benchmarks.requests import Expected, Reply, Requests, Wrong, check, requests_for
from benchmarks.systems import Running
from benchmarks.workloads import Workload
from tests.benchmarks.conftest import Endpoint

THING = graph.thing(0)
TRIPLES = [
    ox.Triple(ox.NamedNode(THING), ox.NamedNode("http://e/p"), ox.Literal(str(number)))
    for number in range(2)
]
ROWS = Workload(
    name="some", label="some", queries=[f"SELECT ?o{workloads.UNIQUE} {{ ?s ?p ?o@@ }}"]
)
GRAPH = Workload(
    name="graph",
    label="graph",
    queries=["CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"],
    accept=workloads.TRIPLES,
)
ABOUT = Workload(
    name=workloads.DESCRIPTION,
    label="description",
    queries=["CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"],
    about=[THING],
    accept=workloads.TRIPLES,
)
ASK = Workload(name="ask", label="ask", queries=["ASK { ?s ?p ?o }"])


@pytest.fixture
def expected() -> Expected:
    store = ox.Store()
    store.extend(
        ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode("http://g")) for t in TRIPLES
    )
    return Expected(store)


def table(rows: int) -> bytes:
    return json.dumps({"results": {"bindings": [{}] * rows}}).encode()


def ask(endpoint: Endpoint, workload: Workload, expected: Expected) -> Reply:
    requests = requests_for(endpoint.system, workload)
    assert requests is not None
    return check(endpoint.system, workload, requests, expected)


def test_the_right_number_of_rows_is_right(endpoint: Endpoint, expected: Expected) -> None:
    endpoint.body = table(2)
    assert ask(endpoint, ROWS, expected).body == endpoint.body
    assert all("@@" not in path for path, _ in endpoint.asked)
    assert len({path for path, _ in endpoint.asked}) == len(endpoint.asked) > 1


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, table(1), "1 rows, not 2"),
        (200, table(3), "3 rows, not 2"),
        (200, table(2)[:-4], "cannot be read"),
        (200, b'{"results": {}}', "cannot be read"),
        (503, table(2), "status 503, not 200"),
    ],
)
def test_another_answer_is_wrong(
    endpoint: Endpoint, expected: Expected, status: int, body: bytes, why: str
) -> None:
    endpoint.status, endpoint.body = status, body
    with pytest.raises(Wrong, match=why):
        ask(endpoint, ROWS, expected)


def test_no_answer_is_wrong(expected: Expected) -> None:
    system = Running(key="x", label="x", port=9, pid=0, sparql="/")
    with pytest.raises(Wrong, match="no answer"):
        check(system, ROWS, Requests(["/"]), expected)


def test_an_ask_must_be_true(endpoint: Endpoint, expected: Expected) -> None:
    endpoint.body = b'{"boolean": true}'
    ask(endpoint, ASK, expected)
    endpoint.body = b'{"boolean": false}'
    with pytest.raises(Wrong):
        ask(endpoint, ASK, expected)


def test_triples_are_counted_once_in_any_format_that_is_known(
    endpoint: Endpoint, expected: Expected
) -> None:
    endpoint.headers = {"Content-Type": "text/turtle"}
    endpoint.body = ox.serialize([*TRIPLES, *TRIPLES], format=ox.RdfFormat.TURTLE) or b""
    ask(endpoint, GRAPH, expected)
    endpoint.headers = {"Content-Type": "text/html"}
    with pytest.raises(Wrong, match="cannot be read"):
        ask(endpoint, GRAPH, expected)


def test_a_description_may_say_more_than_what_is_asked_about(
    endpoint: Endpoint, expected: Expected
) -> None:
    more = ox.Triple(ox.NamedNode("http://e/other"), ox.NamedNode("http://e/p"), ox.Literal("x"))
    endpoint.headers = {"Content-Type": "application/n-triples"}
    endpoint.body = ox.serialize([*TRIPLES, more], format=ox.RdfFormat.N_TRIPLES) or b""
    ask(endpoint, ABOUT, expected)
    endpoint.body = ox.serialize([TRIPLES[0], more], format=ox.RdfFormat.N_TRIPLES) or b""
    with pytest.raises(Wrong, match="1 rows, not 2"):
        ask(endpoint, ABOUT, expected)


def test_304_is_asked_for_with_the_validator(endpoint: Endpoint, expected: Expected) -> None:
    workload = Workload(name=workloads.NOT_MODIFIED, label="304", queries=["ASK {}"])
    assert requests_for(endpoint.system, workload) is None
    endpoint.headers = {"ETag": '"1"'}
    ask(endpoint, workload, expected)
    assert endpoint.asked[-1][1] == '"1"'


def test_linked_data_is_asked_by_its_own_address() -> None:
    ours = Running(key="m", label="m", port=1, pid=1, sparql="/sparql", linked_data=True)
    peer = Running(key="p", label="p", port=1, pid=1, sparql="/query")
    found = requests_for(ours, ABOUT)
    assert found
    assert list(found.paths) == ["/data/city/city-0"]
    theirs = requests_for(peer, ABOUT)
    assert theirs
    assert theirs.paths[0].startswith("/query?query=CONSTRUCT%20")


def test_only_a_system_without_queries_gets_the_empty_workload() -> None:
    hello = Workload(name=workloads.HELLO, label="hello", queries=[""])
    bare = Running(key="b", label="b", port=1, pid=1, sparql=None)
    peer = Running(key="p", label="p", port=1, pid=1, sparql="/query")
    assert requests_for(bare, hello) == Requests(["/"])
    assert requests_for(bare, ROWS) is None
    assert requests_for(peer, hello) is None
