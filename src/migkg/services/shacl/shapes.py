"""The shapes of a shapes graph, as the specification defines them.

Source: https://www.w3.org/TR/shacl/#shapes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SH, XSD
from rdflib.term import Node

from migkg.errors import ShapeRefused

LIST_LIMIT = 10_000
_COUNT = re.compile("[0-9]{1,9}")
_NAMESPACE = str(SH)
_TRUE = frozenset(Literal(text, datatype=XSD.boolean, normalize=False) for text in ("true", "1"))
TARGETS = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)
# What says something about a shape but constrains nothing.
# https://www.w3.org/TR/shacl/#nonValidation
_DESCRIBING = frozenset(
    (
        *TARGETS,
        SH.path,
        SH.deactivated,
        SH.severity,
        SH.message,
        SH.name,
        SH.description,
        SH.order,
        SH.group,
        SH.defaultValue,
        # Of a rule, which may be the same node as its shape.
        SH.prefixes,
        SH.select,
    )
)


@dataclass(frozen=True)
class Targets:
    """What a shape is about. https://www.w3.org/TR/shacl/#targets"""

    nodes: tuple[Node, ...]
    classes: tuple[Node, ...]
    subjects_of: tuple[Node, ...]
    objects_of: tuple[Node, ...]

    def __bool__(self) -> bool:
        return bool(self.nodes or self.classes or self.subjects_of or self.objects_of)


@dataclass(frozen=True, eq=False)
class Shape:
    """A node shape, or a property shape, which has a path."""

    node: Node
    path: Node | None
    parameters: dict[URIRef, tuple[Node, ...]]
    targets: Targets
    severity: Node
    messages: tuple[Literal, ...]
    deactivated: bool

    def the(self, parameter: URIRef) -> Node | None:
        """The value of a parameter that has one value at most."""
        values = self.parameters.get(parameter, ())
        if len(values) > 1:
            raise ShapeRefused(self.node, f"it has more than one {name_of(parameter)}")
        return values[0] if values else None

    def number(self, parameter: URIRef) -> int | None:
        """The value of a parameter that is a whole number from 0.

        https://www.w3.org/TR/shacl/#core-components-count
        """
        value = self.the(parameter)
        if value is None:
            return None
        if (
            isinstance(value, Literal)
            and value.datatype == XSD.integer
            and _COUNT.fullmatch(str(value))
        ):
            return int(value)
        raise ShapeRefused(
            self.node, f"{name_of(parameter)} is not a whole number from 0 of at most 9 figures"
        )

    def flag(self, parameter: URIRef) -> bool:
        """True if a parameter has the value true."""
        return self.the(parameter) in _TRUE


class ShapesGraph:
    """A shapes graph, read shape by shape."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._shapes: dict[Node, Shape] = {}

    def shape(self, node: Node) -> Shape:
        """The shape that a node is; raises :class:`ShapeRefused` if it is not well-formed."""
        if node not in self._shapes:
            self._shapes[node] = self._read(node)
        return self._shapes[node]

    def targeted(self) -> list[Node]:
        """The nodes that have a target, in a fixed order."""
        found = {node for target in TARGETS for node in self.graph.subjects(target)}
        return sorted(found | self._class_shapes, key=_order)

    def members(self, node: Node, owner: Node) -> tuple[Node, ...]:
        """The members of a list. https://www.w3.org/TR/shacl/#dfn-shacl-list"""
        found: list[Node] = []
        seen: set[Node] = set()
        while node != RDF.nil:
            first = list(self.graph.objects(node, RDF.first))
            rest = list(self.graph.objects(node, RDF.rest))
            if node in seen or len(first) != 1 or len(rest) != 1:
                raise ShapeRefused(owner, "a list in it is not well-formed")
            seen.add(node)
            found += first
            if len(found) > LIST_LIMIT:
                raise ShapeRefused(owner, f"a list in it has more than {LIST_LIMIT} members")
            (node,) = rest
        return tuple(found)

    def _read(self, node: Node) -> Shape:
        if isinstance(node, Literal):
            raise ShapeRefused(node.n3(), "a literal is no shape")
        said = self._statements(node)
        for predicate in (SH.path, SH.deactivated, SH.severity):
            if len(said.get(predicate, ())) > 1:
                raise ShapeRefused(node, f"it has more than one {name_of(predicate)}")
        paths, severities = said.get(SH.path, ()), said.get(SH.severity, ())
        if not paths and SH.PropertyShape in said.get(RDF.type, ()):
            raise ShapeRefused(node, "it is a property shape without sh:path")
        return Shape(
            node=node,
            path=paths[0] if paths else None,
            parameters={p: said[p] for p in sorted(said, key=str) if self._is_parameter(p)},
            targets=self._targets(node, said),
            severity=severities[0] if severities else SH.Violation,
            messages=tuple(m for m in said.get(SH.message, ()) if isinstance(m, Literal)),
            deactivated=any(value in _TRUE for value in said.get(SH.deactivated, ())),
        )

    def _statements(self, node: Node) -> dict[URIRef, tuple[Node, ...]]:
        """What the shapes graph says of a node, by predicate, in a fixed order."""
        found: dict[URIRef, list[Node]] = defaultdict(list)
        for predicate, value in self.graph.predicate_objects(node):
            if isinstance(predicate, URIRef):
                found[predicate].append(value)
        return {
            predicate: tuple(sorted(values, key=_order) if len(values) > 1 else values)
            for predicate, values in found.items()
        }

    def _is_parameter(self, predicate: URIRef) -> bool:
        if predicate in self._custom:
            return True
        return predicate.startswith(_NAMESPACE) and predicate not in _DESCRIBING

    def _targets(self, node: Node, said: dict[URIRef, tuple[Node, ...]]) -> Targets:
        implicit = (node,) if node in self._class_shapes else ()
        return Targets(
            nodes=said.get(SH.targetNode, ()),
            classes=(*said.get(SH.targetClass, ()), *implicit),
            subjects_of=said.get(SH.targetSubjectsOf, ()),
            objects_of=said.get(SH.targetObjectsOf, ()),
        )

    @cached_property
    def _class_shapes(self) -> set[Node]:
        """What is a class and a shape at once, by IRI, and so its own target.

        https://www.w3.org/TR/shacl/#implicit-targetClass
        """
        shapes = self._instances(SH.NodeShape) | self._instances(SH.PropertyShape)
        both = self._instances(RDFS.Class) & shapes
        return {node for node in both if isinstance(node, URIRef)}

    def _instances(self, node: Node) -> set[Node]:
        """https://www.w3.org/TR/shacl/#dfn-shacl-instance"""
        kinds = self.graph.transitive_subjects(RDFS.subClassOf, node)
        return {member for kind in kinds for member in self.graph.subjects(RDF.type, kind)}

    @cached_property
    def _custom(self) -> set[Node]:
        """The parameters of constraint components that the shapes graph declares.

        https://www.w3.org/TR/shacl/#constraint-components-parameters
        """
        parameters = self.graph.objects(None, SH.parameter)
        return {path for parameter in parameters for path in self.graph.objects(parameter, SH.path)}


def _order(node: Node) -> tuple[bool, str]:
    return isinstance(node, BNode), node.n3()


def name_of(parameter: Node) -> str:
    """A term of SHACL with its prefix, other IRIs as they are."""
    text = str(parameter)
    return f"sh:{text.removeprefix(_NAMESPACE)}" if text.startswith(_NAMESPACE) else text
