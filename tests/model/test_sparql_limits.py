"""What a query may hold at most is counted as the planner of an engine will see it."""

from __future__ import annotations

import pytest

from migkg.errors import QueryRefused
from migkg.model.sparql_text import read_query
from migkg.settings import Limits

PATTERNS = [
    ("?s ?p ?o", 1),
    ("?s ?p ?o .", 1),
    ("?s a 1, 'x'@en, 'y'^^<t>, true, -1.5e3, ex:o", 6),
    ("?s ?p ?o ; <p> ?o2 ;; ex:p ?o3, _:b .", 4),
    ("?s ?p ?o . ?s2 ?p ?o FILTER(?o > 1) ?s3 ?p ?o", 3),
    ("?s ?p ?o FILTER regex(?o, 'a', 'b') ?s2 ?p ?o . FILTER ex:f(?o, ?p)", 2),
    ("[] ?p ?o", 1),
    ("[ ?p ?o ; ?q ?r ]", 2),
    ("?s ?p [ ?q ?r ]", 2),
    ("?s ?p [ ?q [ ?q ?r, ?r2 ] ], [] .", 5),
    ("(1 ?a <b>) ?p ?o", 7),
    ("?s ?p (1 (2 3))", 9),
    ("?s ex:a/ex:b/^ex:c ?o", 3),
    ("?s (ex:a/ex:b)*/!(ex:c|^ex:d)? ?o", 3),
    ("?s ex:a|ex:b|(ex:c/a)+ (ex:a ?b)", 6),
    ("{ ?s ?p ?o } { ?s ?p ?o ; ?q ?r }", 3),
    ("{ { { ?s ?p ?o } ?s ?p ?o } } ?s ?p ?o", 3),
    ("OPTIONAL { ?s ?p ?o } OPTIONAL { ?s ?p ?o OPTIONAL { ?s ?p ?o } }", 2),
    ("GRAPH ?g { ?s ?p ?o } GRAPH ex:g { ?s ?p ?o }", 2),
    ("{ ?s ?p ?o, ?o2 } UNION { ?s ?p ?o, ?o2 } UNION { ?s ?p ?o, ?o2 } ?s ?p ?o", 4),
    ("{ ?s ?p ?o, ?o2, ?o3 } UNION { ?s ?p ?o }", 3),
    ("{ ?s ?p ?o } UNION { ?s ?p ?o, ?o2, ?o3 }", 3),
    ("OPTIONAL { ?s ?p ?o, ?o2, ?o3, ?o4 } ?s ?p ?o", 4),
    ("MINUS { ?s ?p ?o, ?o2 } FILTER NOT EXISTS { ?s ?p ?o, ?o2 } ?s ?p ?o, ?o2", 4),
    ("FILTER(?a && EXISTS { ?s ?p ?o, ?o2 }) ?s ?p ?o, ?o2", 3),
    ("{ SELECT * { ?s ?p ?o, ?o2 } ORDER BY ?o } { SELECT ?s { ?s ?p ?o, ?o2 } }", 2),
    ("VALUES ?x { 1 2 3 } VALUES (?x ?y) { (1 2) (3 UNDEF) } ?s ?p ?o", 3),
    ("BIND(1 + 2 AS ?x) BIND(ex:f(?x, 1) AS ?y) ?s ?p ?o", 1),
    ("<< ?s ?p ?o >> ?q ?r", 3),
    ("?s ?p <<( ?s ?p ?o )>> . ?s ?p ?o", 3),
    ("?s ?p ?o {| ?q ?r |} . ?s ?p ?o", 3),
]
OPERATORS = [
    ("ASK { FILTER(?a || ?b && !?c) }", 4),
    ("ASK { FILTER(?a + 1 - -2 * 3 / 4 <= 5) }", 7),
    ("ASK { FILTER(?a = 'x'^^ex:t) }", 2),
    ("ASK { VALUES (?a ?b) { (-1 'x'^^ex:t) (UNDEF +2) } }", 1),
    ("ASK { {} UNION {} OPTIONAL {} MINUS {} GRAPH ?g {} FILTER NOT EXISTS {} }", 6),
    ("ASK { BIND(1 AS ?a) BIND(2 AS ?b) }", 2),
    ("ASK { ?s ^ex:p|!ex:q* ?o }", 4),
    ("ASK { FILTER(?a IN (1, 2, 3, 4)) }", 1),
    ("SELECT ?a ?b (1 AS ?c) (COUNT(*) AS ?d) { }", 7),
    ("SELECT ?a { } GROUP BY ?a (1 AS ?b) HAVING (?a) (?b) ORDER BY ?a DESC(?b)", 8),
    ("ASK { { SELECT ?a ?b { } ORDER BY ?a } }", 3),
    ("DESCRIBE <a> ex:b ?c { ?c ?p ?o }", 3),
    ("PREFIX ex: <e> BASE <b> PREFIX : <x> ASK { }", 0),
    ("CONSTRUCT { ?s ?p -1, +1 ; ?q 'x'^^ex:t } { }", 0),
]


