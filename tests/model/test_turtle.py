"""Canonical Turtle says the same as the graph, in one way only, or refuses."""

from __future__ import annotations

import difflib
import random

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import RDF, XSD

from migkg.engine.rdf_io import canonical_triples, to_rdflib
from migkg.errors import BadFile
from migkg.model.turtle import comment_block, inner_comment, write_turtle

EX = "https://example.org/"
PREFIXES = {"ex": EX, "deep": EX + "deep/", "xsd": str(XSD), "rdf": str(RDF)}

_TEXT = st.text(
    st.one_of(
        st.sampled_from("\"'\\\n\r\t\b\f\x00\x01\x1f\x7f\x85\u2028#@^<>.;,"),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=12,
)
_NAMES = st.sampled_from(
    ["a", "b", "", "deep/c", "deep/", "1", "-x", "a.b", "a.", "é", "a#b", "a/b", "%20", "a:b", "~"]
)
_IRIS = st.builds(lambda name: ox.NamedNode(EX + name), _NAMES)
_NUMBERS = st.tuples(
    st.sampled_from(
        [
            "01",
            "+1",
            "-1",
            ".5",
            "1.",
            "1.0",
            "-.5",
            "+0.50",
            "1e5",
            "1E-5",
            "1.e5",
            "INF",
            "NaN",
            "٣",
            "true",
            "1",
            "x",
        ]
    ),
    st.sampled_from(["integer", "decimal", "double", "boolean", "date", "string"]),
).map(lambda pair: ox.Literal(pair[0], datatype=ox.NamedNode(str(XSD[pair[1]]))))
_LITERALS = st.one_of(
    st.builds(ox.Literal, _TEXT),
    st.builds(
        lambda text, tag: ox.Literal(text, language=tag), _TEXT, st.sampled_from(["en", "de-at"])
    ),
    st.builds(lambda text, iri: ox.Literal(text, datatype=iri), _TEXT, _IRIS),
    _NUMBERS,
)
# An object is a term, a list of objects, or a blank node with facts of its own.
_OBJECTS = st.recursive(
    st.one_of(_IRIS, _LITERALS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple), st.lists(st.tuples(_IRIS, inner), max_size=3)
    ),
    max_leaves=8,
)
_PREDICATES = st.one_of(_IRIS, st.just(ox.NamedNode(str(RDF.type))))
_FACTS = st.lists(st.tuples(_IRIS, _PREDICATES, _OBJECTS), max_size=8)


def triples_of(facts) -> list[ox.Triple]:
    """The triples of nested facts, with blank nodes for lists (tuples) and inner facts (lists)."""
    triples: list[ox.Triple] = []

    def term(value):
        if isinstance(value, tuple):
            return list_of(value)
        if isinstance(value, list):
            node = ox.BlankNode()
            triples.extend(ox.Triple(node, predicate, term(inner)) for predicate, inner in value)
            return node
        return value

    def list_of(members):
        rest = ox.NamedNode(str(RDF.nil))
        for member in reversed(members):
            node = ox.BlankNode()
            triples.append(ox.Triple(node, ox.NamedNode(str(RDF.first)), term(member)))
            triples.append(ox.Triple(node, ox.NamedNode(str(RDF.rest)), rest))
            rest = node
        return rest

    for subject, predicate, value in facts:
        triples.append(ox.Triple(subject, predicate, term(value)))
    return triples


def written(triples: list[ox.Triple]) -> str:
    return write_turtle(to_rdflib(triples), PREFIXES)


