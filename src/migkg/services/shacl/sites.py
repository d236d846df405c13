"""What a constraint component is given, and what it makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from rdflib import URIRef
from rdflib.term import Node

from migkg.errors import ShapeRefused
from migkg.services.shacl.focus import Focus
from migkg.services.shacl.paths import Path
from migkg.services.shacl.shapes import Shape, ShapesGraph

# Stands for the mark of a focus node in a query that runs once for each.
ONE_FOCUS = "urn:x-migkg:focus"


@dataclass(frozen=True)
class SparqlRule:
    """A query of a ``sh:sparql`` constraint, and how it is to be run."""

    constraint: Node
    query: str
    joined: bool  # with the focus nodes in it, at once; else once a focus node
    messages: tuple[Node, ...]
    prefixes: tuple[tuple[str, str], ...]
    prologue: str
    text: str  # of the query without its prologue and without focus nodes


@dataclass(frozen=True)
class Check:
    """A query whose every row is a validation result, or a mark on the node at its root."""

    shape: Shape
    component: URIRef
    constraint: str  # the parameter and its value, for people
    query: str
    focus: Focus
    value: str = ""  # the variable of sh:value; empty: the result has none
    path: str = ""  # the variable of sh:resultPath; empty: the path of the shape
    rule: SparqlRule | None = None

    def showing(self, value: str = "", path: str = "") -> Check:
        """The same check, whose results show these variables and no others."""
        return replace(self, value=value, path=path)


@dataclass(frozen=True)
class Mark:
    """Marks, under a name, the nodes that do not conform to a shape."""

    name: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class MarkTerms:
    """Marks, under a name, the members of a list."""

    name: str
    members: tuple[Node, ...]


Step = Check | Mark | MarkTerms


class Compiler(Protocol):
    """What components need to know of the rest."""

    shapes: ShapesGraph

    def subclasses(self, node: Node) -> list[Node]:
        """A class and the classes below it in the data."""

    def checks(self, shape: Shape, focus: Focus) -> tuple[Check, ...]:
        """The checks of a shape at its focus nodes."""

    def violation(self, shape: Node, scope: Scope) -> str:
        """True of a node that does not conform to a shape."""

    def listed(self, members: tuple[Node, ...], scope: Scope) -> str:
        """True of a term that is a member of a long list."""


@dataclass(frozen=True)
class Scope:
    """A variable that an expression speaks of, and the pattern that binds it."""

    compiler: Compiler
    pattern: str
    variable: str
    few: bool  # see :class:`~migkg.services.shacl.focus.Focus`


@dataclass(frozen=True)
class Site:
    """A shape at its focus nodes."""

    compiler: Compiler
    shape: Shape
    focus: Focus
    path: Path | None

    @property
    def value(self) -> str:
        """The variable of the value nodes. https://www.w3.org/TR/shacl/#value-nodes"""
        return self.focus.value if self.path else self.focus.node

    @property
    def values(self) -> str:
        """The pattern that binds focus nodes and their value nodes."""
        return f"{self.focus.pattern} {self.reach(self.value)}"

    @property
    def scope(self) -> Scope:
        """The value nodes, for an expression."""
        return Scope(self.compiler, self.values, self.value, self.focus.few)

    def reach(self, end: str) -> str:
        """The pattern from the focus nodes, bound before, to their value nodes."""
        return self.path.between(self.focus.node, end) if self.path else ""

    def leads(self, end: str) -> str:
        """True if a term, given as a variable or as itself, is one of the value nodes."""
        start = self.focus.node
        return self.path.leads(start, end) if self.path else f"sameTerm({start}, {end})"

    def only_property_shape(self, parameter: str) -> Path:
        """The path; raises :class:`ShapeRefused` where a parameter cannot stand at a node shape."""
        if self.path is None:
            raise ShapeRefused(self.shape.node, f"{parameter} stands at a node shape")
        return self.path

    def check(
        self, component: URIRef, constraint: str, where: str, *, value: str = "", tail: str = ""
    ) -> Check:
        """A check whose query selects the focus nodes, and the values if they are named."""
        ways = dict.fromkeys([*self.focus.way.split(), *value.split()])
        query = f"SELECT DISTINCT {' '.join(ways)} WHERE {{ {where} }} {tail}"
        return Check(self.shape, component, constraint, query, self.focus, value)


ValueTest = Callable[[Scope, Shape, Node], str]
FocusTest = Callable[[Site, Node], list[Check]]
