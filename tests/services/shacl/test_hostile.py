"""Whatever a shape says, it enters a query as a term; what cannot be one is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import RDF, SH, XSD

from migkg.engine.validation_store import ValidationStore
from migkg.errors import InvalidData, ShapeRefused
from migkg.services.shacl import terms, validate
from migkg.services.shacl.compiler import ShapeCompiler
from migkg.services.shacl.running import run
from migkg.services.shacl.shapes import ShapesGraph
from tests.services.shacl.oracle import compiled, short, triples

EVIL = st.text(
    st.one_of(
        st.sampled_from("\"'\\\n\r\t\b\f\0<>{}|^`$?#@ _:;.,()[]%\u2028\ufeff\U0001f600"),
        st.characters(),
    ),
    max_size=12,
)
INJECTIONS = (
    '"} SERVICE <http://127.0.0.1:9/> { ?s ?p ?o',
    '\\" } #',
    "\\",
    '"""',
    "x> ?y . ?s <x",
    "} UNION { ?f0 ?p ?o } #",
    "\\u0022",
    "\n} #",
    "$this ?value {?x}",
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(EVIL, st.sampled_from(INJECTIONS)))
def test_a_string_comes_back_as_it_was(text: str) -> None:
    try:
        written = terms.string(text)
    except ShapeRefused:
        assert any("\ud800" <= character <= "\udfff" for character in text)
        return
    (row,) = ValidationStore([]).select(f"SELECT ({written} AS ?x) {{}}")
    assert row["x"] == Literal(text)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(EVIL, st.sampled_from(INJECTIONS)),
    st.one_of(st.just("en"), EVIL),
    st.sampled_from(("plain", "language", "datatype", "IRI")),
)
def test_a_term_comes_back_or_is_refused(text: str, more: str, kind: str) -> None:
    made = {
        "plain": lambda: Literal(text),
        "language": lambda: Literal(text, lang="en"),
        "datatype": lambda: Literal(text, datatype=URIRef(f"urn:x:{more}"), normalize=False),
        "IRI": lambda: URIRef(f"urn:x:{text}"),
    }[kind]()
    try:
        written = terms.term(made)
    except InvalidData:
        return
    (row,) = ValidationStore([]).select(f"SELECT ({written} AS ?x) {{}}")
    assert row["x"] == made


def a_shapes_graph(text: str) -> Graph:
    """Every place at which a shape can hold a text or an IRI."""
    graph, shape, values = Graph(), URIRef("urn:x:shape"), BNode()
    Collection(graph, values, [Literal(text), URIRef(f"urn:x:{text}")])
    languages = BNode()
    Collection(graph, languages, [Literal(text)])
    graph.add((shape, RDF.type, SH.PropertyShape))
    graph.add((shape, SH.targetNode, Literal(text)))
    graph.add((shape, SH.targetClass, URIRef(f"urn:x:{text}")))
    graph.add((shape, SH.path, URIRef(f"urn:x:{text}")))
    for parameter, value in (
        (SH.hasValue, Literal(text)),
        (SH["class"], URIRef(f"urn:x:{text}")),
        (SH.datatype, URIRef(f"urn:x:{text}")),
        (SH.pattern, Literal(text)),
        (SH.minInclusive, Literal(text)),
        (SH["in"], values),
        (SH.languageIn, languages),
        (SH.equals, URIRef(f"urn:x:{text}")),
        (SH.message, Literal(text)),
    ):
        graph.add((shape, parameter, value))
    return graph


@settings(max_examples=200, deadline=None)
@given(st.one_of(EVIL, st.sampled_from(INJECTIONS)))
def test_a_whole_shape_runs_or_is_refused(text: str) -> None:
    graph = ShapesGraph(a_shapes_graph(text))
    store = ValidationStore(triples("ex:a ex:p ex:b ."))
    try:
        steps = ShapeCompiler(graph, {}).compile(URIRef("urn:x:shape"))
    except ShapeRefused:
        return
    (done,) = run([steps], store)
    assert {focus for step in done for focus, _ in step.found} == {Literal(text)}


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_value_that_looks_like_a_query_is_found_as_a_value(text: str) -> None:
    escaped = Literal(text, datatype=XSD.string).n3()
    shapes = f"ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:in ( {escaped} ) ] ."
    assert short(compiled(shapes, f'ex:a ex:p {escaped}, "other" .')) == [("a", "In", "other")]


@pytest.mark.parametrize("name", ["e: <urn:x> SELECT * {} #", "a b", "a:", "1a", "a.", "<", "\\n"])
def test_a_prefix_that_is_none_is_refused(name: str) -> None:
    shapes = f"""ex:S sh:targetNode ex:a ; sh:sparql [ sh:prefixes ex: ;
      sh:select "SELECT $this {{ $this ?p ?o }}" ] .
    ex: sh:declare [ sh:prefix "{name}" ; sh:namespace "urn:y" ] ."""
    with pytest.raises(InvalidData, match="no name for a prefix"):
        validate(triples(""), triples(shapes), prefixes={}, trusted=False)
