"""Where a shape is applied: focus nodes and value nodes as graph patterns."""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import BNode
from rdflib.namespace import RDF, RDFS
from rdflib.term import Node

from migkg.engine.validation_store import has_mark
from migkg.errors import ShapeRefused
from migkg.services.shacl import terms
from migkg.services.shacl.paths import Path
from migkg.services.shacl.shapes import Targets

TYPE = f"<{RDF.type}>"
INSTANCE = f"{TYPE}/<{RDFS.subClassOf}>*"


@dataclass(frozen=True)
class Focus:
    """A pattern that binds focus nodes, and the nodes from which these were reached.

    A property shape inside a property shape has the value nodes of the outer one as focus nodes. A
    node that is reached from two outer focus nodes is judged for each of them, so the variables of
    the way there are kept: ``?f0`` is where it starts. ``few`` nodes are looked up one by one; for
    many it may be quicker to look at all triples of a predicate.
    """

    pattern: str
    depth: int = 0
    first: int = 0
    few: bool = False

    @property
    def node(self) -> str:
        """The variable of the focus node."""
        return f"?f{self.depth}"

    @property
    def root(self) -> str:
        """The variable of the node at which the way to the focus node starts."""
        return f"?f{self.first}"

    @property
    def way(self) -> str:
        """All variables from the first focus node to this one."""
        return " ".join(f"?f{number}" for number in range(self.first, self.depth + 1))

    @property
    def value(self) -> str:
        """The variable of the value nodes of a property shape."""
        return f"?f{self.depth + 1}"

    def below(self, path: Path) -> Focus:
        """The value nodes of a path as focus nodes."""
        inner = f"{self.pattern} {path.between(self.node, self.value)}"
        pattern = f"{{ SELECT DISTINCT {self.way} {self.value} WHERE {{ {inner} }} }}"
        return Focus(pattern, self.depth + 1, self.first, self.few)


def alone(pattern: str, variable: str, *, few: bool) -> Focus:
    """The nodes that a variable of a pattern stands for, each once, wherever they come from."""
    number = int(variable.removeprefix("?f"))
    each = f"{{ SELECT DISTINCT {variable} WHERE {{ {pattern} }} }}"
    return Focus(each, number, number, few)


def marked(mark: str) -> Focus:
    """The nodes with a mark."""
    return Focus(has_mark(mark, "?f0"), few=True)


def is_target(given: Targets) -> str:
    """True of a node, ``?f0``, that is a target of a shape."""
    tests = [
        *(f"sameTerm(?f0, {terms.term(node)})" for node in given.nodes),
        *(f"EXISTS {{ ?f0 {INSTANCE} {terms.iri(node)} }}" for node in given.classes),
        *(f"EXISTS {{ ?f0 {terms.iri(node)} ?target }}" for node in given.subjects_of),
        *(f"EXISTS {{ ?target {terms.iri(node)} ?f0 }}" for node in given.objects_of),
    ]
    return " || ".join(tests)


def targets(shape: Node, given: Targets) -> Focus:
    """The target nodes of a shape. https://www.w3.org/TR/shacl/#targets"""
    patterns = [
        *_nodes(shape, given.nodes),
        *(f"?f0 {INSTANCE} {terms.iri(node)}" for node in given.classes),
        *(f"?f0 {terms.iri(node)} ?target" for node in given.subjects_of),
        *(f"?target {terms.iri(node)} ?f0" for node in given.objects_of),
    ]
    union = " UNION ".join(f"{{ {pattern} }}" for pattern in patterns)
    return Focus(f"{{ SELECT DISTINCT ?f0 WHERE {{ {union} }} }}")


def _nodes(shape: Node, nodes: tuple[Node, ...]) -> list[str]:
    """https://www.w3.org/TR/shacl/#targetNode"""
    if any(isinstance(node, BNode) for node in nodes):
        raise ShapeRefused(shape, "sh:targetNode is a blank node")
    return [f"VALUES ?f0 {{ {' '.join(map(terms.term, nodes))} }}"] if nodes else []