@pytest.mark.parametrize(("pattern", "count"), PATTERNS)
def test_triple_patterns_of_a_group_are_counted(pattern: str, count: int) -> None:
    text = f"SELECT * {{ {pattern} }}"
    read_query(text, Limits(patterns=count))
    with pytest.raises(QueryRefused, match=f"More than {count - 1} triple patterns"):
        read_query(text, Limits(patterns=count - 1))


@pytest.mark.parametrize(("text", "count"), OPERATORS)
def test_operators_clauses_and_selected_things_are_counted(text: str, count: int) -> None:
    read_query(text, Limits(operators=count))
    if count:
        with pytest.raises(QueryRefused, match=f"more than {count - 1} operators"):
            read_query(text, Limits(operators=count - 1))


def test_every_group_is_counted_for_itself() -> None:
    group = "{ " + "?s ?p ?o . " * 60 + "}"
    read_query("SELECT * { " + " UNION ".join([group] * 20) + " }")
    with pytest.raises(QueryRefused, match="More than 64 triple patterns"):
        read_query(f"SELECT * {{ {group} {group} }}")


def test_a_template_may_be_long() -> None:
    template = "?s ?p ?o ; ?q [ ?r (1 2 3) ] . " * 100
    read_query(f"CONSTRUCT {{ {template} }} {{ ?s ?p ?o }}", Limits(patterns=1))
    with pytest.raises(QueryRefused):
        read_query(f"CONSTRUCT WHERE {{ {template} }}", Limits(patterns=200))


def test_tokens_are_counted_without_space_and_comments() -> None:
    text = "SELECT * # one two three\n { ?s ?p 'a b c' }"
    read_query(text, Limits(tokens=7))
    with pytest.raises(QueryRefused, match="more than 6 tokens") as caught:
        read_query(text, Limits(tokens=6))
    assert (caught.value.line, caught.value.column) == (2, 18)


CONSTANT = ["1", "-2.5e-3", "<x:a>", "ex:a", ":", "'a'@en", "'''x\ny'''^^ex:t", "UNDEF", "true"]


@pytest.mark.parametrize("constant", [*CONSTANT, f"( {' '.join(CONSTANT)} )"])
@pytest.mark.parametrize("head", ["VALUES ?x {", "values#\n(?x $y){", "Values ( ) {"])
def test_the_rows_of_values_may_be_many(constant: str, head: str) -> None:
    rows = f"{constant} # more\n" * 1000
    text = f"SELECT * {{ {head} {rows} }} BIND(1 AS ?y) ?s ?p 2 . ?s ?p 3 }} {head} {rows} }}"
    limits = Limits(tokens=21, patterns=3, operators=4)
    assert read_query(text, limits).text == text
    for less in (Limits(tokens=20), Limits(patterns=2), Limits(operators=3)):
        with pytest.raises(QueryRefused):
            read_query(text, less)


@pytest.mark.parametrize("hidden", ["SERVICE <x> {}", "} SERVICEex:x {}", "1 } service <x> {}"])
def test_rows_hide_no_keyword(hidden: str) -> None:
    with pytest.raises(QueryRefused, match="SERVICE"):
        read_query(f"SELECT * {{ VALUES ?x {{ 1 2 ex:a {hidden} }} }}")


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("SELECT * { ?s ?p ?o , ?o2 }", 23),
        ("SELECT * { ?s ?p ?o , \\u003Fo2 }", 23),
        ("SELECT * { { ?s ?p ?o } { ?s ?p ?o } }", 38),
        ("SELECT * { { ?s ?p ?o }\tUNION { } }", 35),
    ],
)
def test_a_limit_names_the_place(text: str, column: int) -> None:
    with pytest.raises(QueryRefused) as caught:
        read_query(text, Limits(patterns=1))
    assert (caught.value.line, caught.value.column) == (1, column)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o ; \\u0061 ?o2 }",
        "SELECT * { ?s ?p '\\u0027 , '\\u0027 , ?o2 }",
        "SELECT * { \\u007B \\u007B \\u007B } } } }",
    ],
)
def test_escapes_hide_nothing_from_the_count(text: str) -> None:
    with pytest.raises(QueryRefused):
        read_query(text, Limits(patterns=1, depth=3))


@pytest.mark.parametrize(
    "closing", ["}", ")", "]", "}} UNION", "UNION UNION", ") } ] |}", "} VALUES { ( } ]"]
)
def test_wrong_brackets_are_left_to_the_engine(closing: str) -> None:
    text = f"SELECT * {{ ?s ?p ?o }} {closing}"
    assert read_query(text).text == text
