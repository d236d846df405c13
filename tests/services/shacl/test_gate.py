"""After a change the results are those of judging everything, and only what it affects is judged.

The oracle is the whole validation, which other tests hold against pySHACL.
"""

from __future__ import annotations

from collections import Counter
from zlib import crc32

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from rdflib import URIRef

from migkg.engine import rdf_io
from migkg.services.shacl import Gate, ShapesGraph, validate
from migkg.services.shacl.edges import Edge, Unbounded, read_path_text
from migkg.services.shacl.patterns import read_patterns
from tests.services.shacl import test_random as drawn
from tests.services.shacl.oracle import PREFIXES, Key, keys, triples
from tests.services.shacl.test_components import CASES, Case
from tests.services.shacl.test_project import read

EX = "https://example.org/"
RULES = (
    "$this ex:p ?value",
    "$this ex:p ?value . FILTER NOT EXISTS { ?value ex:q ?x . FILTER EXISTS { ?x ex:r $this } }",
    "$this ex:p/ex:q* ?value",
    "?x ^ex:r|(ex:p/^ex:q)+ ?value . ?value ex:p $this",
    "$this ex:p ?x . OPTIONAL { ?x ex:q ?value }",
    "$this ?y ?x . { ?x ex:q ?value } UNION { ?value !(ex:p|^ex:q) ?x }",
    "FILTER(!EXISTS { $this ex:q ?x } && EXISTS { $this ex:p ?y , ?z ; ex:r ?z } )",
    "$this ex:p ?x BIND(STR(?x) AS ?text) ?value ex:q ?y FILTER(STR(?y) = ?text)",
    "$this a ?kind . FILTER EXISTS { ?any ex:r 1, 'a'@en, -1.5 }",
    "$this ex:p ?x . ?x a/<http://www.w3.org/2000/01/rdf-schema#subClassOf>* ?value",
    "$this ex:m ?value . ?x ex:n ?value ; ex:p? ?y . FILTER EXISTS { ?y ?z ?value . }",
    "{ SELECT $this (COUNT(?x) AS ?value) { $this ex:p ?x } GROUP BY $this }",
    "{ $this ex:p ?value } UNION { ?value ex:q ?x . ?x ex:r $this FILTER(?x != $this) }",
)


@st.composite
def shapes(draw) -> str:
    """Shapes as in the other test, and rules at some of them."""
    text = draw(drawn.shapes())
    names = [name for name in (f"ex:shape{n}" for n in range(5)) if f"{name} a " in text]
    for rule in draw(st.lists(st.sampled_from(RULES), max_size=2, unique=True)):
        select = f"SELECT $this ?value WHERE {{ {rule} }}".replace("'", "\\'")
        name = draw(st.sampled_from(names))
        text += f"\n{name} sh:sparql [ sh:prefixes ex: ; sh:select '{select}' ] ."
    return text


@st.composite
def changes(draw) -> list[tuple[list[rdf_io.Triple], list[rdf_io.Triple]]]:
    """The first is the data to begin with; then what is put in and taken out, step by step."""
    pool = [triple for _ in range(3) for triple in triples(draw(drawn.data()))]
    some = st.lists(st.sampled_from(pool), max_size=4) if pool else st.just([])
    steps = draw(st.lists(st.tuples(some, some), min_size=1, max_size=2))
    begin = draw(st.lists(st.sampled_from(pool), max_size=30)) if pool else []
    return [(begin, []), *steps]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(shapes(), changes())
def test_the_results_are_those_of_judging_everything(
    some_shapes: str, steps: list[tuple[list[rdf_io.Triple], list[rdf_io.Triple]]]
) -> None:
    note(some_shapes)
    begin, *later = steps
    rules = triples(some_shapes)
    gate = Gate(begin[0], ShapesGraph(rdf_io.to_rdflib(rules)), prefixes=PREFIXES)
    gate.judge()
    data = set(begin[0])
    for added, removed in later:
        note(f"data {data}\nadded {added}\nremoved {removed}")
        gate.change(added, removed)
        data = (data - set(removed)) | set(added)
        expected = validate(data, rules, prefixes=PREFIXES, trusted=False).results
        assert keys(gate.results) == keys(expected)


