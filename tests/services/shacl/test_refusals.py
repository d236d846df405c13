"""What the compiler does not do it refuses by name; the project's own shapes then go to pySHACL."""

from __future__ import annotations

import pytest

from migkg.errors import InvalidData, ShapeRefused
from migkg.services.shacl import validate
from tests.services.shacl.oracle import compiled, triples

SELECT = 'sh:sparql [ sh:select "{}" ]'
CHAIN = " ".join(
    f"ex:S{n} sh:node ex:S{n + 1} ." for n in range(40)
)  # every shape but the last refers to the next
FORK = " ".join(
    f"ex:{name}{n} sh:path ex:p ; sh:property ex:P{n + 1}, ex:Q{n + 1} ."
    for n in range(20)
    for name in "PQ"
)  # each refers to two, so that there are two million ways to the last ones
REFUSED = {
    "advanced targets": ("sh:target [ sh:select 'x' ]", "sh:target"),
    "expressions": ("sh:expression [ sh:path ex:p ]", "sh:expression"),
    "rules": ("sh:rule [ a sh:TripleRule ]", "sh:rule"),
    "JavaScript": ("sh:js [ sh:jsFunctionName 'f' ]", "sh:js"),
    "custom components": ("ex:odd true . ex:K sh:parameter [ sh:path ex:odd ]", "org/odd"),
    "recursion": ("sh:node [ sh:property [ sh:path ex:p ; sh:node ex:S ] ]", "recursive"),
    "recursion by a list": ("sh:or ( [ sh:not ex:S ] )", "recursive"),
    "deep nesting": (f"sh:node ex:S0 . {CHAIN} ex:S40 sh:class ex:C", "nest deeper than 30"),
    "a number of queries that explodes": (
        f"sh:property ex:P0 . {FORK} ex:P20 sh:path ex:q . ex:Q20 sh:path ex:q",
        "more than 20000 queries",
    ),
    "huge lists": (f"sh:in ( {' '.join(map(str, range(10_001)))} )", "10000 members"),
    "lists without an end": ("sh:in _:l . _:l rdf:first 1 ; rdf:rest _:l", "not well-formed"),
    "lists that fork": ("sh:in _:l . _:l rdf:first 1, 2 ; rdf:rest ()", "not well-formed"),
    "long paths": (
        f"sh:property [ sh:minCount 1 ; sh:path ( {'ex:p ' * 65} ) ]",
        "fewer than 2 or more than 64",
    ),
    "many steps": (
        f"sh:property [ sh:minCount 1 ; sh:path ( {('( ' + 'ex:p ' * 40 + ') ') * 2} ) ]",
        "more than 64 steps",
    ),
    "paths in circles": (
        "sh:property [ sh:minCount 1 ; sh:path _:p ] . _:p sh:inversePath _:p",
        "path is not well-formed",
    ),
    "paths of one step": ("sh:property [ sh:path ( ex:p ) ]", "fewer than 2"),
    "unknown paths": ("sh:property [ sh:path [ ex:odd ex:p ] ]", "path has the form"),
    "two paths": ("sh:property [ sh:path ex:p, ex:q ]", "more than one sh:path"),
    "no path": ("sh:property [ sh:minCount 1 ]", "without sh:path"),
    "counts at a node shape": ("sh:minCount 1", "sh:minCount stands at a node shape"),
    "languages at a node shape": ("sh:uniqueLang true", "sh:uniqueLang stands at a node shape"),
    "order at a node shape": ("sh:lessThan ex:p", "sh:lessThan stands at a node shape"),
    "two counts": ("sh:property [ sh:path ex:p ; sh:maxCount 1, 2 ]", "more than one sh:maxCount"),
    "a count that is none": ("sh:property [ sh:path ex:p ; sh:maxCount -1 ]", "whole number"),
    "a count that is huge": ("sh:property [ sh:path ex:p ; sh:minCount 9999999999 ]", "9 figures"),
    "a shape that is a literal": ("sh:node 'x'", "a literal is no shape"),
    "a class that is a literal": ("sh:class 'x'", "an IRI is needed"),
    "a bound that is an IRI": ("sh:minInclusive ex:a", "no literal"),
    "an unknown kind of node": ("sh:nodeKind ex:Kind", "sh:nodeKind is"),
    "a pattern that is no pattern": ("sh:pattern '('", "cannot match"),
    "a pattern that looks ahead": ("sh:pattern '^(?=a)'", "cannot match"),
    "a pattern that refers back": ("sh:pattern '(a)\\\\1'", "cannot match"),
    "a pattern that is too large": (r"sh:pattern '(\\w{1000}){1000}'", "cannot match"),
    "flags that are none": ("sh:pattern 'a' ; sh:flags 'z'", "cannot match"),
    "a blank target": ("sh:targetNode []", "blank node"),
}
UNUSABLE = {
    "SERVICE": ("SELECT $this { SERVICE <http://127.0.0.1:9/> { $this ?p ?o } }", "SERVICE"),
    "hidden SERVICE": (r"SELECT $this { \\u0053ERVICE <http://127.0.0.1:9/> {} }", "SERVICE"),
    "MINUS": ("SELECT $this { $this ?p ?o MINUS { $this ?p 1 } }", "it uses MINUS"),
    "VALUES": ("SELECT $this { $this ?p ?o VALUES ?o { 1 } }", "it uses VALUES"),
    "GRAPH": ("SELECT $this { GRAPH ?g { $this ?p ?o } }", "it uses GRAPH"),
    "shapes graph": ("SELECT $this { $this ?p $shapesGraph }", "shapesGraph"),
    "path of a node shape": ("SELECT $this { $this $PATH ?o }", "PATH at a node shape"),
    "an update": ("DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", "DELETE is an update"),
    "another form": ("ASK { $this ?p ?o }", "no SELECT"),
    "a sub-select of other things": (
        "SELECT $this { $this ?p ?o { SELECT ?o ?x { ?o ?q ?x } } }",
        "a sub-select without $this",
    ),
    "half a query": ("SELECT $this { $this ?p", "cannot run"),
    "deep nesting": ("SELECT $this { " + "{" * 150 + "}" * 150 + " }", "nested deeper"),
    "failure": ("SELECT $this (true AS ?failure) { $this ?p ?o }", "reports a failure"),
}


