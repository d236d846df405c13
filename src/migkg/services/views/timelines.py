"""Rows of an answer in the order of time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from migkg.services.results import Row
from migkg.services.views.columns import Caption, Columns

MOST = 200  # entries


@dataclass(frozen=True)
class Entry:
    """A row at its date, with what else it names."""

    caption: Caption
    date: str
    others: tuple[Caption, ...]


@dataclass(frozen=True)
class Timeline:
    """The entries by year, the earliest first."""

    years: dict[str, list[Entry]]
    left_out: int


def fits(columns: Columns) -> bool:
    """True if rows have dates, and names."""
    return bool(columns.dates and columns.titling)


def speaks(columns: Columns) -> bool:
    """True if at least half of the rows have a date, and two at least."""
    dated = sum(_date(columns, row) is not None for row in columns.table.rows)
    return dated > 1 and 2 * dated >= len(columns.table.rows)


def draw(columns: Columns) -> Timeline:
    """The rows that have a date, by year."""
    found = ((date, row) for row in columns.table.rows if (date := _date(columns, row)))
    dated = sorted(found, key=lambda item: item[0][0])
    years: dict[str, list[Entry]] = {}
    for (when, text), row in dated[:MOST]:
        entry = Entry(columns.title(row), text.partition("T")[0], _others(columns, row))
        listed = years.setdefault(str(math.floor(when)), [])
        if entry not in listed:
            listed.append(entry)
    return Timeline(years, max(0, len(dated) - MOST))


def _date(columns: Columns, row: Row) -> tuple[float, str] | None:
    """The first date of a row, as years and as it is written."""
    for column in columns.dates:
        cell, when = column.cell(row), column.moment(row)
        if cell and when is not None:
            return when, cell.value
    return None


def _others(columns: Columns, row: Row) -> tuple[Caption, ...]:
    shown = [column for column in columns.titling if column.cell(row) is not None]
    return tuple(columns.caption(column, row) for column in shown[1:3])
