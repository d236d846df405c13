"""Parameters of stored queries: declared, read, chosen from the data and bound."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from migkg.errors import BadDeclaration, BadFile, BadParameters
from migkg.model.sparql_text import tokens
from migkg.model.sparql_text.parameters import bound as bound_text
from migkg.services import stored_queries
from migkg.services.parameters import Choices, Parameter, Type, bind
from migkg.services.parameters.checking import check
from migkg.services.parameters.choices import MOST
from migkg.services.parameters.declarations import declared
from migkg.services.parameters.values import BadValue, scalar_term
from tests.conftest import ROOT

PREFIXES = "PREFIX x: <urn:x:>\n"
BODY = PREFIXES + "SELECT * { VALUES ?v { ?_p } ?s x:p ?v }"
XSD = "http://www.w3.org/2001/XMLSchema#"


def one(declaration: str, body: str = BODY) -> Parameter:
    """The parameter of a query with one declaration, which is checked."""
    text = f"# What?\n#+ {declaration}\n{body}"
    parameters = declared(text)
    check(text, parameters)
    (parameter,) = parameters
    return parameter


def scalar(declaration: str, value: str) -> str:
    return scalar_term(one(f"p: {{{declaration}}}"), value)


# Declarations


def test_a_declaration_says_all_of_a_parameter() -> None:
    parameter = one(
        'p: { type: entity , class: x:C, where: "?value x:in [] .", default: x:a,'
        " label: 'The ''best'', of all' }"
    )
    assert replace(parameter, prefixes={}) == Parameter(
        name="p",
        type=Type.ENTITY,
        label="The 'best', of all",
        default="x:a",
        source="?value a/rdfs:subClassOf* <urn:x:C> . ?value x:in [] .",
        prefixes={},
        line=2,
    )


@pytest.mark.parametrize(
    ("declaration", "column", "why"),
    [
        ("p", 1, "is declared as"),
        ("p: {type: text", 1, "is declared as"),
        ("P1: {type: text}", 4, "must be letters"),
        ("format: {type: text}", 4, "is taken"),
        ("p: {kind: text}", 1, "a type missing"),
        ("p: {type: word}", 8, "no type word; the types are entity"),
        ("p: {type: text, type: text}", 20, "given twice"),
        ("p: {type: text, label: a {b}}", 19, "'key: value' and then a comma"),
        ('p: {type: text, label: "a}', 19, "'key: value' and then a comma"),
        ("p: {type: text, class: x:C}", 20, "type text has no class; it has default"),
        ("p: {type: entity}", 8, "needs a class"),
        ("p: {type: concept}", 8, "needs a scheme"),
        ("p: {type: enumeration}", 8, "needs a property or where"),
        ("p: {type: entity, class: y:C}", 22, "no name with a prefix"),
        ("p: {type: text, required: yes}", 20, "true or false"),
        ("p: {type: text, required: true}", 20, "needs a default"),
        ("p: {type: integer, default: x}", 1, "'x', is no whole number"),
        ("p: {type: integer, minimum: 5, default: 3}", 1, "'3', is not from 5 on"),
        ("p: {type: integer, minimum: 5, maximum: 3}", 1, "'5', is not up to 3"),
        ("p: {type: date, maximum: 2015}", 1, "is no date"),
        ("p: {type: text, maximum: 0}", 1, "no number of characters"),
        ("p: {type: entity, class: x:C, default: Quito}", 1, "is no IRI, and no name"),
        ("p: {type: entity, class: x:C, default: 'x:a b'}", 1, "character ' ' \\(number 4"),
        ("p: {type: text}\n#+ p: {type: text}", 1, "declared twice"),
        ("p: {type: text}\n#+ q: {type: text}", 1, "does not use the parameter q"),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_place(
    declaration: str, column: int, why: str
) -> None:
    with pytest.raises(BadDeclaration, match=why) as raised:
        one(declaration)
    assert raised.value.line == 2 + declaration.count("\n")
    assert raised.value.column == column


@pytest.mark.parametrize(
    ("declaration", "body", "place", "why"),
    [
        ("p: {type: text}", "SELECT * {\n ?s ?p ?_p }", (4, 8), "only among the rows of VALUES"),
        ("p: {type: text}", "SELECT ?_q {\n VALUES ?x { ?_p } }", (3, 8), "is not declared"),
        ("p: {type: text, default: x}", "SELECT * {}\nLIMIT ?_p", (4, 7), "Behind LIMIT"),
        ("p: {type: integer, default: 1}", "SELECT * {} OFFSET ?_p", (3, 20), "minimum of 0"),
    ],
)
def test_a_parameter_in_a_wrong_place_is_refused_with_its_place(
    declaration: str, body: str, place: tuple[int, int], why: str
) -> None:
    with pytest.raises(BadDeclaration, match=why) as raised:
        one(declaration, body)
    assert (raised.value.line, raised.value.column) == place


def test_check_finds_what_the_engine_cannot_read(tmp_path: Path) -> None:
    for folder in ("queries", "pages"):
        (tmp_path / folder).mkdir()
    texts = {
        "queries/selected.rq": "# A?\n#+ p: {type: text, default: x}\nSELECT ?a ?_p { ?a ?b ?c }",
        "queries/undeclared.rq": "# A?\nSELECT * {\n  ?s ?p ?_p }",
        "pages/torn.rq": "# A\nSELECT * {\n ?s ?p }",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    found = {
        finding.file: finding
        for finding in stored_queries.check(stored_queries.Project(tmp_path)).findings
        if "expected answer" not in finding.message
    }
    assert {name.rsplit(":", 1)[0] for name in found} == {
        "queries/selected.rq:3",
        "queries/undeclared.rq:3",
        "pages/torn.rq:3",
    }
    (selected,) = (finding for name, finding in found.items() if "selected" in name)
    assert "can stand only where" in selected.advice
    with pytest.raises(BadFile, match=r"undeclared.rq:3:9: The parameter \?_p is not declared"):
        stored_queries.read_file(tmp_path / "queries/undeclared.rq")


# Values


@pytest.mark.parametrize(
    ("declaration", "value", "term"),
    [
        ("type: text", 'a "b"\\', r'"a \"b\"\\"'),
        ("type: integer", "+007", "7"),
        ("type: integer", "-3", f'"-3"^^<{XSD}integer>'),
        ("type: decimal", "-.50", f'"-0.50"^^<{XSD}decimal>'),
        ("type: boolean", "true", "true"),
        ("type: year, minimum: 1900", "2015", f'"2015"^^<{XSD}gYear>'),
        ("type: date", "2016-02-29", f'"2016-02-29"^^<{XSD}date>'),
        ("type: language", "pt-BR", '"pt-br"'),
    ],
)
def test_a_value_is_read_as_a_term(declaration: str, value: str, term: str) -> None:
    assert scalar(declaration, value) == term


@pytest.mark.parametrize(
    ("declaration", "value", "why"),
    [
        ("type: text", "x" * 501, "has 501 characters; at most 500"),
        ("type: text, maximum: 3", "four", "has 4 characters; at most 3"),
        ("type: text", "ab\x00", r"U\+0000 \(number 3\)"),
        ("type: integer", "1.5", "no whole number$"),
        ("type: integer", "١", "no whole number$"),
        ("type: integer", "9" * 19, "no whole number$"),
        ("type: integer, minimum: 1, maximum: 5", "6", "is not from 1 to 5$"),
        ("type: decimal", "1e9", "no number$"),
        ("type: boolean", "yes", "neither true nor false"),
        ("type: year", "15", "no year with four figures"),
        ("type: year, maximum: 2016", "2017", "is not up to 2016"),
        ("type: date", "2015-02-29", "no date"),
        ("type: date, minimum: 2015-01-01", "2014-12-31", "is not from 2015-01-01 on"),
        ("type: language", "en; DROP", "no language tag"),
    ],
)
def test_a_value_that_cannot_be_is_refused(declaration: str, value: str, why: str) -> None:
    with pytest.raises(BadValue, match=why):
        scalar(declaration, value)


# Values from the data


class Data:
    """An engine that has some values, and keeps what it was asked."""

    def __init__(self, *rows: tuple[dict[str, str], str | None]) -> None:
        self.asked: list[str] = []
        self._rows = [
            {"value": value} | ({"label": {"type": "literal", "value": label}} if label else {})
            for value, label in rows
        ]
        self.choices = Choices(self._answer, {"x": "urn:x:"})

    async def _answer(self, text: str) -> bytes:
        self.asked.append(text)
        return json.dumps({"results": {"bindings": self._rows}}).encode()


def named(name: str, label: str) -> tuple[dict[str, str], str]:
    return {"type": "uri", "value": f"urn:x:{name}"}, label


ENTITY = "p: {type: entity, class: x:C}"
CITIES = (named("a", "Quito"), named("b", "New York"), named("c", "York"), named("d", "York"))


def bound(declaration: str, data: Data, **given: str) -> str:
    """The term that stands in the place of the parameter."""
    parameter = one(declaration)
    found = asyncio.run(bind("{ ?_p }", [parameter], given, data.choices))
    return found.text[2:-2]


@pytest.mark.parametrize(
    "value", ["urn:x:a", "<urn:x:a>", "x:a", "Quito", " quito "], ids=lambda value: value
)
def test_an_entity_is_named_by_its_iri_or_its_label(value: str) -> None:
    assert bound(ENTITY, Data(*CITIES), p=value) == "<urn:x:a>"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("Atlantis", r"'Atlantis'\) is no IRI, and no name in the data\.$"),
        ("x:z", "is not one of those in the data"),
        ("york", r"is the name of several: York \(x:c\); York \(x:d\)\.$"),
        ("New", r"no name in the data; near it there is New York \(x:b\)"),
        ("http://x/a b", r"no IRI has the character ' ' \(number 11 here\)"),
        ("urn:x:a> <y", r"is no IRI|no name in the data"),
        ("x" * 501, "has 501 characters"),
    ],
)
def test_what_is_not_in_the_data_is_refused(value: str, why: str) -> None:
    with pytest.raises(BadParameters, match=why) as raised:
        bound(ENTITY, Data(*CITIES), p=value)
    assert raised.value.available in (None, ["x:a", "x:b", "x:c", "x:d"])


def test_an_enumeration_may_have_literals() -> None:
    literal = {"type": "literal", "value": 'a "b"', "xml:lang": "en"}
    number = {"type": "literal", "value": "1.50", "datatype": f"{XSD}decimal"}
    data = Data((literal, None), (number, None))
    assert bound("p: {type: enumeration, property: x:p}", data, p='a "b"') == r'"a \"b\""@en'
    assert bound("p: {type: enumeration, property: x:p}", data, p="1.50").startswith('"1.50"^^')


def test_the_data_are_asked_once() -> None:
    data = Data(*CITIES)
    for value in ("x:a", "x:b"):
        bound(ENTITY, data, p=value)
    assert len(data.asked) == 1


def test_of_many_values_each_is_looked_up_alone() -> None:
    many = Data(*(named(str(number), "") for number in range(MOST + 1)))
    with pytest.raises(BadParameters):
        bound(ENTITY, many, p='a" } #')
    assert asyncio.run(many.choices.of(one(ENTITY))) is None
    assert r'rdfs:label|skos:prefLabel "a\" } #"@en .' in many.asked[-1]
    with pytest.raises(BadParameters):
        bound(ENTITY, many, p="x:a")
    assert "VALUES ?value { <urn:x:a> }" in many.asked[-1]


# Binding


@pytest.mark.parametrize(
    ("declaration", "given", "term"),
    [
        ("p: {type: text}", {}, "UNDEF"),
        ("p: {type: text}", {"p": ""}, "UNDEF"),
        ("p: {type: text, default: a}", {"p": ""}, '"a"'),
        ('p: {type: text, default: ""}', {}, '""'),
        ("p: {type: text}", {"p": " "}, '" "'),
        ("p: {type: entity, class: x:C, default: x:z}", {}, "<urn:x:z>"),
        ("p: {type: enumeration, property: x:p, default: word}", {}, '"word"'),
        ("p: {type: integer, required: true, default: 1}", {"p": "2"}, "2"),
    ],
)
def test_what_is_not_given_has_its_default(
    declaration: str, given: dict[str, str], term: str
) -> None:
    assert bound(declaration, Data(), **given) == term


def test_all_that_is_wrong_is_told_at_once() -> None:
    text = "#+ a: {type: integer, default: 1, required: true}\n#+ b: {type: date}\nASK {}"
    with pytest.raises(BadParameters) as raised:
        asyncio.run(bind(text, declared(text), {"b": "x"}, Data().choices))
    assert raised.value.problems == {
        "a": "The parameter 'a' is required.",
        "b": "The parameter 'b' ('x') is no date such as 2015-12-31.",
    }


@pytest.mark.parametrize("term", ['"\\\\\\U00000075 } SERVICE <x:> {}"', "<urn:x:y>", "3"])
def test_no_value_changes_the_tokens_of_a_stored_query(term: str) -> None:
    for query in stored_queries.load(stored_queries.Project(ROOT)).values():
        found = [
            token.text
            for token in tokens(bound_text(query.source, dict.fromkeys(query.names, term)))
        ]
        assert found == [
            term if token.kind == "variable" and token.text[1] == "_" else token.text
            for token in tokens(query.source)
        ], query.name


def test_an_unknown_parameter_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(BadParameters, match="no parameter 'q'; there is p") as raised:
        bound("p: {type: text}", Data(), q="x")
    assert raised.value.available == ["p"]
