"""Validation results, and the standard report made of them.

Source: https://www.w3.org/TR/shacl/#validation-report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, SH
from rdflib.term import Node

from migkg.model.report import Finding, Report

_VARIABLE = re.compile(r"\{[?$](\w+)\}")


@dataclass(frozen=True)
class Result:
    """One validation result. https://www.w3.org/TR/shacl/#results-validation-result"""

    focus: Node
    shape: Node
    component: Node
    severity: Node
    messages: tuple[Literal, ...] = ()
    path: Node | None = None
    value: Node | None = None
    constraint: Node | None = None  # of sh:sparql


@dataclass(frozen=True)
class Validation:
    """The verdict: results, as findings for people and as the standard report graph."""

    results: Sequence[Result]
    shapes: Graph
    places: Mapping[str, str] = field(default_factory=dict)
    by_pyshacl: tuple[str, ...] = ()  # why the compiler left shapes to pySHACL
    seconds: Mapping[tuple[str, str], float] = field(default_factory=dict)  # see Gate

    @property
    def conforms(self) -> bool:
        """True if there is no result at all. https://www.w3.org/TR/shacl/#conforms"""
        return not self.results

    @cached_property
    def report(self) -> Report:
        """The results as findings; those of rules are named after the rule."""
        return Report(tuple(sorted(self._finding(result) for result in self.results)))

    @cached_property
    def graph(self) -> Graph:
        """The standard report. https://www.w3.org/TR/shacl/#results-validation-report"""
        graph, report = Graph(), BNode()
        graph.add((report, RDF.type, SH.ValidationReport))
        graph.add((report, SH.conforms, Literal(self.conforms)))
        for result in self.results:
            node = BNode()
            graph.add((report, SH.result, node))
            for predicate, value in _statements(result):
                graph.add((node, predicate, value))
            _copy_path(self.shapes, result.path, graph)
        return graph

    def _finding(self, result: Result) -> Finding:
        shape = next(
            (node for node in (result.constraint, result.shape) if isinstance(node, URIRef)), None
        )
        return Finding(
            file=self.places.get(str(result.focus), ""),
            focus=str(result.focus),
            shape=_text(shape),
            message="; ".join(sorted(map(str, result.messages))),
            path=_text(result.path),
            value=_text(result.value),
            component=str(result.component),
            severity=str(result.severity).rpartition("#")[2],
            advice=_text(self.shapes.value(shape, SH.description)) if shape else "",
        )


def with_values(message: Node, row: Mapping[str, Node]) -> Literal:
    """A message in which ``{?name}`` and ``{$name}`` are the values of a row.

    https://www.w3.org/TR/shacl/#sparql-constraints-message
    """
    text = _VARIABLE.sub(lambda match: str(row.get(match.group(1), match.group())), str(message))
    return Literal(text)


def read_results(report: Graph) -> list[Result]:
    """The results of a report graph that somebody else made."""
    return [
        Result(
            focus=_required(report, node, SH.focusNode),
            shape=_required(report, node, SH.sourceShape),
            component=_required(report, node, SH.sourceConstraintComponent),
            severity=_required(report, node, SH.resultSeverity),
            messages=tuple(
                sorted(m for m in report.objects(node, SH.resultMessage) if isinstance(m, Literal))
            ),
            path=report.value(node, SH.resultPath),
            value=report.value(node, SH.value),
            constraint=report.value(node, SH.sourceConstraint),
        )
        for report_node in report.subjects(RDF.type, SH.ValidationReport)
        for node in report.objects(report_node, SH.result)
    ]


def _required(report: Graph, node: Node, predicate: Node) -> Node:
    value = report.value(node, predicate)
    if value is None:
        raise ValueError(f"a result without {predicate}")
    return value


def _statements(result: Result) -> Iterable[tuple[Node, Node]]:
    optional = {
        SH.resultPath: result.path,
        SH.value: result.value,
        SH.sourceConstraint: result.constraint,
    }
    yield RDF.type, SH.ValidationResult
    yield SH.focusNode, result.focus
    yield SH.sourceShape, result.shape
    yield SH.sourceConstraintComponent, result.component
    yield SH.resultSeverity, result.severity
    yield from ((SH.resultMessage, message) for message in result.messages)
    yield from ((predicate, node) for predicate, node in optional.items() if node is not None)


def _copy_path(shapes: Graph, node: Node | None, graph: Graph) -> None:
    """Copies a path that is not a predicate, which is part of the report.

    https://www.w3.org/TR/shacl/#results-path
    """
    if not isinstance(node, BNode) or (node, None, None) in graph:
        return
    for predicate, value in shapes.predicate_objects(node):
        graph.add((node, predicate, value))
        _copy_path(shapes, value, graph)


def _text(node: Node | None) -> str:
    return "" if node is None else str(node)
