"""A diagram of what leads from classes to classes: a box for each class, a line for each property.

Lines stand below each other, so that none crosses another and every name can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ROW = 24
BOX = 190
WIDTH = 720
_GAP = 12
_BOX_HEIGHT = 20
_LONGEST = 26


@dataclass(frozen=True)
class Name:
    """A term as the diagram has it; without an IRI it leads nowhere."""

    text: str
    iri: str = ""

    @property
    def short(self) -> str:
        """The text as far as a box is wide."""
        return self.text if len(self.text) <= _LONGEST else self.text[: _LONGEST - 1] + "…"


@dataclass(frozen=True)
class Relation:
    """From one class by a property to what its values are."""

    source: Name
    property: Name
    target: Name


@dataclass(frozen=True)
class Line:
    """One property: the height of its line, and what it leads to."""

    y: int
    property: Name
    target: Name


@dataclass(frozen=True)
class Block:
    """One class with its properties."""

    source: Name
    y: int
    lines: tuple[Line, ...]

    @property
    def middle(self) -> int:
        """The height at which the box has its middle."""
        return self.y + _BOX_HEIGHT // 2


@dataclass(frozen=True)
class Diagram:
    """All blocks, one below the other."""

    height: int
    blocks: tuple[Block, ...]
    width: int = WIDTH
    box: int = BOX
    box_height: int = _BOX_HEIGHT


def diagram(relations: Iterable[Relation]) -> Diagram:
    """The diagram of some relations, by the names of the classes and of the properties."""
    groups: dict[Name, list[Relation]] = {}
    for relation in sorted(set(relations), key=_order):
        groups.setdefault(relation.source, []).append(relation)
    blocks, y = [], 2
    for source, found in groups.items():
        lines = tuple(
            Line(y + number * ROW + _BOX_HEIGHT // 2, item.property, item.target)
            for number, item in enumerate(found)
        )
        blocks.append(Block(source, y, lines))
        y += len(found) * ROW + _GAP
    return Diagram(height=y, blocks=tuple(blocks))


def of_properties(
    properties: Iterable[tuple[str, Iterable[str], Iterable[str]]], labels: Mapping[str, str]
) -> Diagram:
    """The diagram of properties, each with its domains and its ranges."""
    anything = Name("anything")
    return diagram(
        Relation(source, named(iri, labels), target)
        for iri, domains, ranges in properties
        for source in [named(domain, labels) for domain in domains] or [anything]
        for target in [named(value, labels) for value in ranges] or [anything]
    )


def named(iri: str, labels: Mapping[str, str]) -> Name:
    """A term by its label, or by the end of its IRI."""
    return Name(labels.get(iri) or iri.replace("#", "/").rstrip("/").rpartition("/")[2], iri)


def _order(relation: Relation) -> tuple[bool, str, str, str, str]:
    source = relation.source
    return (
        not source.iri,
        source.text.casefold(),
        source.iri,
        relation.property.text,
        relation.target.text + relation.target.iri,
    )