def ruled(rule: str) -> str:
    return f'ex:S sh:targetClass ex:C ; sh:sparql [ sh:select "SELECT $this {{ {rule} }}" ] .'


NESTED = {
    "sibling": Case(
        "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:qualifiedMinCount 1 ; "
        "sh:qualifiedValueShape [ sh:class ex:C ] ; sh:qualifiedValueShapesDisjoint true ], "
        "[ sh:path ex:p ; sh:qualifiedMaxCount 1 ; sh:qualifiedValueShapesDisjoint true ; "
        "sh:qualifiedValueShape [ sh:property [ sh:path ( ex:q ex:r ) ; sh:minCount 1 ] ] ] .",
        "ex:x a ex:C ; ex:q ex:y . ex:y ex:r 1 . ex:z ex:q ex:y . ex:a ex:p ex:x, ex:z .",
        "",
    ),
    "sibling on another path": Case(
        "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:qualifiedMinCount 1 ; "
        "sh:qualifiedValueShape [ sh:class ex:C ] ; sh:qualifiedValueShapesDisjoint true ], "
        "[ sh:path ex:q ; sh:qualifiedMinCount 0 ; sh:qualifiedValueShapesDisjoint true ; "
        "sh:qualifiedValueShape [ sh:property [ sh:path ex:r ; sh:minCount 1 ] ] ] .",
        "ex:x a ex:C ; ex:r 1 . ex:a ex:p ex:x .",
        "",
    ),
    "a rule at two paths": Case(
        "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:sparql ex:R ], "
        "[ sh:path ( ex:q ex:r ) ; sh:sparql ex:R ] . "
        'ex:R sh:select "SELECT $this ?value { $this $PATH ?value }" .',
        "ex:a ex:p 1 ; ex:q ex:b . ex:b ex:r 2 .",
        "",
    ),
    "closed below": Case(
        "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:node [ sh:closed true ; "
        "sh:property [ sh:path ex:q ] ] ] .",
        "ex:a ex:p ex:b . ex:b ex:q 1 ; ex:r 2 .",
        "",
    ),
    "rule below": Case(
        "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:not [ sh:sparql [ sh:select "
        "'SELECT $this { $this <urn:x:q> ?x . FILTER EXISTS { ?x <urn:x:r>/^<urn:x:s> ?y } }' "
        "] ] ] .",
        "ex:a ex:p ex:b . ex:b <urn:x:q> ex:c . ex:c <urn:x:r> 1 . ex:d <urn:x:s> 1 .",
        "",
    ),
    "a rule in two branches": Case(
        ruled("{ $this <urn:x:p> ?x } UNION { ?x <urn:x:q> ?y . ?y <urn:x:r> $this }"),
        "ex:a a ex:C ; <urn:x:p> 1 . ex:b a ex:C . ex:c <urn:x:q> ex:d . ex:d <urn:x:r> ex:b .",
        "",
    ),
    "a rule that counts": Case(
        'ex:S sh:targetClass ex:C ; sh:sparql [ sh:select "SELECT $this (COUNT(?x) AS ?value) '
        '{ $this <urn:x:p>/<urn:x:q> ?x } GROUP BY $this HAVING(COUNT(?x) > 1)" ] .',
        "ex:a a ex:C ; <urn:x:p> ex:b . ex:b <urn:x:q> 1, 2 .",
        "",
    ),
    "paths in a rule": Case(
        ruled("$this <urn:x:p> ?x . ?x ^(<urn:x:q>/<urn:x:r>*)|<urn:x:s>? ?y . ?y <urn:x:t> 1"),
        "ex:a a ex:C ; <urn:x:p> ex:b . ex:c <urn:x:q> ex:d . ex:d <urn:x:r> ex:e . "
        "ex:e <urn:x:r> ex:b . ex:b <urn:x:s> ex:g . ex:c <urn:x:t> 1 . ex:g <urn:x:t> 1 .",
        "",
    ),
    "inverse of a path": Case(
        "ex:S sh:targetNode ex:a ; sh:property [ sh:minCount 1 ; sh:path "
        "[ sh:inversePath ( ex:p [ sh:oneOrMorePath ex:q ] ex:r ) ] ] .",
        "ex:d ex:p ex:c . ex:c ex:q ex:b . ex:b ex:q ex:e . ex:e ex:r ex:a .",
        "",
    ),
}


