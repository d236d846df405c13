"""From among several releases a query gets what it gets from one that is alone."""

from __future__ import annotations

from collections import Counter

import pyoxigraph as ox
import pytest

from migkg.errors import QueryRefused
from migkg.model.graph_names import NAMES, GraphNames, translated

BASE = "https://e.example/"
QUADS = f"""
<{BASE}s1> <{BASE}p> "1" <{BASE}graph/a> .
<{BASE}s1> <{BASE}p> "1" <{BASE}graph/b> .
<{BASE}s2> <{BASE}p> "2" <{BASE}graph/b> .
<{BASE}s2> <{BASE}in> <{BASE}graph/a> <{BASE}graph/b> .
<{BASE}s1> <{BASE}q> <{BASE}s2> <{BASE}graph/c> .
"""
OWN = GraphNames(
    whole=f"{BASE}r/1/all",
    names=f"{BASE}r/1/names",
    graphs={f"{BASE}graph/{letter}": f"{BASE}r/1/graph/{letter}" for letter in "abc"},
)
QUERIES = [
    "SELECT * { ?s ?p ?o }",
    "SELECT ?s { ?s <p> ?o }",
    "SELECT * { GRAPH ?g { ?s ?p ?o } }",
    "SELECT DISTINCT * { GRAPH ?g { ?s <p> ?o } }",
    "SELECT REDUCED * { GRAPH $g { $s ?p ?o } }",
    "SELECT ?g { GRAPH ?g {} }",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "SELECT (COUNT(DISTINCT *) AS ?n) { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * { GRAPH <graph/a> { ?s ?p ?o } }",
    "SELECT * { GRAPH <graph/none> { ?s ?p ?o } }",
    "SELECT * { GRAPH <r/1/graph/b> { ?s ?p ?o } }",
    "SELECT * { GRAPH <r/1/names> { ?s ?p ?o } }",
    "SELECT * { GRAPH <r/2/all> { ?s ?p ?o } }",
    "PREFIX g: <https://e.example/graph/> SELECT * { GRAPH g:b { ?s ?p ?o } }",
    "BASE <https://e.example/graph/> SELECT * { GRAPH <b> { ?s ?p ?o } }",
    r"SELECT * { GRAPH <https://e.example/gr\u0061ph/b> { ?s ?p ?o } }",
    "SELECT * { ?x <in> ?g . GRAPH ?g { ?s ?p ?o } }",
    "SELECT * { GRAPH ?g { ?x <in> ?g } }",
    "SELECT * { GRAPH ?g { ?s <in> ?h } GRAPH ?h { ?t ?p ?o } }",
    "SELECT * { GRAPH ?g { ?s <p> ?o } FILTER(?g = <https://e.example/graph/b>) }",
    "SELECT * { GRAPH ?g { ?s <p> ?o } FILTER EXISTS { GRAPH ?h { ?s <q> ?hidden } } }",
    "SELECT * { ?s <p> ?o FILTER NOT EXISTS { GRAPH ?g { ?s <in> ?x } } }",
    "SELECT * { GRAPH ?g { ?s <p> ?o } MINUS { GRAPH ?h { ?s <in> ?x } } }",
    "SELECT * { GRAPH ?g { ?s <p> ?o } OPTIONAL { GRAPH ?h { ?s <in> ?x } } }",
    "SELECT * { { GRAPH ?g { ?s <p> ?o } } UNION { ?s <q> ?x } }",
    "SELECT * { GRAPH ?g { ?s <p> ?o BIND(STRLEN(?o) AS ?n) } BIND(STR(?g) AS ?name) }",
    "SELECT * { { SELECT ?s (COUNT(?g) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?s } }",
    "SELECT * { { SELECT * { GRAPH ?g { ?s <in> ?o } } } ?s <p> ?v }",
    'SELECT * { GRAPH ?g { ?s <p> ?o } } VALUES (?o ?more) { ("1" 5) }',
    'SELECT * { GRAPH ?g { ?s <p> ?o VALUES ?o { "2" } } }',
    "SELECT * { GRAPH ?g { ?s <p> ?o } } ORDER BY ?other LIMIT 10",
    "SELECT ?graph_ { GRAPH ?graph_ { ?s ?p ?o } }",
    "SELECT * { GRAPH ?g { [] <p> ?o ; <in> [] } }",
    "SELECT * FROM <graph/a> { ?s ?p ?o }",
    "SELECT * FROM <graph/a> FROM <graph/b> { ?s ?p ?o }",
    "SELECT DISTINCT * FROM <graph/a> FROM <graph/b> FROM <graph/c> { ?s ?p ?o }",
    "SELECT * FROM <graph/a> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * FROM NAMED <graph/a> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * FROM NAMED <graph/a> { ?s ?p ?o }",
    "SELECT * FROM<graph/b>FROM NAMED<graph/a>{ ?s ?p ?o GRAPH ?g { ?s ?p ?o } }",
    "SELECT * FROM <graph/none> { ?s ?p ?o }",
    "SELECT * FROM NAMED <r/2/all> { GRAPH ?g { ?s ?p ?o } }",
    "SELECT * { GRAPH ?g { ?s <q>/<p> ?o } }",
    "ASK { GRAPH ?g { ?s <q> ?o } }",
    "CONSTRUCT { ?s <is> ?g } { GRAPH ?g { ?s ?p ?o } }",
    "DESCRIBE ?s { GRAPH <graph/a> { ?s ?p ?o } }",
    "SELECT (EXISTS { GRAPH ?g { ?s <in> ?x } } AS ?e) { ?s <p> ?o }",
]