def parsed(text: str) -> list[ox.Triple]:
    quads = ox.parse(text.encode(), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
    return [quad.triple for quad in quads]


def graph_of(*triples: tuple[object, object, object]) -> Graph:
    graph = Graph()
    for triple in triples:
        graph.add(triple)
    return graph


def ex(name: str) -> URIRef:
    return URIRef(EX + name)


@given(_FACTS)
def test_what_is_written_reads_back_as_the_same_graph(facts) -> None:
    triples = triples_of(facts)
    assert canonical_triples(parsed(written(triples))) == canonical_triples(triples)


@given(_FACTS, st.randoms(use_true_random=False))
def test_text_depends_on_neither_order_nor_labels_and_is_stable(
    facts, shuffle: random.Random
) -> None:
    text = written(triples_of(facts))
    again = parsed(text)
    shuffle.shuffle(again)
    assert written(again) == text


@given(_FACTS, st.tuples(_IRIS, _PREDICATES, _OBJECTS))
def test_one_more_fact_adds_lines_and_changes_none(facts, fact) -> None:
    before = written(triples_of(facts)).split("\n")
    after = written(triples_of([*facts, fact])).split("\n")
    assert [line for line in difflib.ndiff(before, after) if line.startswith("- ")] == []


@pytest.mark.parametrize("predicate", ["b", "d"], ids=["in the middle", "at the end"])
def test_one_more_fact_is_one_more_line(predicate: str) -> None:
    graph = graph_of((ex("s"), ex("a"), Literal(1)), (ex("s"), ex("c"), Literal(3)))
    before = write_turtle(graph, PREFIXES)
    graph.add((ex("s"), ex(predicate), Literal(2)))
    after = write_turtle(graph, PREFIXES)
    diff = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    assert [line for line in diff if line[0] in "+-"] == [f"+   ex:{predicate} 2 ;"]


def test_layout() -> None:
    graph = graph_of(
        (ex("s"), RDF.type, ex("Thing")),
        (ex("s"), ex("p"), Literal("two\nlines")),
        (ex("s"), ex("p"), Literal("x", lang="en")),
        (ex("s"), ex("n"), Literal("01", datatype=XSD.integer, normalize=False)),
        (ex("s"), ex("n"), Literal("1.", datatype=XSD.decimal, normalize=False)),
    )
    inner, members = BNode(), BNode()
    graph.add((ex("s"), ex("q"), inner))
    graph.add((inner, ex("p"), URIRef("http://other.example/")))
    graph.add((ex("s"), ex("r"), members))
    Collection(graph, members, [Literal(True), ex("b")])
    assert write_turtle(graph, PREFIXES) == (
        "@prefix ex: <https://example.org/> .\n"
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
        "\n"
        "ex:s\n"
        "  a ex:Thing ;\n"
        '  ex:n "1."^^xsd:decimal ;\n'
        "  ex:n 01 ;\n"
        '  ex:p """two\nlines""" ;\n'
        '  ex:p "x"@en ;\n'
        "  ex:q [\n    ex:p <http://other.example/> ;\n  ] ;\n"
        "  ex:r ( true ex:b ) ;\n"
        "  .\n"
    )


def test_the_longest_namespace_wins_and_only_used_prefixes_are_declared() -> None:
    text = write_turtle(graph_of((ex("deep/a"), ex("deep/b"), ex("deep/c"))), PREFIXES)
    assert text == "@prefix deep: <https://example.org/deep/> .\n\ndeep:a\n  deep:b deep:c ;\n  .\n"


def test_control_characters_are_escaped() -> None:
    text = write_turtle(graph_of((ex("s"), ex("p"), Literal('\x01\x1f\t\r\n"\\'))), PREFIXES)
    assert '"\\u0001\\u001F\\t\\r\\n\\"\\\\"' in text


def test_an_empty_graph_is_an_empty_text() -> None:
    assert write_turtle(Graph(), PREFIXES) == ""


_A, _B = BNode("a"), BNode("b")


@pytest.mark.parametrize(
    ("triples", "why"),
    [
        ([(ex("s"), ex("p"), _A), (ex("t"), ex("p"), _A)], "more than one triple"),
        ([(ex("s"), ex("p"), _A), (_A, ex("p"), _A)], "more than one triple"),
        ([(_A, ex("p"), _B), (_B, ex("p"), _A)], "not reached"),
        ([(_A, ex("p"), ex("o"))], "^A blank node with 'ex:p ex:o' is not reached"),
        ([(_A, RDF.first, _A), (_A, RDF.rest, RDF.nil)], "not reached"),
        ([(ex("s"), ex("p"), _A), (_A, RDF.rest, _A)], "more than one triple"),
    ],
    ids=["shared", "own object", "cycle", "top", "list that holds itself", "list without end"],
)
def test_a_blank_node_without_one_place_is_refused(triples, why: str) -> None:
    with pytest.raises(BadFile, match=why):
        write_turtle(graph_of(*triples), PREFIXES)


@pytest.mark.parametrize("character", list('<>"{}|^`\\ \n\x00'))
@pytest.mark.filterwarnings("ignore:.*does not look like a valid URI")
def test_an_iri_with_a_forbidden_character_is_refused(character: str) -> None:
    bad = URIRef(f"{EX}a{character}b")
    for triple in (
        (bad, ex("p"), ex("o")),
        (ex("s"), bad, ex("o")),
        (ex("s"), ex("p"), bad),
        (ex("s"), ex("p"), Literal("x", datatype=bad)),
    ):
        with pytest.raises(BadFile, match="IRI may not have"):
            write_turtle(graph_of(triple), PREFIXES)


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("", ""),
        ("ex:s ex:p 1 .\n", ""),
        ("\n# after an empty line\n", ""),
        ("# one  \n# two\n\nex:s ex:p 1 .", "# one\n# two\n\n"),
        ("# one\r\n# two\r\nex:s ex:p 1 .", "# one\n# two\n\n"),
        ("# a\u2028b\x0bc\nex:s ex:p 1 .", "# a\u2028b\x0bc\n\n"),
    ],
)
def test_the_comment_block_is_what_stands_before_all_else(text: str, block: str) -> None:
    assert comment_block(text) == block


@pytest.mark.parametrize(
    "text",
    [
        "# top\n# top\n<a#b> <p> <c#d> .",
        "<s> <p> \"a # b\", 'a # b', \"\"\"a\n# b\"\"\", '''a\n# b''' .",
        '<s> <p> "a\\"# b" .',
        "<s> <p> 'a\\'# b' .",
        '<s> <p> """a"b""#c""" .',
        "ex:a\\#b <p> <o> .",
        "# only comments",
        "",
    ],
)
def test_a_sign_in_an_iri_a_string_or_a_name_is_no_comment(text: str) -> None:
    assert inner_comment(text) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<s> <p> <o> . # after", 1),
        ("# top\n\n# second block\n<s> <p> <o> .", 3),
        ('# top\n<s> <p> "a\n', None),
        ('<s> <p> """a\nb""" .\n# end', 3),
        ("# a\u2028b\n<s> <p> <o> . # after", 2),
        ("<s> <p> 1 ,# after\n 2 .", 1),
    ],
)
def test_a_comment_inside_is_found_in_its_line(text: str, line: int | None) -> None:
    assert inner_comment(text) == line