@pytest.mark.parametrize("case", [*CASES.values(), *NESTED.values()], ids=[*CASES, *NESTED])
def test_every_triple_counts_wherever_it_is_read(case: Case) -> None:
    data, rules = triples(case.data), triples(case.shapes)
    whole = gate_of(case.shapes, case.data)
    before = keys(whole.results)
    for triple in data:
        rest = [other for other in data if other != triple]
        without = keys(validate(rest, rules, prefixes=PREFIXES, trusted=False).results)
        whole.change([], [triple])
        assert keys(whole.results) == without
        whole.change([triple])
        assert keys(whole.results) == before


def test_of_the_projects_data_too() -> None:
    rules, ontology = read("shapes/*.ttl"), read("ontology/*.ttl")
    prefixes = rdf_io.declared_prefixes(ontology)
    data = read("data/*.ttl")
    out = [t for t in data if crc32(str(t).encode()) % 6000 == 0]
    back = [t for t in data if crc32(str(t).encode()) % 6000 == 1]
    assert min(len(out), len(back)) > 5
    begin = set(data) - set(back)
    gate = Gate([*ontology, *begin], ShapesGraph(rdf_io.to_rdflib(rules)), prefixes=prefixes)
    gate.judge()
    judged = gate.change(back, out)
    data = [*ontology, *(begin - set(out)), *back]
    expected = validate(data, rules, prefixes=prefixes).results
    assert by_name(keys(gate.results)) == by_name(keys(expected))
    assert len(expected) > 5
    assert judged.in_full == ()
    assert judged.focus_nodes < 2000


def by_name(found: Counter[Key]) -> Counter[tuple[str, ...]]:
    """Paths are blank nodes of each reading of the shapes."""
    return Counter((*map(str, key[:3]), *map(str, key[4:])) for key in found.elements())


def gate_of(shape: str, data: str) -> Gate:
    gate = Gate(triples(data), ShapesGraph(rdf_io.to_rdflib(triples(shape))), prefixes=PREFIXES)
    gate.judge()
    return gate


MANY = " ".join(f"ex:n{n} a ex:C ; ex:p ex:m{n} ." for n in range(1000))


def test_one_change_among_a_thousand_judges_one() -> None:
    shape = "ex:S sh:targetClass ex:C ; sh:property [ sh:path ( ex:p ex:q ) ; sh:maxCount 0 ] ."
    gate = gate_of(shape, MANY)
    judged = gate.change(triples("ex:m7 ex:q 1 . ex:z ex:q 2 ."))
    assert (judged.focus_nodes, judged.in_full) == (1, ())
    assert [str(result.focus) for result in gate.results] == [f"{EX}n7"]
    assert gate.change(triples("ex:m7 ex:other 1 .")).focus_nodes == 0


@pytest.mark.parametrize(
    "rule",
    [
        "$this ex:p ?x . FILTER EXISTS { ?x ex:q ?y . FILTER(?y > 3) }",
        "$this ex:p ?x . FILTER EXISTS { ?y ^(^ex:p/ex:p/ex:q) ?x }",
    ],
)
def test_a_rule_is_judged_where_the_change_can_be_seen(rule: str) -> None:
    gate = gate_of(ruled(rule), MANY)
    assert gate.change(triples("ex:m7 ex:q 4 . ex:z ex:q 5 .")).focus_nodes == 1
    assert [str(result.focus) for result in gate.results] == [f"{EX}n7"]