def several_releases() -> ox.Store:
    """The release beside an older one with other triples."""
    store = ox.Store()
    add = store.add
    whole = ox.NamedNode(OWN.whole)
    for quad in ox.parse(QUADS, format=ox.RdfFormat.N_QUADS):
        triple = quad.triple
        add(ox.Quad(*triple, ox.NamedNode(OWN.graphs[quad.graph_name.value])))
        add(ox.Quad(*triple, whole))
        for name in (f"{BASE}r/2/all", f"{BASE}r/2/graph/a", f"{BASE}graph/a"):
            old = ox.Literal("of the old release")
            add(ox.Quad(triple.subject, triple.predicate, old, ox.NamedNode(name)))
    for name, own in OWN.graphs.items():
        terms = (ox.NamedNode(own), ox.NamedNode(NAMES), ox.NamedNode(name))
        add(ox.Quad(*terms, ox.NamedNode(OWN.names)))
    return store


ALONE = ox.Store()
for one in ox.parse(QUADS, format=ox.RdfFormat.N_QUADS):
    ALONE.add(one)
    ALONE.add(ox.Quad(*one.triple))  # in its default graph each triple is once
SEVERAL = several_releases()


def bag(found: object) -> object:
    if isinstance(found, ox.QuerySolutions):
        names = [variable.value for variable in found.variables]
        return set(names), Counter(
            frozenset((name, str(row[name])) for name in names) for row in found
        )
    return Counter(map(str, found)) if isinstance(found, ox.QueryTriples) else bool(found)


@pytest.mark.parametrize("text", QUERIES)
def test_the_answer_is_that_of_the_release_alone(text: str) -> None:
    expected = ALONE.query(text, base_iri=BASE)
    changed = translated(text, OWN, BASE)
    found = SEVERAL.query(
        changed.text,
        base_iri=BASE,
        default_graph=[ox.NamedNode(name) for name in changed.default_graphs],
        named_graphs=[ox.NamedNode(name) for name in changed.named_graphs],
    )
    assert bag(found) == bag(expected), changed.text


def test_the_dataset_of_the_request_wins_over_that_of_the_text() -> None:
    text = "SELECT * FROM <graph/a> { GRAPH ?g { ?s ?p ?o } }"
    changed = translated(text, OWN, BASE, ((f"{BASE}graph/b",), (f"{BASE}graph/c",)))
    assert changed.default_graphs == (OWN.graphs[f"{BASE}graph/b"],)
    assert changed.named_graphs == (OWN.names, OWN.graphs[f"{BASE}graph/c"])
    assert "FROM" not in changed.text


def test_named_graphs_go_along_only_where_a_query_asks_for_some() -> None:
    assert translated("ASK { ?graph <graph> 'GRAPH ?g {'}", OWN, BASE).named_graphs == ()


@pytest.mark.parametrize(
    "text",
    [r"SELECT * { G\u0052APH ?g { ?s ?p ?o } }", r"SELECT * { ?s ?p '\u0027 GRAPH ?g { } #' }"],
)
def test_what_engines_read_in_different_ways_is_refused(text: str) -> None:
    with pytest.raises(QueryRefused, match="escapes"):
        translated(text, OWN, BASE)
