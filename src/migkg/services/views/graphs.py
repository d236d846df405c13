"""Things in an answer and what ties them: the rows as edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from migkg.services.relations import Diagram, Name, Relation, diagram
from migkg.services.results import TRIPLE, Kind, Row, Table
from migkg.services.views.columns import Caption, Column, Columns

MOST = 150  # edges
DRAWN = 60  # lines of the diagram
_TRIPLES = (TRIPLE, ("s", "p", "o"))


@dataclass(frozen=True)
class Edge:
    """One tie from thing to thing."""

    source: Caption
    property: Caption
    target: Caption


@dataclass(frozen=True)
class Graph:
    """The edges, each once; ``diagram`` shows the first of them."""

    edges: tuple[Edge, ...]
    left_out: int
    diagram: Diagram
    not_drawn: int


def are_triples(table: Table) -> bool:
    """True if the rows are triples, by the names of their variables."""
    return tuple(name.lower() for name in table.variables) in _TRIPLES


def fits(columns: Columns) -> bool:
    """True if some row ties two things."""
    return next(_edges(columns), None) is not None


def draw(columns: Columns) -> Graph:
    """The things that share a row, tied from the first to the others; or the triples."""
    edges = list(dict.fromkeys(_edges(columns)))
    return Graph(
        tuple(edges[:MOST]),
        max(0, len(edges) - MOST),
        diagram(
            Relation(_name(edge.source), _name(edge.property), _name(edge.target))
            for edge in edges[:DRAWN]
        ),
        max(0, len(edges) - DRAWN),
    )


def _name(caption: Caption) -> Name:
    return Name(caption.text, caption.iri)


def _edges(columns: Columns) -> Iterator[Edge]:
    if are_triples(columns.table):
        yield from _of_triples(columns)
        return
    for row in columns.table.rows:
        bound = [column for column in columns.things if column.cell(row)]
        for other in bound[1:]:
            yield _edge(columns, row, (bound[0], Caption(other.variable), other))


def _of_triples(columns: Columns) -> Iterator[Edge]:
    subject, predicate, target = columns.all
    for row in columns.table.rows:
        value = target.cell(row)
        if value and value.kind in (Kind.IRI, Kind.BLANK) and subject.cell(row):
            yield _edge(columns, row, (subject, columns.caption(predicate, row), target))


def _edge(columns: Columns, row: Row, parts: tuple[Column, Caption, Column]) -> Edge:
    source, tie, target = parts
    return Edge(columns.caption(source, row), tie, columns.caption(target, row))
