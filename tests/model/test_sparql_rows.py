"""A query with fewer solutions: the same query, and no more solutions than asked for."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migkg.errors import BadQuery
from migkg.model.sparql_text import Form, limit_rows, read_query
from tests.conftest import ROOT

W3C = ROOT.parent / "shared" / "testdata"
EXAMPLE = "https://example.org/"
CASES = [
    ("SELECT * { ?s ?p ?o }", "SELECT * { ?s ?p ?o } LIMIT 5 "),
    ("SELECT * { ?s ?p ?o }\n# end", "SELECT * { ?s ?p ?o } LIMIT 5 \n# end"),
    ("SELECT * {} # LIMIT 3", "SELECT * {} LIMIT 5  # LIMIT 3"),
    ("SELECT * {} ORDER BY ?s", "SELECT * {} ORDER BY ?s LIMIT 5 "),
    ("SELECT * {} OFFSET 2", "SELECT * {} OFFSET 2 LIMIT 5 "),
    ("SELECT * {} LIMIT 5", "SELECT * {} LIMIT 5"),
    ("SELECT * {} LIMIT 3 OFFSET 2", "SELECT * {} LIMIT 3 OFFSET 2"),
    ("SELECT * {} limit 6", "SELECT * {} limit 5"),
    ("SELECT * {}LIMIT#6\n\t00017 OFFSET 20", "SELECT * {}LIMIT#6\n\t5 OFFSET 20"),
    ("SELECT * {} LIMIT 0005", "SELECT * {} LIMIT 0005"),
    ("SELECT * {} LIMIT 0", "SELECT * {} LIMIT 0"),
    ("SELECT * {} LIMIT " + "9" * 5000, "SELECT * {} LIMIT 5"),
    ("SELECT * {}VALUES ?x { 1 }", "SELECT * {} LIMIT 5 VALUES ?x { 1 }"),
    ("SELECT * {} OFFSET 1 VALUES ?x { 1 }", "SELECT * {} OFFSET 1 LIMIT 5  VALUES ?x { 1 }"),
    ("SELECT * {} LIMIT 9 VALUES ?x { 1 }", "SELECT * {} LIMIT 5 VALUES ?x { 1 }"),
    (
        "SELECT * { { SELECT * {} LIMIT 9 } VALUES ?x { 1 } }",
        "SELECT * { { SELECT * {} LIMIT 9 } VALUES ?x { 1 } } LIMIT 5 ",
    ),
    ("DESCRIBE <a> <b>", "DESCRIBE <a> <b> LIMIT 5 "),
    ("CONSTRUCT WHERE { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 5 "),
    ("ASK { ?s ?p ?o }", "ASK { ?s ?p ?o }"),
    ("SELECT ?limit { ?limit ?p 'LIMIT 3' }", "SELECT ?limit { ?limit ?p 'LIMIT 3' } LIMIT 5 "),
]


@pytest.fixture(scope="module")
def store() -> ox.Store:
    numbers = (
        f'<{EXAMPLE}s{n % 4}> <{EXAMPLE}p{n % 3}> "{n}"^^'
        "<http://www.w3.org/2001/XMLSchema#integer> ."
        for n in range(12)
    )
    made = ox.Store()
    made.load("\n".join(numbers), format=ox.RdfFormat.N_TRIPLES)
    return made


def count(store: ox.Store, text: str) -> int:
    result = store.query(text, base_iri=EXAMPLE)
    assert isinstance(result, ox.QuerySolutions)
    return sum(1 for _ in result)


@pytest.mark.parametrize(("text", "limited"), CASES)
def test_the_limit_stands_where_the_grammar_has_it(text: str, limited: str) -> None:
    assert limit_rows(read_query(text), 5) == limited


@pytest.mark.parametrize("limited", [limited for _, limited in CASES])
def test_the_limited_query_is_a_query(store: ox.Store, limited: str) -> None:
    assert store.query(limited, base_iri=EXAMPLE) is not None


PARTS = st.tuples(
    st.sampled_from(
        [
            "SELECT * { ?s ?p ?o }",
            "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s",
            "SELECT * { { SELECT ?s { ?s ?p ?o } LIMIT 7 } }",
            "SELECT DISTINCT ?p { ?s ?p ?o . FILTER(?o > 3) }",
            "SELECT * { VALUES ?o { 1 2 3 4 5 } ?s ?p ?o }",
        ]
    ),
    st.sampled_from(["", " ORDER BY ?p", "\nORDER BY DESC(?s) # LIMIT 2\n"]),
    st.sampled_from(["", " LIMIT 0", " LIMIT 3", "\nLIMIT#\n9", " LIMIT 100"]),
    st.sampled_from(["", " OFFSET 2", " OFFSET 0 "]),
    st.sampled_from(["", "\tVALUES ?s { UNDEF }", " VALUES (?p) { (UNDEF) } "]),
    st.sampled_from(["", "#", " # end LIMIT 1"]),
)


@given(PARTS, st.integers(0, 14))
def test_there_are_as_many_rows_as_before_or_as_allowed(
    store: ox.Store, parts: tuple[str, ...], rows: int
) -> None:
    text = "".join(parts)
    limited = limit_rows(read_query(text), rows)
    assert count(store, limited) == min(count(store, text), rows)


def w3c_queries() -> list[Path]:
    return [path for path in sorted(W3C.glob("sparql1[12]/*/*.rq")) if "bad" not in path.name]


def w3c_store(path: Path) -> ox.Store:
    """What stands beside a query and can be read, all in one."""
    made = ox.Store()
    for data in sorted(path.parent.glob("*.ttl"))[:40]:
        if "manifest" not in data.name:
            made.load(path=str(data), format=ox.RdfFormat.TURTLE, base_iri=EXAMPLE)
    return made


@pytest.mark.skipif(not W3C.is_dir(), reason="the W3C's tests are not beside the checkout")
def test_every_query_of_the_w3c_that_can_be_read_can_be_limited() -> None:
    stores: dict[Path, ox.Store] = {}
    seen = 0
    for path in w3c_queries():
        try:
            query = read_query(path.read_text("utf-8"))
            result = ox.Store().query(query.text, base_iri=EXAMPLE)
        except (BadQuery, SyntaxError, ValueError, RuntimeError):
            continue
        limited = limit_rows(query, 1)
        assert ox.Store().query(limited, base_iri=EXAMPLE) is not None, path
        if query.form is Form.SELECT and isinstance(result, ox.QuerySolutions):
            store = stores.setdefault(path.parent, w3c_store(path))
            assert count(store, limited) == min(count(store, query.text), 1), path
        seen += 1
    assert seen > 150
