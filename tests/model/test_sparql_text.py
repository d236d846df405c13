"""The guard knows the form of a query and lets nothing pass that is never done."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migkg.errors import BadQuery, QueryRefused
from migkg.model import formats
from migkg.model.sparql_text import Form, QueryText, read_query, tokens
from tests.conftest import ROOT

DEPTH = 100
W3C = ROOT.parent / "shared" / "testdata"
# What the W3C's tests of federation ask for is what this service refuses.
USES_SERVICE = ("service", "syntax-fed")


def read(text: str) -> QueryText:
    return read_query(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", Form.SELECT),
        ("select?s{?s?p?o}", Form.SELECT),
        ("ASK {}", Form.ASK),
        ("# DESCRIBE\nPREFIX describe: <http://e/ASK#> CoNsTrUcT {} WHERE {}", Form.CONSTRUCT),
        ("BASE <http://e/> PREFIX ask: <select> DESCRIBE ask:select", Form.DESCRIBE),
        ("PREFIX a-b.c: <x> ASK { ?s a-b.c:d.e ?o }", Form.ASK),
        ("SELECT * { { SELECT ?s { ?s ?p 'ASK' } } }", Form.SELECT),
    ],
)
def test_form(text: str, form: Form) -> None:
    assert read(text) == QueryText(text, form)


@pytest.mark.parametrize("form", Form)
def test_formats_of_the_answer_fit_the_form(form: Form) -> None:
    results = {formats.Kind.RESULTS}
    kinds = {item.kind for item in form.answer_formats}
    assert (kinds == results) == (form in (Form.SELECT, Form.ASK))
    assert kinds.isdisjoint(results) == (form in (Form.CONSTRUCT, Form.DESCRIBE))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("SELECT * {}", False),
        ("SELECT * FROM <http://e/g> {}", True),
        ("SELECT * FROM<http://e/g>{}", True),
        ("ASK FROM NAMED ex:g {}", True),
        ("DESCRIBE <http://e/> from <http://e/g>", True),
        ("SELECT ?from { ?from from:from 'FROM <x>' } # FROM <x>", False),
        ("SELECT * { <http://e/FROM> ?p ?o }", False),
    ],
)
def test_from_clause_is_seen(text: str, named: bool) -> None:
    assert read(text).names_dataset is named


@pytest.mark.parametrize(
    ("text", "repeatable"),
    [
        ("SELECT (NOW() AS ?now) {}", False),
        ("SELECT * { ?s ?p ?o } ORDER BY rand()", False),
        ("SELECT * { FILTER(1UUID() = ?x) }", False),
        ("SELECT (STRUUID( ) AS ?x) {}", False),
        ("SELECT (BNODE() AS ?x) {}", False),
        ("SELECT (bnode('x') AS ?x) {}", False),
        ("SELECT * { ?now ex:NOW 'NOW()', <NOW()> } # NOW()", True),
        ("PREFIX uuid: <rand> SELECT ?rand { ?rand uuid:now 'x'@now, _:bnode, [] }", True),
        ("SELECT * { ?s ?p '\\\\u004E', '\\u004E', <\\u004E> }", True),
        ("SELECT * { ?s ?p '\\u0027 . ?s ?p '\\u0027 }", False),
        ("SELECT (\\u004EOW() AS ?now) {}", False),
        ("CONSTRUCT { ?s ?p ?o } { ?s ?p [ ?q (1 2) ], _:b }", True),
        ("CONSTRUCT { ?s ?p _:b } { ?s ?p ?o }", False),
        ("CONSTRUCT { ?s ?p [] } { ?s ?p ?o }", False),
        ("CONSTRUCT { ?s ?p (1) } { ?s ?p ?o }", False),
        ("CONSTRUCT FROM <g> WHERE { ?s ?p [] }", False),
        ("CONSTRUCT FROM <g> WHERE { ?s ?p _:b }", False),
        ("CONSTRUCT WHERE { ?s ?p ?o }", True),
        ("DESCRIBE ?s { ?s ?p [] }", True),
        ("ASK { ?s ?p _:b }", True),
    ],
)
def test_what_differs_each_time_is_not_repeatable(text: str, repeatable: bool) -> None:
    assert read(text).repeatable is repeatable


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o } # SERVICE <x> {}",
        "# SERVICE <x> {}\rSELECT * {}",
        "SELECT * { ?s ?p 'SERVICE <x> {}' }",
        'SELECT * { ?s ?p "a\\"SERVICE <x> {}" }',
        "SELECT * { ?s ?p '''a'SERVICE''<x> {}\\'''b''' }",
        'SELECT * { ?s ?p """\n"" SERVICE <x> {}""" }',
        "SELECT * { <http://e/SERVICE> ?p <x#SERVICE> }",
        "SELECT * { <http://e/it's#SERVICE> ?p '' }",
        "PREFIX service: <x> SELECT * { ?s service:x service:y }",
        "PREFIX service: <x> SELECT * { GRAPH service:x { ?s ?p ?o } }",
        "PREFIX service: <x> SELECT * FROM service:x { ?s ?p ?o }",
        "PREFIX service: <x> DESCRIBE service:x { ?s ?p ?o }",
        "PREFIX service: <x> SELECT * { ?s ?p service:x {| ?a ?b |} }",
        "PREFIX service: <x> SELECT * { VALUES ?x { service:x } }",
        "SELECT * { ?s ex:SERVICE ex:a.SERVICE . _:SERVICE ?p _:b.SERVICE }",
        "SELECT * { ?s ex:a\\-SERVICE ex:a%41SERVICE, ex:a\\_SERVICE, ex:é\u0301SERVICE }",
        "SELECT ?SERVICE $service { ?SERVICE ?p $service }",
        "SELECT * { ?s ?p 'x'@service, 'x'@en-SERVICE }",
        "SELECT * { ?s ?p '\\\\u0053ERVICE', '\\u0053ERVICE', <http://e/\\u0053ERVICE> }",
    ],
)
def test_service_is_fine_where_it_is_no_keyword(text: str) -> None:
    assert read(text).text == text


@pytest.mark.parametrize(
    "pattern",
    [
        "SERVICE <x> {}",
        "service<x>{}",
        "sErViCe SILENT ?x {}",
        "SERVICE#\n<x> {}",
        "SERVICE ex:x {}",
        "?s ?p ?o SERVICE <x> {}",
        "?s ?p 'a'SERVICE <x> {}",
        "?s ?p <o>SERVICE <x> {}",
        "{ OPTIONAL { FILTER EXISTS { SERVICE <x> {} } } }",
        "{ SELECT * { SERVICE <x> {} } }",
        "FILTER(?a<1)SERVICE<x>{}",
        "\\u0053ERVICE <x> {}",
        "SERVIC\\U00000045 <x> {}",
        # Seen to be read as the keyword by engines that need no space around it.
        "?s ?p 1.SERVICE <x> {}",
        "?s ?p 1SERVICE <x> {}",
        "?s ?p 1.5e5SERVICE <x> {}",
        "?s ?p trueSERVICE <x> {}",
        "?s ?p falseSERVICEex:x {}",
        "?s ?p ex:.SERVICE <x> {}",
        "?s ?p 'a'@en--ltrSERVICE <x> {}",
        "SERVICESILENT <x> {}",
        "SERVICEex:x {}",
        "SERVICE:x {}",
        "GRAPH ?g {} SERVICE:x {}",
        # A string for engines that decode escapes first, two strings with code between for others.
        "?s ?p '\\u0027 . SERVICE <x> {} ?s ?p '\\u0027",
        '?s ?p "\\u0022 . SERVICE <x> {} ?s ?p "\\u0022',
        '?s ?p "\\u0022" . SERVICE <x> {} ?s ?p "\\u0022"',
        '?s ?p "\\u0022 SERVICE <x> {} #"',
    ],
)
def test_service_is_refused_wherever_an_engine_could_see_it(pattern: str) -> None:
    with pytest.raises(QueryRefused, match="SERVICE is not allowed"):
        read(f"PREFIX ex: <http://e/> SELECT * {{ {pattern} }}")


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA {}",
        "DELETE WHERE {}",
        "LOAD <x>",
        "CLEAR ALL",
        "CREATE GRAPH <x>",
        "DROP ALL",
        "COPY <a> TO <b>",
        "MOVE <a> TO <b>",
        "ADD <a> TO <b>",
        "WITH <a> DELETE {} WHERE {}",
        "insert data {}",
        "PREFIX e: <x> DELETE {} WHERE {}",
        "SELECT * { LOAD <x> }",
    ],
)
def test_updates_are_refused(text: str) -> None:
    with pytest.raises(QueryRefused):
        read(text)


@pytest.mark.parametrize("brackets", ["()", "{}", "[]"])
def test_nesting_is_limited(brackets: str) -> None:
    opening, closing = brackets
    inside = DEPTH - 1
    read(f"SELECT * {{ FILTER {opening * inside}{closing * inside} }}")
    with pytest.raises(QueryRefused, match="nested deeper than 100"):
        read(f"SELECT * {{ FILTER {opening * DEPTH}{closing * DEPTH} }}")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("SERVICE", 1, 1),
        ("SELECT * {\n  SERVICE <x> {} }", 2, 3),
        ("SELECT * {\r\n\tSERVICE <x> {} }", 2, 2),
        ("SELECT * { ?s ?p '\U0001f47e' SERVICE <x> {} }", 1, 22),
        ("SELECT * { ?s ?p '\\u0041\\u0041'. \\u0053ERVICE <x> {} }", 1, 34),
        ("ASK {\n 'no end", 2, 2),
        ("ASK { '''no end' }", 1, 7),
        ("ASK { ?s ?p '\\uD800' }", 1, 14),
        ("ASK {\n '\\U00110000' }", 2, 3),
        ("", 1, 1),
        ("DESCRIB <x>", 1, 1),
    ],
)
def test_an_error_has_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(BadQuery) as caught:
        read(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def w3c_queries() -> list[Path]:
    """The query files of the W3C's tests whose manifest does not call them bad."""
    negative = {"syntax-triple-terms-negative"}
    return [
        path
        for path in sorted(W3C.glob("sparql1[12]/*/*.rq"))
        if path.parent.name not in negative and "bad" not in path.name
    ]


