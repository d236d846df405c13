"""What a shape reads, and the way back from a triple to the focus nodes for which it counts.

A changed triple can change the results of a focus node only if the shape reads it there. So a shape
becomes a set of reads. Each is a query that finds focus nodes from the changed triples, which stand
in a graph of their own; it is run while the data hold both what is added and what is removed, so
that every way from a focus node to a changed triple is still, or already, there. It may find more
nodes than are needed, never fewer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rdflib import URIRef
from rdflib.namespace import RDF, SH
from rdflib.term import Node

from migkg.engine.validation_store import CHANGES
from migkg.services.shacl import terms
from migkg.services.shacl.components.shape_based import siblings
from migkg.services.shacl.edges import Edge, Unbounded, joined, read_path_text
from migkg.services.shacl.paths import read_path
from migkg.services.shacl.patterns import Pattern, names, read_patterns
from migkg.services.shacl.shapes import Shape, ShapesGraph
from migkg.services.shacl.sites import SparqlRule

_OF_FOCUS = (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals)
_OF_VALUES = (SH.node, SH["not"], SH.property, SH.qualifiedValueShape)
_LISTS = (SH["and"], SH["or"], SH.xone)
# No rule that uses these names is read.
_START, _END, _BETWEEN = "?changeStart", "?changeEnd", "?changePredicate"
FOCUS = "changeFocus"
_OWN = names(_START, _END, _BETWEEN, f"?{FOCUS}")


@dataclass(frozen=True)
class Read:
    """Triples that a shape reads.

    ``query`` binds the focus nodes (:data:`FOCUS`) for which changed triples count; if it is
    ``whole``, they count for all of them if it has a row. Empty, it has one whenever anything
    changes.
    """

    query: str
    predicate: str = ""  # the IRI of the predicate of all triples that it reads; empty: any
    whole: bool = False
    values: bool = False  # the query is one of a rule, to which literals are their values


class Dependence:
    """What each shape of a shapes graph reads.

    ``rules`` are those that were compiled, by shape and constraint.
    """

    def __init__(self, shapes: ShapesGraph, rules: Mapping[tuple[Node, Node], SparqlRule]) -> None:
        self._shapes = shapes
        self._rules = rules

    def reads(self, node: Node) -> tuple[Read, ...]:
        """All reads of a shape with a target, each once."""
        shape = self._shapes.shape(node)
        found = dict.fromkeys(map(_back, _target_edges(shape)))
        found |= dict.fromkeys(self._of_shape(shape, "", set()))
        return tuple(found)

    def _of_shape(self, shape: Shape, before: str, seen: set[tuple[Node, str]]) -> Iterator[Read]:
        """What a shape reads at the nodes to which a path leads from the focus nodes."""
        if shape.deactivated or (shape.node, before) in seen:
            return
        seen.add((shape.node, before))
        values = before
        if shape.path is not None:
            path = read_path_text(read_path(self._shapes, shape.path, shape.node).text)
            yield from map(_back, path.edges(before))
            values = joined(before, path.turned(False))
        yield from map(_back, _value_edges(shape, before, values))
        for rule in shape.parameters.get(URIRef(SH.sparql), ()):
            known = self._rules.get((shape.node, rule))
            if known is not None:  # else it is deactivated
                yield from _of_rule(known, before)
        for inner in self._inner(shape):
            yield from self._of_shape(self._shapes.shape(inner), values, seen)

    def _inner(self, shape: Shape) -> Iterator[Node]:
        """The shapes that a shape applies to its value nodes."""
        for parameter in _OF_VALUES:
            yield from shape.parameters.get(URIRef(parameter), ())
        for parameter in _LISTS:
            for value in shape.parameters.get(URIRef(parameter), ()):
                yield from self._shapes.members(value, shape.node)
        yield from siblings(self._shapes, shape)


def _target_edges(shape: Shape) -> Iterator[Edge]:
    if shape.targets.classes:
        yield _edge("", RDF.type)
    yield from (_edge("", node) for node in shape.targets.subjects_of)
    yield from (Edge("", terms.iri(node), False) for node in shape.targets.objects_of)


def _value_edges(shape: Shape, before: str, values: str) -> Iterator[Edge]:
    """What the parameters read that are no shapes; the class hierarchy is another matter."""
    if SH["class"] in shape.parameters:
        yield _edge(values, RDF.type)
    if SH.closed in shape.parameters:
        yield Edge(values, "", True)
    for parameter in _OF_FOCUS:
        for predicate in shape.parameters.get(URIRef(parameter), ()):
            yield _edge(before, predicate)


def _edge(before: str, predicate: Node) -> Edge:
    return Edge(before, terms.iri(predicate), True)


def _back(edge: Edge) -> Read:
    """The way back along a path."""
    near = _START if edge.forward else _END
    changed = _changed(_START, edge.predicate or _BETWEEN, _END)
    return Read(_found(changed, near, edge.before), predicate=edge.predicate[1:-1])


def _changed(subject: str, predicate: str, end: str) -> str:
    return f"GRAPH <{CHANGES}> {{ {subject} {predicate} {end} }}"


def _found(pattern: str, node: str, before: str) -> str:
    """The query for the nodes from which a path leads to a node that a pattern binds."""
    if not before:
        return f"SELECT DISTINCT ({node} AS ?{FOCUS}) WHERE {{ {pattern} }}"
    back = f"LATERAL {{ {node} ^({before}) ?{FOCUS} }}"
    return f"SELECT DISTINCT ?{FOCUS} WHERE {{ {pattern} {back} }}"


def _of_rule(rule: SparqlRule, before: str) -> Iterator[Read]:
    """What a rule reads; everything, if its text does not tell."""
    try:
        each = list(read_patterns(rule.text).each())
        if any(pattern.names & _OWN or _is_loose(pattern, others) for pattern, others in each):
            raise Unbounded
    except Unbounded:
        yield Read("", whole=True)
        return
    for pattern, others in each:
        yield from _of_pattern(rule, pattern, others, before)


def _is_loose(pattern: Pattern, others: list[Pattern]) -> bool:
    """True of a path between any two nodes, which without a step has all nodes of the data."""
    around = {"this"}.union(*(other.names for other in others))
    is_path = pattern.path is not None and not pattern.path.is_predicate
    return is_path and not pattern.names & around


def _of_pattern(
    rule: SparqlRule, pattern: Pattern, others: list[Pattern], before: str
) -> Iterator[Read]:
    if pattern.path is None or pattern.path.is_predicate:
        changed = _changed(pattern.subject, pattern.predicate, pattern.object)
        read = _of_change(rule, changed, pattern.names, others, before)
        yield replace(read, predicate=_iri(pattern.predicate, rule))
        return
    for edge in dict.fromkeys(pattern.path.edges()):
        # The path itself leads on from its start, whatever the changed triple in it.
        changed = _change_in_path(edge, pattern.subject)
        read = _of_change(rule, changed, names(pattern.subject), [pattern, *others], before)
        yield replace(read, predicate=_iri(edge.predicate, rule))


def _iri(predicate: str, rule: SparqlRule) -> str:
    """The IRI that a predicate in a query stands for; empty if that is not certain."""
    if predicate == "a":
        return str(RDF.type)
    if "\\" in predicate or predicate[:1] in ("?", "$"):
        return ""
    if predicate.startswith("<"):
        return predicate[1:-1]
    prefix, _, local = predicate.partition(":")
    namespace = dict(rule.prefixes).get(prefix)
    return namespace + local if namespace is not None else ""


def _change_in_path(edge: Edge, subject: str) -> str:
    """The changed triples at an edge of a path, and the start of the path."""
    predicate = edge.predicate or _BETWEEN
    if not edge.before:
        ends = (subject, _END) if edge.forward else (_END, subject)
        return _changed(ends[0], predicate, ends[1])
    near = _START if edge.forward else _END
    back = f"LATERAL {{ {near} ^({edge.before}) {subject} }}"
    return f"{_changed(_START, predicate, _END)} {back}"


def _of_change(
    rule: SparqlRule, changed: str, bound: frozenset[str], others: list[Pattern], before: str
) -> Read:
    if "this" not in bound:
        linked = _linked(bound, others)
        if not any("this" in pattern.names for pattern in linked):
            query = f"SELECT ?{FOCUS} WHERE {{ {changed} }} LIMIT 1"
            return Read(rule.prologue + query, whole=True, values=True)
        changed += f" LATERAL {{ {' '.join(pattern.text for pattern in linked)} }}"
    return Read(rule.prologue + _found(changed, "$this", before), values=True)


def _linked(bound: frozenset[str], others: list[Pattern]) -> list[Pattern]:
    """The patterns that variables, or those bound by them, lead to; without blind alleys."""
    known, found, left = set(bound), [], list(others)
    while near := [pattern for pattern in left if pattern.names & known]:
        found += near
        left = [pattern for pattern in left if pattern not in near]
        known |= {name for pattern in near for name in pattern.names}
    while ends := [pattern for pattern in found if _is_blind(pattern, found, bound)]:
        found = [pattern for pattern in found if pattern not in ends]
    return found


def _is_blind(pattern: Pattern, found: list[Pattern], bound: frozenset[str]) -> bool:
    """True if a pattern leads nowhere: one of its variables stands nowhere else."""
    elsewhere = {name for other in found if other is not pattern for name in other.names}
    return bool(pattern.names - elsewhere - bound - {"this"}) and (
        len(pattern.names & (elsewhere | bound | {"this"})) <= 1
    )
