"""Numbers in an answer on two axes: lines over time, and scattered points."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from migkg.services.results import Row
from migkg.services.views import bars
from migkg.services.views.axes import Axis, Tick, numbers, times
from migkg.services.views.columns import Column, Columns

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 58, 704, 30, 336
MOST = 1000  # points
_SERIES = 6  # lines that can be told apart
_LEAST = 3  # points that make a line or a cloud


@dataclass(frozen=True)
class Point:
    """A row at its place."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Series:
    """Points that belong together; ``path`` joins them, if they are a line."""

    name: str
    points: tuple[Point, ...]
    path: str = ""


@dataclass(frozen=True)
class Plot:
    """Points on two axes, ready to be drawn in ``WIDTH`` by ``HEIGHT``."""

    horizontal: str
    vertical: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    series: tuple[Series, ...]
    left_out: int


def fits_line(columns: Columns) -> bool:
    """True if numbers stand at three dates or more."""
    if not (columns.dates and columns.measures):
        return False
    dates = {columns.dates[0].moment(row) for row in columns.table.rows} - {None}
    return len(dates) >= _LEAST


def tells_of_time(columns: Columns) -> bool:
    """True if the dates are what tells the rows apart, so that a line says most."""
    return _series_column(columns) is not None or not columns.titling


def fits_scatter(columns: Columns) -> bool:
    """True if there are two numbers in three rows or more."""
    return len(columns.measures) > 1 and len(columns.table.rows) >= _LEAST


def is_cloud(columns: Columns) -> bool:
    """True if rows are too many for bars."""
    return len(columns.table.rows) > bars.MOST


def draw_line(columns: Columns) -> Plot:
    """The first number over the first date, a line for each of a few names."""
    across, up = columns.dates[0], columns.measures[0]
    by = _series_column(columns)
    found = [
        (_name(columns, by, row), x, y, row)
        for row in columns.table.rows
        if (x := across.moment(row)) is not None and (y := up.number(row)) is not None
    ]
    found.sort(key=lambda item: item[1])
    axes = times(item[1] for item in found[:MOST]), numbers(item[2] for item in found[:MOST])
    return _plot(columns, (across, up), axes, found, joined=True)


def draw_scatter(columns: Columns) -> Plot:
    """The first two numbers of each row."""
    across, up = columns.measures[:2]
    found = [
        ("", x, y, row)
        for row in columns.table.rows
        if (x := across.number(row)) is not None and (y := up.number(row)) is not None
    ]
    axes = numbers(item[1] for item in found[:MOST]), numbers(item[2] for item in found[:MOST])
    return _plot(columns, (across, up), axes, found, joined=False)


def _plot(
    columns: Columns,
    shown: tuple[Column, Column],
    axes: tuple[Axis, Axis],
    found: list[tuple[str, float, float, Row]],
    *,
    joined: bool,
) -> Plot:
    across, up = axes[0].scaled(LEFT, RIGHT), axes[1].scaled(BOTTOM, TOP)
    groups: dict[str, list[Point]] = {}
    for name, x, y, row in found[:MOST]:
        point = Point(across(x), up(y), _title(columns, shown, row))
        groups.setdefault(name, []).append(point)
    return Plot(
        shown[0].variable,
        shown[1].variable,
        axes[0].ticks(LEFT, RIGHT),
        axes[1].ticks(BOTTOM, TOP),
        tuple(
            Series(name, tuple(points), _path(points) if joined else "")
            for name, points in groups.items()
        ),
        max(0, len(found) - MOST),
    )


def _path(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{point.x} {point.y}" for point in points)


def _title(columns: Columns, shown: tuple[Column, Column], row: Row) -> str:
    values = [f"{column.variable} {getattr(column.cell(row), 'value', '')}" for column in shown]
    return ", ".join(filter(None, (columns.title(row).text, *values)))


def _series_column(columns: Columns) -> Column | None:
    """The column by which rows of the same date are several lines, if there are few."""
    rows = columns.table.rows
    for column in columns.titling:
        names = {column.cell(row) for row in rows}
        if len(names) <= min(_SERIES, math.ceil(len(rows) / 2)):
            return column
    return None


def _name(columns: Columns, by: Column | None, row: Row) -> str:
    return columns.caption(by, row).text if by else ""
