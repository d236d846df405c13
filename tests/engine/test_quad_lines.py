"""Lines of N-Quads are understood without a parser exactly as the parser understands them."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migkg.engine.quad_lines import (
    has_blank_node,
    in_graph,
    rename_blank_nodes,
    split_line,
    subject_of,
)

EX = "https://example.org/"
IRIS = st.sampled_from(["a", "b/c#d", "é?x=1&y=2", "%20", "_:x"]).map(
    lambda s: ox.NamedNode(EX + s)
)
BLANKS = st.sampled_from(["x", "y1", "a.b-c"]).map(ox.BlankNode)
TEXTS = st.text(st.sampled_from('ab" <>_:.@^\\\n\r\té\x00\x7f'), max_size=12) | st.sampled_from(
    ["_:x", " _:x .", "<https://a.example/> .", '" .', "> ."]
)
LITERALS = (
    TEXTS.map(ox.Literal)
    | TEXTS.map(lambda text: ox.Literal(text, language="en-gb"))
    | TEXTS.map(lambda text: ox.Literal(text, datatype=ox.NamedNode(EX + "type")))
)
GRAPHS = IRIS | BLANKS | st.just(ox.DefaultGraph())
QUADS = st.builds(ox.Quad, IRIS | BLANKS, IRIS, IRIS | BLANKS | LITERALS, GRAPHS)


def line_of(quad: ox.Quad) -> bytes:
    return (ox.serialize([quad], format=ox.RdfFormat.N_QUADS) or b"").removesuffix(b"\n")


def parsed(line: bytes) -> ox.Quad:
    (quad,) = ox.parse(line, format=ox.RdfFormat.N_QUADS)
    return quad


def text(term: object) -> bytes:
    return b"" if isinstance(term, ox.DefaultGraph) else str(term).encode()


@given(QUADS)
def test_a_line_is_split_into_triple_and_graph(quad: ox.Quad) -> None:
    triple, graph = split_line(line_of(quad))
    assert parsed(triple + b" .").triple == quad.triple
    assert graph == text(quad.graph_name)
    assert subject_of(line_of(quad)) == text(quad.subject)


@given(QUADS)
def test_blank_nodes_are_found(quad: ox.Quad) -> None:
    terms = (quad.subject, quad.object, quad.graph_name)
    assert has_blank_node(line_of(quad)) == any(isinstance(t, ox.BlankNode) for t in terms)


@given(QUADS)
def test_blank_nodes_are_renamed_and_nothing_else(quad: ox.Quad) -> None:
    def renamed(term):
        return ox.BlankNode("n" + term.value) if isinstance(term, ox.BlankNode) else term

    expected = ox.Quad(
        renamed(quad.subject), quad.predicate, renamed(quad.object), renamed(quad.graph_name)
    )
    assert parsed(rename_blank_nodes(line_of(quad), b"n")) == expected


@given(QUADS)
def test_only_a_line_without_a_graph_is_put_into_one(quad: ox.Quad) -> None:
    graph = ox.NamedNode(EX + "graph")
    found = parsed(in_graph(line_of(quad), text(graph)))
    assert found.triple == quad.triple
    was_default = isinstance(quad.graph_name, ox.DefaultGraph)
    assert found.graph_name == (graph if was_default else quad.graph_name)


@pytest.mark.parametrize("character", ['"', " ", "<", "\\", "\n"])
def test_an_iri_never_holds_what_would_mislead(character: str) -> None:
    escaped = f"<{EX}\\u{ord(character):04X}> <{EX}p> <{EX}o> .".encode()
    with pytest.raises(SyntaxError):
        parsed(escaped)
