"""Rules that run on the engine give the verdict that pySHACL alone would give."""

from __future__ import annotations

from collections import Counter

import pyoxigraph as ox
import pyshacl
import pytest
from rdflib import Graph
from rdflib.namespace import SH

from migkg.engine.rdf_io import to_rdflib
from migkg.errors import InvalidData
from migkg.services.shacl import Validation, validate

EX = "https://example.org/"
HEAD = """
PREFIX ex: <https://example.org/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
DATA = """
ex:Novel rdfs:subClassOf ex:Book .
ex:a a ex:Book ; ex:title "A", "AA" ; ex:pages 10 ; ex:sequelOf ex:b .
ex:b a ex:Novel ; ex:title 5 ; ex:pages -1 ; ex:sequelOf ex:b .
ex:c a ex:Novel ; ex:sequelOf ex:a .
ex:d a ex:Pamphlet ; ex:title "D" ; ex:pages -2 ; ex:sequelOf ex:d .
"""
CORE = """
ex:BookShape a sh:NodeShape ; sh:targetClass ex:Book ; sh:property ex:BookShape-title .
ex:BookShape-title sh:path ex:title ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:string .
ex:SequelShape a sh:NodeShape ; sh:targetSubjectsOf ex:sequelOf ; sh:nodeKind sh:IRI ;
  sh:property [ sh:path ex:sequelOf ; sh:class ex:Book ] .
"""
PREFIX_NODE = """
ex: sh:declare [ sh:prefix "ex" ; sh:namespace "https://example.org/"^^xsd:anyURI ] .
"""
RULE = """
ex:{name} a sh:NodeShape ; {target} ; sh:sparql ex:{name}-rule .
ex:{name}-rule sh:message "{{?value}} is wrong of {{$this}}" ; sh:prefixes ex: ;
  sh:select '''{select}''' .
"""
OWN_SEQUEL = "SELECT $this (ex:sequelOf AS ?path) ($this AS ?value) { $this ex:sequelOf $this }"
NEGATIVE = "SELECT $this ?value WHERE { # comment {\n $this ex:pages ?value . FILTER(?value < 0) }"
UNTITLED = "SELECT $this { FILTER NOT EXISTS { $this ex:title ?any } }"
TARGETS = {
    "class": "sh:targetClass ex:Book",
    "node": "sh:targetNode ex:b, ex:d, ex:absent",
    "subjects": "sh:targetSubjectsOf ex:sequelOf",
    "objects": "sh:targetObjectsOf ex:sequelOf",
    "several": "sh:targetClass ex:Book ; sh:targetNode ex:d ; sh:targetSubjectsOf ex:pages",
    "implicit class": "a rdfs:Class ; sh:targetNode ex:b",
    "none": 'rdfs:label "without a target"',
}


def triples(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(HEAD + text, format=ox.RdfFormat.TURTLE)]


def validated(shapes: str, data: str = DATA) -> Validation:
    return validate(triples(data), triples(shapes), prefixes={"ex": EX})


def by_pyshacl(shapes: str, data: str = DATA) -> Graph:
    _, results, _ = pyshacl.validate(
        to_rdflib(triples(data)), shacl_graph=to_rdflib(triples(shapes)), inference="none"
    )
    assert isinstance(results, Graph)
    return results


def results_of(graph: Graph) -> Counter[tuple[str, ...]]:
    """Every result: focus, component, value, path, severity, message."""
    predicates = (
        SH.focusNode,
        SH.sourceConstraintComponent,
        SH.value,
        SH.resultPath,
        SH.resultSeverity,
    )
    return Counter(
        tuple(str(graph.value(node, p)) for p in predicates)
        for node in graph.objects(None, SH.result)
    )


def rule(select: str, target: str = TARGETS["class"], name: str = "Rule") -> str:
    return PREFIX_NODE + RULE.format(name=name, target=target, select=select)


@pytest.mark.parametrize(
    "shapes",
    [
        CORE,
        *(rule(select) for select in (OWN_SEQUEL, NEGATIVE, UNTITLED)),
        *(rule(OWN_SEQUEL, target) for target in TARGETS.values()),
        CORE + rule(NEGATIVE, name="One") + rule(UNTITLED, TARGETS["several"], "Two"),
        rule(NEGATIVE) + "ex:Rule sh:severity sh:Warning .",
        rule(NEGATIVE) + "ex:Rule sh:deactivated true .",
        rule(NEGATIVE) + "ex:Rule-rule sh:deactivated true .",
        rule(NEGATIVE, "sh:targetClass ex:Pamphlet")
        + "ex:Outer sh:targetNode ex:b ; sh:node ex:Rule .",
    ],
)
def test_the_results_are_those_of_pyshacl(shapes: str) -> None:
    validation = validated(shapes)
    expected = by_pyshacl(shapes)
    assert results_of(validation.graph) == results_of(expected)
    assert len(validation.report.findings) == sum(results_of(expected).values())


def test_the_shapes_of_this_test_find_something() -> None:
    broken = CORE + rule(NEGATIVE, name="One") + rule(OWN_SEQUEL, TARGETS["several"], "Two")
    components = {
        finding.component.rpartition("#")[2] for finding in validated(broken).report.findings
    }
    assert components >= {
        "MinCountConstraintComponent",
        "MaxCountConstraintComponent",
        "DatatypeConstraintComponent",
        "ClassConstraintComponent",
        "SPARQLConstraintComponent",
    }


def test_a_message_names_the_values() -> None:
    messages = {f.focus: f.message for f in validated(rule(NEGATIVE)).report.findings}
    assert messages == {f"{EX}b": f"-1 is wrong of {EX}b"}


def test_the_standard_report_says_whether_the_data_conforms() -> None:
    (broken,) = validated(rule(NEGATIVE)).graph.objects(None, SH.conforms)
    (sound,) = validated(rule(NEGATIVE), "ex:a ex:p ex:b .").graph.objects(None, SH.conforms)
    assert (broken.toPython(), sound.toPython()) == (False, True)


@pytest.mark.parametrize(
    "select",
    ["SELECT $this { $this ex:p", "SELECT $this { $this ex:p 'no end }", "ASK {}", "nothing"],
)
def test_a_rule_that_cannot_run_is_an_error(select: str) -> None:
    with pytest.raises(InvalidData, match="cannot"):
        validated(rule(select.replace("'", '"')))
