"""Validation of a graph against SHACL shapes.

pySHACL judges the shapes. Constraints written as ``sh:sparql`` it would run once a focus node; on
a graph of any size they run here instead, once each, on the engine, with the shape's targets joined
into the query. Source: SHACL, sections 2.1.3 and 5, https://www.w3.org/TR/shacl/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SH
from rdflib.term import Node

from migkg.engine.rdf_io import Triple, to_rdflib
from migkg.engine.scratch import ScratchStore
from migkg.errors import BadQuery, InvalidData
from migkg.model.report import Finding, Report
from migkg.model.sparql_text import tokens

# Pre-bound variables that only pySHACL fills in.
_NEEDS_PYSHACL = re.compile(r"\$(PATH|shapesGraph|currentShape)\b")
_VARIABLE = re.compile(r"\{[?$](\w+)\}")


@dataclass(frozen=True)
class Validation:
    """The verdict as findings, and as the standard report graph."""

    report: Report
    graph: Graph


@dataclass(frozen=True)
class _Rule:
    """A ``sh:sparql`` constraint that the engine can run for all targets at once."""

    shape: Node
    constraint: Node
    query: str
    message: str
    severity: Node


def validate(
    triples: Sequence[Triple],
    shapes: Iterable[Triple],
    *,
    prefixes: Mapping[str, str],
    places: Mapping[str, str] | None = None,
) -> Validation:
    """The verdict on ``triples``, which must hold the class hierarchy that the shapes rely on.

    ``places`` tells which file describes a focus node. Raises :class:`InvalidData` if the shapes
    themselves cannot be used.
    """
    shapes_graph = to_rdflib(shapes)
    rules = list(_take_rules(shapes_graph, prefixes))
    results = _run_core(to_rdflib(triples), shapes_graph)
    if rules:
        store = ScratchStore(triples)
        for rule in rules:
            _run_rule(rule, store, results)
    return Validation(_findings(results, shapes_graph, places or {}), results)


def _run_core(data: Graph, shapes: Graph) -> Graph:
    import pyshacl  # slow to import, and not needed where nothing is validated

    try:
        _, results, text = pyshacl.validate(data, shacl_graph=shapes, inference="none")
    except (pyshacl.errors.ShapeLoadError, pyshacl.errors.ReportableRuntimeError) as error:
        raise InvalidData(f"The shapes cannot be used: {error}") from None
    if not isinstance(results, Graph):
        raise InvalidData(f"The shapes cannot be used: {text}")
    return results


def _take_rules(shapes: Graph, prefixes: Mapping[str, str]) -> Iterable[_Rule]:
    """Takes every rule that the engine can run out of the shapes graph."""
    for shape, constraint in list(shapes.subject_objects(SH.sparql)):
        rule = _rule(shapes, shape, constraint, prefixes)
        if rule:
            shapes.remove((shape, SH.sparql, constraint))
            yield rule


def _rule(
    shapes: Graph, shape: Node, constraint: Node, prefixes: Mapping[str, str]
) -> _Rule | None:
    targets = list(_targets(shapes, shape))
    select = shapes.value(constraint, SH.select)
    inner = any(shapes.subjects(None, shape))
    if not targets or select is None or inner or _NEEDS_PYSHACL.search(str(select)):
        return None
    if any((node, SH.deactivated, Literal(True)) in shapes for node in (shape, constraint)):
        return None
    text = str(select)
    opening = next((t.offset for t in tokens(text) if t.text == "{"), None)
    if opening is None or any(t.kind == "unclosed" for t in tokens(text)):
        raise InvalidData(f"The rule of {shape} cannot run: it is no SELECT query.")
    union = " UNION ".join(f"{{ {target} }}" for target in targets)
    head = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in prefixes.items())
    joined = f"{text[: opening + 1]} {{ SELECT DISTINCT $this WHERE {{ {union} }} }}"
    return _Rule(
        shape,
        constraint,
        f"{head}{joined}{text[opening + 1 :]}",
        str(shapes.value(constraint, SH.message) or shapes.value(shape, SH.message) or ""),
        shapes.value(shape, SH.severity) or SH.Violation,
    )


def _targets(shapes: Graph, shape: Node) -> Iterable[str]:
    """The shape's targets as graph patterns over ``$this``."""
    subclass = f"<{RDF.type}>/<{RDFS.subClassOf}>*"
    for node in shapes.objects(shape, SH.targetClass):
        yield f"$this {subclass} {node.n3()}"
    if (shape, RDF.type, RDFS.Class) in shapes:
        yield f"$this {subclass} {shape.n3()}"
    for node in shapes.objects(shape, SH.targetSubjectsOf):
        yield f"$this {node.n3()} ?migkgTarget"
    for node in shapes.objects(shape, SH.targetObjectsOf):
        yield f"?migkgTarget {node.n3()} $this"
    for node in shapes.objects(shape, SH.targetNode):
        yield f"VALUES $this {{ {node.n3()} }}"


def _run_rule(rule: _Rule, store: ScratchStore, results: Graph) -> None:
    try:
        for row in store.select(rule.query):
            if "this" in row:
                _add_result(rule, row, results)
    except BadQuery as error:
        raise InvalidData(f"The rule of {rule.shape} cannot run: {error}") from None


def _add_result(rule: _Rule, terms: Mapping[str, Node], results: Graph) -> None:
    report = next(iter(results.subjects(RDF.type, SH.ValidationReport)))
    result = BNode()
    values = {
        RDF.type: SH.ValidationResult,
        SH.focusNode: terms["this"],
        SH.value: terms.get("value", terms["this"]),
        SH.sourceShape: rule.shape,
        SH.sourceConstraint: rule.constraint,
        SH.sourceConstraintComponent: SH.SPARQLConstraintComponent,
        SH.resultSeverity: rule.severity,
        SH.resultMessage: Literal(
            _VARIABLE.sub(lambda m: str(terms.get(m.group(1), m.group())), rule.message)
        ),
    }
    if isinstance(terms.get("path"), URIRef):
        values[SH.resultPath] = terms["path"]
    for predicate, value in values.items():
        results.add((result, predicate, value))
    results.add((report, SH.result, result))
    results.set((report, SH.conforms, Literal(False)))


def _findings(results: Graph, shapes: Graph, places: Mapping[str, str]) -> Report:
    found = []
    for result in results.objects(None, SH.result):
        focus = results.value(result, SH.focusNode)
        shape = _named(
            results.value(result, SH.sourceConstraint), results.value(result, SH.sourceShape)
        )
        found.append(
            Finding(
                file=places.get(str(focus), ""),
                focus=_text(focus),
                shape=_text(shape),
                message="; ".join(sorted(map(str, results.objects(result, SH.resultMessage)))),
                path=_text(results.value(result, SH.resultPath)),
                value=_text(results.value(result, SH.value)),
                component=_text(results.value(result, SH.sourceConstraintComponent)),
                severity=_text(results.value(result, SH.resultSeverity)).rpartition("#")[2],
                advice=_text(shapes.value(shape, SH.description)) if shape else "",
            )
        )
    return Report(tuple(sorted(found)))


def _named(*nodes: Node | None) -> Node | None:
    return next((node for node in nodes if isinstance(node, URIRef)), None)


def _text(node: Node | None) -> str:
    return "" if node is None else str(node)
