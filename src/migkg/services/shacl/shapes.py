"""The shapes of a shapes graph, as the specification defines them.

Source: https://www.w3.org/TR/shacl/#shapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SH, XSD
from rdflib.term import Node

from migkg.errors import ShapeRefused

LIST_LIMIT = 10_000
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
        if isinstance(value, Literal) and value.datatype == XSD.integer and str(value).isdecimal():
            return int(value)
        raise ShapeRefused(self.node, f"{name_of(parameter)} is not a whole number from 0")

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
        found |= {node for node in self._classes if self._is_shape(node)}
        return sorted(found, key=lambda node: (isinstance(node, BNode), str(node)))

    def members(self, node: Node, owner: Node) -> tuple[Node, ...]:
        """The members of a list. https://www.w3.org/TR/shacl/#dfn-shacl-list"""
        found: list[Node] = []
        seen: set[Node] = set()
        while node != RDF.nil:
            first, rest = self._values(node, RDF.first), self._values(node, RDF.rest)
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
        paths = self._values(node, SH.path)
        deactivated = self._values(node, SH.deactivated)
        if len(paths) > 1 or len(deactivated) > 1:
            raise ShapeRefused(node, "it has more than one sh:path or sh:deactivated")
        if not paths and (node, RDF.type, SH.PropertyShape) in self.graph:
            raise ShapeRefused(node, "it is a property shape without sh:path")
        severities = self._values(node, SH.severity)
        if len(severities) > 1:
            raise ShapeRefused(node, "it has more than one sh:severity")
        return Shape(
            node=node,
            path=paths[0] if paths else None,
            parameters=self._parameters(node),
            targets=self._targets(node),
            severity=severities[0] if severities else SH.Violation,
            messages=tuple(m for m in self._values(node, SH.message) if isinstance(m, Literal)),
            deactivated=any(value in _TRUE for value in deactivated),
        )

    def _parameters(self, node: Node) -> dict[URIRef, tuple[Node, ...]]:
        return {
            predicate: self._values(node, predicate)
            for predicate in sorted(set(self.graph.predicates(node)), key=str)
            if isinstance(predicate, URIRef)
            and predicate not in _DESCRIBING
            and (predicate in SH or predicate in self._custom)
        }

    def _targets(self, node: Node) -> Targets:
        implicit = (node,) if isinstance(node, URIRef) and node in self._classes else ()
        return Targets(
            nodes=self._values(node, SH.targetNode),
            classes=(*self._values(node, SH.targetClass), *implicit),
            subjects_of=self._values(node, SH.targetSubjectsOf),
            objects_of=self._values(node, SH.targetObjectsOf),
        )

    @cached_property
    def _classes(self) -> set[Node]:
        """The instances of rdfs:Class in the shapes graph.

        https://www.w3.org/TR/shacl/#implicit-targetClass
        """
        kinds = self.graph.transitive_subjects(RDFS.subClassOf, RDFS.Class)
        return {node for kind in kinds for node in self.graph.subjects(RDF.type, kind)}

    def _is_shape(self, node: Node) -> bool:
        typed = any(
            (node, RDF.type, kind) in self.graph for kind in (SH.NodeShape, SH.PropertyShape)
        )
        return typed or bool(self._parameters(node))

    @cached_property
    def _custom(self) -> set[Node]:
        """The parameters of constraint components that the shapes graph declares.

        https://www.w3.org/TR/shacl/#constraint-components-parameters
        """
        parameters = self.graph.objects(None, SH.parameter)
        return {path for parameter in parameters for path in self.graph.objects(parameter, SH.path)}

    def _values(self, node: Node, predicate: Node) -> tuple[Node, ...]:
        found = set(self.graph.objects(node, predicate))
        return tuple(sorted(found, key=lambda value: (isinstance(value, BNode), value.n3())))


def name_of(parameter: Node) -> str:
    """A term of SHACL with its prefix, other IRIs as they are."""
    text = str(parameter)
    return f"sh:{text.removeprefix(str(SH))}" if text.startswith(str(SH)) else text