def shapes(constraint: str) -> str:
    return f"ex:S a sh:NodeShape ; sh:targetNode ex:a ; {constraint} ."


@pytest.mark.parametrize(("constraint", "why"), REFUSED.values(), ids=list(REFUSED))
def test_the_compiler_refuses_by_name(constraint: str, why: str) -> None:
    with pytest.raises(ShapeRefused, match="is not compiled: ") as caught:
        compiled(shapes(constraint), "ex:a ex:p 1 .")
    assert why in str(caught.value)


@pytest.mark.parametrize(("query", "why"), UNUSABLE.values(), ids=list(UNUSABLE))
@pytest.mark.parametrize("trusted", [True, False])
def test_a_query_that_must_not_run_is_an_error(query: str, why: str, trusted: bool) -> None:
    text = shapes(SELECT.format(query))
    with pytest.raises(InvalidData, match="cannot run") as caught:
        validate(triples("ex:a ex:p 1 ."), triples(text), prefixes={}, trusted=trusted)
    assert why in str(caught.value)


def test_entailment_is_an_error() -> None:
    text = "<> sh:entailment <http://www.w3.org/ns/entailment/RDFS> .".replace("<>", "ex:")
    with pytest.raises(InvalidData, match="entailment"):
        validate((), triples(text), prefixes={})


def test_what_is_refused_is_left_to_pyshacl_which_is_said() -> None:
    text = (
        "ex:S sh:targetNode ex:a ; sh:pattern '^(?!https://example.org/a)' . "
        "ex:T sh:targetNode ex:a ; sh:class ex:C ."
    )
    verdict = validate(triples("ex:b a ex:C ."), triples(text), prefixes={})
    assert sorted(str(result.shape)[-1] for result in verdict.results) == ["S", "T"]
    (reason,) = verdict.by_pyshacl
    assert reason.startswith("The shape https://example.org/S is not compiled: the engine cannot")


def test_where_all_is_compiled_pyshacl_is_not_named() -> None:
    verdict = validate(triples("ex:a a ex:D ."), triples(shapes("sh:class ex:C")), prefixes={})
    assert (len(verdict.results), verdict.by_pyshacl) == (1, ())


def test_a_rule_left_to_pyshacl_finds_the_prefixes_of_the_project() -> None:
    text = shapes(
        "sh:pattern '^(?!z)' ; sh:sparql [ sh:prefixes ex: ; "
        "sh:select 'SELECT $this ?value { $this ex:p ?value }' ]"
    )
    verdict = validate(
        triples("ex:a ex:p 1 ."), triples(text), prefixes={"ex": "https://example.org/"}
    )
    assert len(verdict.results) == len(verdict.by_pyshacl) == 1


def test_a_pattern_that_would_go_back_without_end_is_matched_at_once() -> None:
    """Python's own matcher would take longer than the age of the universe."""
    found = compiled(
        shapes("sh:property [ sh:path ex:p ; sh:pattern '^(a+)+$' ]"),
        f"ex:a ex:p '{'a' * 5000}!' .",
    )
    assert sum(found.values()) == 1