@pytest.mark.skipif(not W3C.is_dir(), reason="the W3C's tests are not beside the checkout")
def test_every_valid_query_of_the_w3c_passes_unless_it_uses_service() -> None:
    paths = w3c_queries()
    refused = set()
    for path in paths:
        try:
            read(path.read_text("utf-8"))
        except QueryRefused:
            refused.add(path)
    assert len(paths) > 200
    assert refused == {path for path in paths if path.parent.name in USES_SERVICE}


@given(
    st.text(st.sampled_from("\"'\\<>@#:?{}()[]0123.eE+-_u0022SERVICE\n\r ·é\u0301"), max_size=80)
    | st.text(max_size=80)
)
def test_any_text_is_a_query_or_a_bad_query(text: str) -> None:
    with contextlib.suppress(BadQuery):
        assert read(text).form in Form


@pytest.mark.parametrize(
    "piece",
    [
        *"\"'\\<>@#:?_.-%0a1\u0301",
        *['"""\n\\', "'''\n\\", '"\\', "'a\n", "a.", "a-", "_:a.", "ex:a.", "@a-", "1e+", "<a"],
        *["\\u0041", "\\\\", "a" * 255 + ".", "''' ", "{|", "service:a "],
    ],
)
def test_time_is_linear_in_the_length(piece: str) -> None:
    """A scan that starts again at every character would not end within the suite's patience."""
    with pytest.raises(BadQuery):
        read("{" + piece * (200_000 // len(piece)))


@given(
    st.lists(
        st.sampled_from(["SELECT", "?x", "a:b", "_:c", "<i>", "'s'", "1.5e3", "@en", "{", " "])
    )
)
def test_texts_in_ascii_have_the_same_tokens_as_in_any_other_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    longer = f"{text} ?\u00e9"
    assert [*tokens(text), *tokens(" " * (len(text) + 1) + "?\u00e9")] == list(tokens(longer))
