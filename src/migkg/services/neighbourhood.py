"""A picture of what a thing is tied to: what points to it on the left, what it points to right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from migkg.services.thing_view import Description, Facts

_MOST = 9  # on each side
_ROW = 44
_BOX_WIDTH, _BOX_HEIGHT = 206, 30
_WIDTH = 920
_LONGEST = 29
_LONGEST_PROPERTY = 22


@dataclass(frozen=True)
class Node:
    """A thing in the picture."""

    iri: str
    text: str
    x: int
    y: int


@dataclass(frozen=True)
class Edge:
    """A property between the thing and a neighbour: a curve, and the place of its name."""

    path: str
    text: str
    x: int
    y: int


@dataclass(frozen=True)
class Picture:
    """Nodes and edges in a box; ``left_out`` are the neighbours for which there was no room."""

    width: int
    height: int
    center: Node
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int
    box: tuple[int, int] = (_BOX_WIDTH, _BOX_HEIGHT)


def picture(view: Description, base_iri: str) -> Picture | None:
    """The neighbourhood of a thing; None if nothing of ours is near."""
    incoming = _neighbours(view.incoming, base_iri)
    outgoing = _neighbours(view.facts, base_iri)
    rows = max(len(incoming[:_MOST]), len(outgoing[:_MOST]))
    if not rows:
        return None
    middle = rows * _ROW // 2
    center = Node(view.iri, _cut(view.label), (_WIDTH - _BOX_WIDTH) // 2, middle - _BOX_HEIGHT // 2)
    left = _column(incoming[:_MOST], 0, middle)
    right = _column(outgoing[:_MOST], _WIDTH - _BOX_WIDTH, middle)
    edges = [_edge(node, center, text) for node, text in left]
    edges += [_edge(center, node, text) for node, text in right]
    return Picture(
        width=_WIDTH,
        height=rows * _ROW,
        center=center,
        nodes=tuple(node for node, _ in (*left, *right)),
        edges=tuple(edges),
        left_out=max(0, len(incoming) - _MOST) + max(0, len(outgoing) - _MOST),
    )


def _neighbours(facts: Iterable[Facts], base_iri: str) -> list[tuple[str, str, str]]:
    """(IRI, name, property) of things of ours, one of each property in turn."""
    lists = [
        [
            (value.iri, value.text, fact.label)
            for value in fact.values
            if value.iri.startswith(f"{base_iri}id/") and "#" not in value.iri
        ]
        for fact in facts
    ]
    longest = max(map(len, lists), default=0)
    mixed = [items[turn] for turn in range(longest) for items in lists if turn < len(items)]
    once = {iri: (iri, name, label) for iri, name, label in reversed(mixed)}
    return list(reversed(once.values()))


def _column(items: Sequence[tuple[str, str, str]], x: int, middle: int) -> list[tuple[Node, str]]:
    top = middle - len(items) * _ROW // 2 + (_ROW - _BOX_HEIGHT) // 2
    return [
        (Node(iri, _cut(name), x, top + number * _ROW), label)
        for number, (iri, name, label) in enumerate(items)
    ]


def _edge(start: Node, end: Node, text: str) -> Edge:
    x1, y1 = start.x + _BOX_WIDTH, start.y + _BOX_HEIGHT // 2
    x2, y2 = end.x, end.y + _BOX_HEIGHT // 2
    half = (x1 + x2) // 2
    outer_left = start.x == 0
    label_x, label_y = (x1 + 4, y1 - 4) if outer_left else (x2 - 4, y2 - 4)
    return Edge(f"M{x1} {y1}C{half} {y1} {half} {y2} {x2} {y2}", _short(text), label_x, label_y)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_PROPERTY else text[: _LONGEST_PROPERTY - 1] + "…"
