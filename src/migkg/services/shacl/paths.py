"""Property paths of shapes as property paths of SPARQL.

Source: https://www.w3.org/TR/shacl/#property-paths.
"""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import BNode, URIRef
from rdflib.namespace import RDF, SH
from rdflib.term import Node

from migkg.errors import ShapeRefused
from migkg.services.shacl import terms
from migkg.services.shacl.shapes import ShapesGraph

_LONGEST = 64  # steps: the engine orders them by trying
_FORMS: dict[Node, str] = {
    SH.inversePath: "^{}",
    SH.zeroOrMorePath: "{}*",
    SH.oneOrMorePath: "{}+",
    SH.zeroOrOnePath: "{}?",
}


@dataclass(frozen=True)
class Path:
    """A path as SPARQL text, and what can be told of it."""

    text: str
    steps: int = 1
    empty: bool = False  # it also leads from each node to the node itself
    predicate: bool = False

    def between(self, start: str, end: str) -> str:
        """The pattern that binds, for each start that is bound before, its value nodes."""
        walk = self.walk(start, end)
        return walk if self.predicate else f"LATERAL {{ {walk} }}"

    def walk(self, start: str, end: str) -> str:
        """The pattern by itself; it must be evaluated for each start.

        A path that may have no step leads to its start even if no triple speaks of it, which the
        engine does not see (https://www.w3.org/TR/shacl/#value-nodes).
        """
        step = f"{start} {self.text} {end}"
        if not self.empty:
            return f"{step} ."
        return f"{{ SELECT {start} ({start} AS {end}) {{}} }} UNION {{ {step} }}"

    def leads(self, start: str, end: str) -> str:
        """True if the path leads from one node to another; both are bound."""
        found = f"EXISTS {{ {start} {self.text} {end} }}"
        return f"({found} || sameTerm({start}, {end}))" if self.empty else found


def read_path(shapes: ShapesGraph, node: Node, owner: Node) -> Path:
    """The path that a node of the shapes graph stands for."""
    path = _Reader(shapes, owner).read(node, frozenset())
    if path.steps > _LONGEST:
        raise ShapeRefused(owner, f"its path has more than {_LONGEST} steps")
    return path


class _Reader:
    def __init__(self, shapes: ShapesGraph, owner: Node) -> None:
        self._shapes = shapes
        self._owner = owner

    def read(self, node: Node, around: frozenset[Node]) -> Path:
        if isinstance(node, URIRef):
            return Path(terms.iri(node), predicate=True)
        if not isinstance(node, BNode) or node in around or len(around) > _LONGEST:
            raise ShapeRefused(self._owner, "its path is not well-formed")
        around |= {node}
        if (node, RDF.first, None) in self._shapes.graph:
            return self._joined("/", self._shapes.members(node, self._owner), around)
        statements = list(self._shapes.graph.predicate_objects(node))
        if len(statements) != 1:
            raise ShapeRefused(self._owner, "its path is not well-formed")
        ((form, inner),) = statements
        if form == SH.alternativePath:
            return self._joined("|", self._shapes.members(inner, self._owner), around)
        return self._modified(form, self.read(inner, around))

    def _modified(self, form: Node, inner: Path) -> Path:
        if form not in _FORMS:
            raise ShapeRefused(self._owner, f"its path has the form {form}")
        empty = inner.empty or form in (SH.zeroOrMorePath, SH.zeroOrOnePath)
        return Path(f"({_FORMS[form].format(inner.text)})", inner.steps, empty)

    def _joined(self, sign: str, members: tuple[Node, ...], around: frozenset[Node]) -> Path:
        if not 2 <= len(members) <= _LONGEST:
            raise ShapeRefused(
                self._owner, f"its path has a list of fewer than 2 or more than {_LONGEST} members"
            )
        parts = [self.read(member, around) for member in members]
        any_or_all = any if sign == "|" else all
        return Path(
            f"({sign.join(part.text for part in parts)})",
            sum(part.steps for part in parts),
            any_or_all(part.empty for part in parts),
        )
