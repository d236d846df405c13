"""Parameters of a query are replaced by terms, and by nothing else, whatever is given."""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rdflib.plugins.sparql.parser import parseQuery

from migkg.model.sparql_text import read_query, tokens
from migkg.model.sparql_text.parameters import UNDEF, bound, places
from migkg.model.sparql_text.terms import iri_term, literal_term, wrong_in_iri

XSD = "http://www.w3.org/2001/XMLSchema#"
# Every kind of place that a parameter may have.
TEMPLATE = """PREFIX x: <urn:x:> # ?_comment
SELECT ?a (STR(?_t) AS ?b) (COUNT(*) AS ?n) {
  ?a x:p ?_t; x:q "?_string", <urn:?_iri> .
  { SELECT ?a { ?a ?p ?o FILTER(?o >= ?_n) } LIMIT ?_n }
  VALUES ?v { ?_t x:v }
  VALUES (?v ?w) { (?_n UNDEF) }
  FILTER EXISTS { ?a x:r ?w FILTER(CONTAINS(STR(?w),$_t)||?_t IN(?_t,?_n)) }
  MINUS { ?a x:s ?_t } OPTIONAL { GRAPH ?g { ?a x:t ?_t } BIND(?_t AS ?c) }
} GROUP BY ?a HAVING(COUNT(*)>=?_n) ORDER BY ?a LIMIT?_n VALUES ?a { ?_t }"""
TERM = "<urn:placeholder>"
HOSTILE = [
    '"',
    "'",
    "\\",
    '\\"',
    "\\u0022 } SERVICE <http://x/> {} #",
    "\\\\u0022",
    "\\U00000022",
    "\\u005c",
    "\n\r\t\b\f\x00\x1f\x7f\x85\u2028",
    '""" }',
    "> . DROP ALL",
    "?_t",
    "# comment",
    "@en",
    "^^<x>",
    "\ud7ff\ue000\uffff\U0010ffff",
]
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(["\\", "u", "U", "0022", "005C", '"', "'", "\n", "x"])).map("".join),
    st.text(max_size=30),
)


def skeleton(text: str) -> list[str]:
    """The tokens of a text, with a term that takes several in one."""
    return [token.text for token in tokens(text)]


def around(text: str, term: str) -> list[str]:
    """The tokens of the template with the tokens of a term in place of each parameter."""
    inner = skeleton(term)
    found: list[str] = []
    for token in tokens(text):
        found += (
            inner if token.text[1:].startswith("_") and token.kind == "variable" else [token.text]
        )
    return found


def value_of(term: str) -> str:
    """The value of a literal as the engine reads it."""
    (row,) = ox.Store().query(f"SELECT ?x {{ BIND({term} AS ?x) }}")
    return str(row["x"].value)


@given(texts)
@example('\\u0022 } UNION { ?s ?p ?o } #"')
def test_a_text_changes_no_token_around_it(text: str) -> None:
    term = literal_term(text)
    (token,) = tokens(term)
    assert (token.kind, token.text) == ("string", term)
    given = bound(TEMPLATE, {"t": term, "n": "3"})
    neutral = bound(TEMPLATE, {"t": TERM, "n": "3"})
    assert [term if token == TERM else token for token in skeleton(neutral)] == skeleton(given)


@given(texts)
def test_a_text_is_the_same_to_engines_that_decode_escapes_first_and_to_those_that_do_not(
    text: str,
) -> None:
    term = literal_term(text)
    escape = r"\\U([0-9A-Fa-f]{8})|\\u([0-9A-Fa-f]{4})"
    decoded = re.sub(escape, lambda m: chr(int(m[1] or m[2], 16)), term)
    assert value_of(term) == value_of(decoded) == text


@given(texts, st.sampled_from(["", "en", "pt-br"]))
def test_rdflib_reads_the_same_text(text: str, language: str) -> None:
    parsed = parseQuery(f"SELECT * {{ ?s ?p {literal_term(text, language=language)} }}")
    literal = parsed[1]["where"]["part"][0]["triples"][0][2]
    assert str(literal.get("string", literal)) == text


@given(texts.filter(lambda text: not wrong_in_iri(text)))
def test_an_iri_is_one_token(text: str) -> None:
    (token,) = tokens(iri_term(f"urn:{text}"))
    assert token.kind == "iri"


@pytest.mark.parametrize("character", list(' <>"{}|^`\\\n\x00'))
def test_what_no_iri_has_is_refused_with_its_place(character: str) -> None:
    assert wrong_in_iri(f"urn:a{character}b") == (character, 5)
    with pytest.raises(ValueError, match="is not an IRI"):
        iri_term(f"urn:a{character}b")


@given(st.integers(-(10**18), 10**18))
def test_a_number_keeps_the_tokens_around_it(number: int) -> None:
    term = literal_term(str(number), f"{XSD}integer")
    assert skeleton(bound(TEMPLATE, {"t": TERM, "n": term})) == around(
        TEMPLATE.replace("?_t", TERM).replace("$_t", TERM), term
    )
    assert value_of(term) == str(number)


def test_parameters_are_found_where_they_are_tokens_of_their_own() -> None:
    found = list(places(TEMPLATE))
    assert {place.name for place in found} == {"t", "n"}
    assert len(found) == 16
    assert [place.among_rows for place in found].count(True) == 3
    assert [place.behind for place in found].count("LIMIT") == 2
    assert all(TEMPLATE[place.start + 1 : place.end] == f"_{place.name}" for place in found)


def test_every_place_takes_a_term() -> None:
    text = bound(TEMPLATE, {"t": '"x"', "n": "3"})
    read_query(text)
    ox.Store().query(text)


def test_an_open_parameter_restricts_nothing() -> None:
    text = bound("SELECT * { VALUES ?x { ?_x } VALUES ?y { 1 2 } }", {"x": UNDEF})
    assert len(list(ox.Store().query(text))) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ ?a ?b ?c VALUES ?c { ?_x } FILTER(?c != 1) }", "{ ?a ?b ?c  FILTER(?c != 1) }"),
        ("{ ?a ?b ?c\nvalues?c{?_x}} VALUES $a { ?_x }", "{ ?a ?b ?c\n} "),
        ("{ VALUES ?c { ?_x } }", "{ VALUES ?c { UNDEF } }"),
        ("{ ?a ?b ?cc VALUES ?c { ?_x } }", "{ ?a ?b ?cc VALUES ?c { UNDEF } }"),
        ("{ ?a ?b ?c VALUES ?c { 1 ?_x } }", "{ ?a ?b ?c VALUES ?c { 1 UNDEF } }"),
        ("{ ?a ?b ?c VALUES (?a ?c) { (1 ?_x) } }", "{ ?a ?b ?c VALUES (?a ?c) { (1 UNDEF) } }"),
    ],
)
def test_a_block_with_an_open_parameter_alone_is_left_out(text: str, expected: str) -> None:
    assert bound(text, {"x": UNDEF}) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LIMIT?_n", "LIMIT 3"),
        ("{?_n}", "{3}"),
        ("(?_n,?_n)", "(3 , 3)"),
        ("?x=?_n&&", "?x= 3 &&"),
    ],
)
def test_a_term_does_not_grow_together_with_its_neighbours(text: str, expected: str) -> None:
    assert bound(text, {"n": "3"}) == expected