@pytest.mark.parametrize(
    ("rule", "change", "in_full"),
    [
        ("$this ex:p ?x . FILTER EXISTS { ?any ex:q 1 }", "ex:z ex:q 1 .", True),
        ("$this ex:p ?x . FILTER EXISTS { ?any ex:q 1 }", "ex:z ex:q 2 .", False),
        ("{ SELECT $this { $this ex:p ?x } LIMIT 5 }", "ex:z ex:r 1 .", True),
        ("$this ex:p [ ex:q ?x ]", "ex:z ex:r 1 .", True),
        ("$this ex:p ?x . FILTER EXISTS { ?any ex:q* 'a' }", "ex:z ex:r 'a' .", True),
    ],
)
def test_what_has_no_bounds_is_judged_in_full_which_is_said(
    rule: str, change: str, in_full: bool
) -> None:
    judged = gate_of(ruled(rule), MANY).change(triples(change))
    assert judged.in_full == ((URIRef(f"{EX}S"),) if in_full else ())


def test_a_change_of_the_class_hierarchy_judges_everything() -> None:
    gate = gate_of("ex:S sh:targetClass ex:D ; sh:nodeKind sh:Literal .", MANY)
    judged = gate.change(triples("ex:C rdfs:subClassOf ex:D ."))
    assert judged.in_full == (URIRef(f"{EX}S"),)
    assert len(gate.results) == 1000


def test_two_literals_of_one_value_are_two_until_both_are_gone() -> None:
    gate = gate_of(ruled("$this ex:p ?x . FILTER(?x = 1)"), "ex:a a ex:C ; ex:p 1 .")
    gate.change(triples("ex:a ex:p 01 ."))
    gate.change([], triples("ex:a ex:p 1 ."))
    assert len(gate.results) == 1
    gate.change([], triples("ex:a ex:p 01 ."))
    assert gate.results == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ex:p", [("", "ex:p", True)]),
        ("^ex:p", [("", "ex:p", False)]),
        ("ex:p/ex:q", [("", "ex:p", True), ("(ex:p)", "ex:q", True)]),
        ("^(ex:p/ex:q)", [("", "ex:q", False), ("^(ex:q)", "ex:p", False)]),
        ("ex:p|^ex:q", [("", "ex:p", True), ("", "ex:q", False)]),
        ("ex:p+/a", [("((ex:p))*", "ex:p", True), ("((ex:p)+)", "a", True)]),
        ("!(ex:p|^a)", [("", "", True), ("", "", False)]),
        ("ex:p?/<urn:x>", [("", "ex:p", True), ("((ex:p)?)", "<urn:x>", True)]),
    ],
)
def test_the_edges_of_a_path(path: str, expected: list[Edge]) -> None:
    assert list(read_path_text(path).edges()) == expected


@pytest.mark.parametrize("path", ["", "?p", "(ex:p", "ex:p/", "!", "!(ex:p"])
def test_a_path_that_is_none_has_no_bounds(path: str) -> None:
    with pytest.raises(Unbounded):
        read_path_text(path)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p [] }",
        "SELECT * { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * { _:b ?p ?o }",
        "SELECT * { ?s ?p ?o",
        "SELECT * { FILTER(?x",
        "SELECT (EXISTS { ?x ?y ?z } AS ?e) { ?s ?p ?o }",
        "SELECT ?s { ?s ?p ?o } GROUP BY ?s HAVING(EXISTS { ?s ?q 1 })",
        "nothing",
    ],
)
def test_a_query_that_is_not_read_has_no_bounds(query: str) -> None:
    with pytest.raises(Unbounded):
        read_patterns(query)
