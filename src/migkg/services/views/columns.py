"""What the columns of an answer hold, so that views can be chosen from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from rdflib.namespace import XSD

from migkg.services.names import Name
from migkg.services.results import Kind, Row, Table, Term
from migkg.services.views.moments import moment
from migkg.services.world_map import Position, place, read_point

_LABEL = "Label"
_NUMBERS = frozenset(
    str(XSD[name])
    for name in (
        *("integer", "decimal", "double", "float", "int", "long", "short", "byte"),
        *("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
        *("unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"),
    )
)
_LATITUDES, _LONGITUDES = ("lat", "latitude"), ("lon", "long", "lng", "longitude")
_NO_MEASURES = frozenset(
    (*_LATITUDES, *_LONGITUDES, "id", "code", "index", "order", "page", "paragraph", "position")
)
_LONGEST = 120  # characters of a caption


class Holds(Enum):
    """What all cells of a column are."""

    NOTHING = "nothing"
    THINGS = "things"
    DATES = "dates"
    NUMBERS = "numbers"
    POINTS = "points"
    TEXTS = "texts"


@dataclass(frozen=True)
class Caption:
    """What stands for a row or a thing in a drawing; ``iri`` is empty where it leads nowhere."""

    text: str
    iri: str = ""
    language: str = ""


@dataclass(frozen=True)
class Column:
    """A variable, its place in a row, and what its cells are."""

    variable: str
    index: int
    holds: Holds

    def cell(self, row: Row) -> Term | None:
        """Its cell of a row."""
        return row[self.index]

    def moment(self, row: Row) -> float | None:
        """When a row is, by this column of dates."""
        cell = row[self.index]
        return moment(cell, self.variable) if cell else None

    def number(self, row: Row) -> float | None:
        """The number in a row."""
        cell = row[self.index]
        return number(cell) if cell else None


class Columns:
    """The columns of a table, with the names of the things in it.

    A column ``thingLabel`` beside ``thing`` only names things, so it is none of its own.
    """

    def __init__(self, table: Table, names: Mapping[str, Name]) -> None:
        self.table = table
        self._names = names
        self._labels = _label_columns(table)
        labels = set(self._labels.values())
        self.all = [
            Column(variable, index, _holds(variable, (row[index] for row in table.rows)))
            for index, variable in enumerate(table.variables)
            if index not in labels
        ]

    @cached_property
    def things(self) -> list[Column]:
        """The columns of things."""
        return self.of(Holds.THINGS)

    @cached_property
    def points(self) -> list[Column]:
        """The columns of places."""
        return self.of(Holds.POINTS)

    @cached_property
    def _degrees(self) -> tuple[Column, Column] | None:
        """The columns of longitudes and latitudes."""
        east, north = self._named(_LONGITUDES), self._named(_LATITUDES)
        return (east, north) if east and north else None

    def of(self, *kinds: Holds) -> list[Column]:
        """The columns that hold one of these."""
        return [column for column in self.all if column.holds in kinds]

    def label(self, column: Column, row: Row) -> Term | None:
        """What the row itself calls the thing in a column."""
        index = self._labels.get(column.index)
        return row[index] if index is not None else None

    def labelled_by(self, column: Column) -> str | None:
        """The variable of the labels of the things in a column."""
        index = self._labels.get(column.index)
        return self.table.variables[index] if index is not None else None

    def caption(self, column: Column, row: Row) -> Caption:
        """What stands for a cell of a row."""
        cell = row[column.index]
        if cell is None:
            return Caption("")
        iri = cell.value if cell.kind is Kind.IRI else ""
        named = self.name(column, row)
        if named.text:
            return Caption(_cut(named.text), iri, named.language)
        return Caption(_cut(end_of(iri) if iri else cell.value), iri, cell.language)

    def name(self, column: Column, row: Row) -> Caption:
        """What a thing is called: by the row itself, else by the data; without text if by none."""
        cell, said = row[column.index], self.label(column, row)
        if cell is None or cell.kind is Kind.LITERAL:
            return Caption("")
        iri = cell.value if cell.kind is Kind.IRI else ""
        if said is not None:
            return Caption(said.value, iri, said.language)
        name = self._names.get(iri)
        return Caption(name.label, iri, name.language) if name else Caption("")

    def position(self, row: Row) -> tuple[Position, Caption] | None:
        """Where a row is on the map, and what is there."""
        for column in self.points:
            cell = column.cell(row)
            found = read_point(cell.value) if cell else None
            if found:
                return found, self.title(row)
        return self._by_degrees(row) or self._by_thing(row)

    @cached_property
    def says_where(self) -> bool:
        """True if there are points, or degrees."""
        return bool(self.points or self._degrees)

    def _by_degrees(self, row: Row) -> tuple[Position, Caption] | None:
        if self._degrees is None:
            return None
        x, y = (column.number(row) for column in self._degrees)
        found = place(x, y) if x is not None and y is not None else None
        return (found, self.title(row)) if found else None

    def _by_thing(self, row: Row) -> tuple[Position, Caption] | None:
        for column in self.things:
            cell = column.cell(row)
            name = self._names.get(cell.value) if cell else None
            if name and name.position:
                return name.position, self.caption(column, row)
        return None

    def _named(self, names: Iterable[str]) -> Column | None:
        numbers = self.of(Holds.NUMBERS)
        return next((item for item in numbers if item.variable.lower() in names), None)

    @cached_property
    def dates(self) -> list[Column]:
        """The columns of dates."""
        return self.of(Holds.DATES)

    @cached_property
    def measures(self) -> list[Column]:
        """The columns of numbers that are neither degrees nor, by their name, numbers of things."""
        found = self.of(Holds.NUMBERS)
        return [column for column in found if column.variable.lower() not in _NO_MEASURES]

    @cached_property
    def titling(self) -> list[Column]:
        """The columns that can stand for a row: of things and texts."""
        return self.of(Holds.THINGS, Holds.TEXTS)

    def title(self, row: Row) -> Caption:
        """What stands for a row: its first thing or text."""
        for column in self.titling:
            if column.cell(row) is not None:
                return self.caption(column, row)
        return Caption("")


def number(term: Term) -> float | None:
    """The finite number that a literal is; else None."""
    if term.datatype not in _NUMBERS:
        return None
    try:
        found = float(term.value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def end_of(iri: str) -> str:
    """The last part of an IRI, for people to read."""
    return iri.replace("#", "/").rstrip("/").rpartition("/")[2] or iri


def _label_columns(table: Table) -> dict[int, int]:
    """The columns of things that have a column of labels, with the place of that."""
    places = {variable: index for index, variable in enumerate(table.variables)}
    pairs = {
        index: places[variable + _LABEL]
        for variable, index in places.items()
        if variable + _LABEL in places
    }
    return {
        index: label
        for index, label in pairs.items()
        if not any(_is_literal(row[index]) or _is_thing(row[label]) for row in table.rows)
    }


def _is_literal(cell: Term | None) -> bool:
    return cell is not None and cell.kind is Kind.LITERAL


def _is_thing(cell: Term | None) -> bool:
    return cell is not None and cell.kind in (Kind.IRI, Kind.BLANK)


def _holds(variable: str, cells: Iterator[Term | None]) -> Holds:
    found = {_cell_holds(variable, cell) for cell in cells if cell is not None}
    if not found:
        return Holds.NOTHING
    return found.pop() if len(found) == 1 else Holds.TEXTS


def _cell_holds(variable: str, cell: Term) -> Holds:
    if _is_thing(cell):
        return Holds.THINGS
    if moment(cell, variable) is not None:
        return Holds.DATES
    if number(cell) is not None:
        return Holds.NUMBERS
    return Holds.POINTS if read_point(cell.value) else Holds.TEXTS


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
