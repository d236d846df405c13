"""In front of Virtuoso the service gives what it gives by itself, or says that it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from migkg.engine.release import Release
from migkg.settings import Settings
from tests.conftest import Service, serve
from tests.engines import empty_virtuoso
from tests.web.client import GRAPHS, RESULTS, accept, ask, sparql, triples
from tests.web.test_conformance import failures
from tests.web.test_remote import CONSTRUCT, COUNT, DATASETS, PLACES, SELECTS, THEMES, bag

MOST = 70_000  # rows; the release has 62,000 triples
DEADLINE = "30"
# What Virtuoso does in its own way, see docs/engines.md.
OWN_WAY = {
    "bad_query_ungrouped_projection_400": "it answers a query that selects what is not grouped",
    "rand_differs": "RAND() has one value for the whole of an answer",
}
# It writes 1.50 as 1.5, and gives the columns of ``*`` in an order of its own.
COMPARED = [query for query in SELECTS if "VALUES" not in query and "SELECT *" not in query]
GRAPH_QUERIES = [
    "ASK { GRAPH <urn:none> { ?s ?p ?o } }",
    "SELECT (COUNT(*) AS ?n) { GRAPH <urn:none> { ?s ?p ?o } }",
    "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } FILTER(?g = <urn:none>) }",
    "SELECT (COUNT(*) AS ?n) { VALUES ?g { <urn:none> } GRAPH ?g { ?s ?p ?o } }",
    "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }",
    "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }",
    f"SELECT (COUNT(*) AS ?n) FROM <{THEMES}> {{ GRAPH <{THEMES}> {{ ?s ?p ?o }} }}",
    f"SELECT (COUNT(*) AS ?n) FROM <{THEMES}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    f"SELECT (COUNT(*) AS ?n) FROM NAMED <{THEMES}> {{ GRAPH <{PLACES}> {{ ?s ?p ?o }} }}",
]


@pytest.fixture(scope="module")
def in_front(
    settings: Settings, release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service in front of a Virtuoso that holds the same release."""
    folder = tmp_path_factory.mktemp("virtuoso")
    with (
        empty_virtuoso(folder, rows=MOST, source=release.store) as address,
        serve(
            settings,
            release,
            MIGKG_ENGINE_URL=f"{address}/sparql",
            MIGKG_QUERY_DEADLINE=DEADLINE,
        ) as running_service,
    ):
        yield running_service


@pytest.mark.parametrize("query", [*COMPARED, *GRAPH_QUERIES])
def test_rows_are_the_same(service: Service, in_front: Service, query: str) -> None:
    ours, theirs = (sparql(s, query) for s in (service, in_front))
    assert (ours.status, theirs.status) == (200, 200), theirs.text
    if query.startswith("ASK"):
        assert ours.json() == theirs.json()
    else:
        assert bag(ours) == bag(theirs)


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_dataset_is_kept_to(
    service: Service, in_front: Service, dataset: dict[str, str | list[str]]
) -> None:
    assert bag(sparql(service, COUNT, **dataset)) == bag(sparql(in_front, COUNT, **dataset))


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("pattern", ["", "FILTER(false)"])
def test_a_truth_value_is_the_same(
    service: Service, in_front: Service, pattern: str, name: str
) -> None:
    path = f"/sparql?query={quote(f'ASK {{ {pattern} }}')}"
    ours, theirs = (ask(s, path, headers=accept(name)) for s in (service, in_front))
    assert (theirs.status, theirs.text.strip()) == (200, ours.text.strip())


@pytest.mark.parametrize("name", GRAPHS)
def test_triples_are_the_same_in_every_format(
    service: Service, in_front: Service, name: str
) -> None:
    path = f"/sparql?query={quote(CONSTRUCT)}"
    theirs = ask(in_front, path, headers=accept(name))
    expected = triples(ask(service, path, headers=accept("nt")).body, "nt")
    assert theirs.status == 200
    assert triples(theirs.body, name) == expected


def test_clients_are_told_that_it_differs(service: Service, in_front: Service) -> None:
    path = "/sparql?query=ASK%7B%7D"
    assert "Migkg-Caution" not in ask(service, path).headers
    assert ask(in_front, path).headers["Migkg-Caution"].startswith("Virtuoso; ")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s { ?s ?p ?o . ?s ?q ?b } LIMIT 80000",
        "CONSTRUCT { ?s a ?s } WHERE { ?s ?p ?o . ?s ?q ?b }",
    ],
)
def test_an_answer_that_it_would_shorten_is_refused(in_front: Service, query: str) -> None:
    sparql(in_front, query).problem(413, "answer-too-large")


@pytest.mark.parametrize(
    "query",
    [
        'PREFIX x: <bif:> SELECT (x:concat("a", "b") AS ?x) {}',
        "DEFINE <input:inference> 'x' SELECT * {}",
        "SELECT * {} ; INSERT DATA { GRAPH <urn:x> { <urn:a> <urn:b> <urn:c> } }",
    ],
)
def test_its_own_language_is_refused(in_front: Service, query: str) -> None:
    sparql(in_front, query).problem(400, "query-refused")


def test_a_parameter_of_its_own_goes_no_further(service: Service, in_front: Service) -> None:
    """With ``timeout`` it gives a part of the rows."""
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    theirs = sparql(in_front, query, timeout="1", should_sponge="grab-all")
    assert bag(theirs) == bag(sparql(service, query))


@pytest.mark.parametrize("name", ["sparql_protocol.py", "graph_store.py"])
def test_the_conformance_client_finds_nothing_unknown(in_front: Service, name: str) -> None:
    assert failures(in_front, name, OWN_WAY) == []
