"""Numbers in an answer, as bars from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migkg.services.results import Row
from migkg.services.views.columns import Caption, Column, Columns

MOST = 60  # bars
_NAMING = 2  # columns in the name of a bar
_WIDE = 100.0  # per cent of the room


@dataclass(frozen=True)
class Bar:
    """One bar, from ``start`` and as wide as its number, both in per cent of the room."""

    captions: tuple[Caption, ...]
    text: str
    start: float
    width: float


@dataclass(frozen=True)
class Bars:
    """The bars of one variable; ``zero`` is where they begin."""

    measure: str
    bars: tuple[Bar, ...]
    zero: float
    left_out: int


def fits(columns: Columns) -> bool:
    """True if rows have names, and numbers to compare."""
    return bool(_candidates(columns) and columns.measures and len(columns.table.rows) > 1)


def speaks(columns: Columns) -> bool:
    """True if there is room for all, at least half have a number, and short names."""
    rows = columns.table.rows
    measured = sum(_measure(columns).number(row) is not None for row in rows)
    naming = _naming(columns)
    return (
        len(rows) <= MOST
        and 2 * measured >= len(rows)
        and len(naming) <= _NAMING
        and _distinct(naming, rows)
    )


def draw(columns: Columns) -> Bars:
    """A bar for each row with a number, in the order of the rows."""
    measure = _measure(columns)
    naming = _naming(columns)
    rows = [
        (row, value) for row in columns.table.rows if (value := measure.number(row)) is not None
    ]
    shown = rows[:MOST]
    values = [value for _, value in shown]
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    span = (high - low) or 1.0
    zero = -low / span * _WIDE
    bars = (
        Bar(
            tuple(columns.caption(column, row) for column in naming if column.cell(row)),
            _text(measure, row),
            round(zero + min(value, 0.0) / span * _WIDE, 2),
            round(abs(value) / span * _WIDE, 2),
        )
        for row, value in shown
    )
    return Bars(measure.variable, tuple(bars), round(zero, 2), len(rows) - len(shown))


def _naming(columns: Columns) -> Sequence[Column]:
    """As few columns as tell the rows apart, from the left."""
    candidates = _candidates(columns)
    for count in range(1, len(candidates) + 1):
        chosen = candidates[:count]
        if _distinct(chosen, columns.table.rows):
            return chosen
    return candidates[:_NAMING]


def _candidates(columns: Columns) -> list[Column]:
    """What can name a bar; where there is nothing else, the first of several numbers."""
    return columns.titling + columns.dates or columns.measures[:-1][:1]


def _measure(columns: Columns) -> Column:
    """The first number that names no bar."""
    names = _candidates(columns)
    return next(column for column in columns.measures if column not in names)


def _distinct(columns: Sequence[Column], rows: Sequence[Row]) -> bool:
    seen = {tuple(column.cell(row) for column in columns) for row in rows}
    return len(seen) == len(rows)


def _text(measure: Column, row: Row) -> str:
    cell = measure.cell(row)
    return cell.value if cell else ""
