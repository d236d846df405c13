"""Places in an answer, on the map of the world."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from migkg.services.views.columns import Caption, Columns
from migkg.services.world_map import WIDTH, Position

MOST = 500  # dots
_SMALLEST, _LARGEST = 8.0, 26.0  # width of a dot, in pixels of the screen
_TOP, _HEIGHT = 5, 445  # above and below is nothing but ice and sea
_SHAPE = WIDTH / _HEIGHT
_MARGIN, _CLOSEST, _FAR = 60, 200, 600  # units of the map
_LISTED = 5  # rows that a dot names


@dataclass
class Dot:
    """One place: what is there, how many rows speak of it, and how large it is drawn."""

    caption: Caption
    position: Position
    rows: int = 0
    size: float = _SMALLEST
    number: str = ""
    others: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Map:
    """The places; ``measure`` is the variable that their size shows, if any."""

    dots: tuple[Dot, ...]
    left_out: int
    measure: str = ""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The part of the map with all dots: left, top, width and height."""
        xs, ys = ([getattr(dot.position, axis) for dot in self.dots] for axis in "xy")
        width = max(max(xs) - min(xs) + _MARGIN, (max(ys) - min(ys) + _MARGIN) * _SHAPE, _CLOSEST)
        if width > _FAR:
            return 0, _TOP, WIDTH, _HEIGHT
        left = (min(xs) + max(xs) - width) / 2
        top = (min(ys) + max(ys) - width / _SHAPE) / 2
        return round(left, 1), round(top, 1), round(width, 1), round(width / _SHAPE, 1)


def has_points(columns: Columns) -> bool:
    """True if the answer itself says where its rows are."""
    return columns.says_where and any(columns.position(row) for row in columns.table.rows)


def fits(columns: Columns) -> bool:
    """True if there are at least two places, or the answer itself says where one is."""
    return len(_dots(columns)) > 1 or has_points(columns)


def speaks(columns: Columns) -> bool:
    """True if at least half of the rows have a place."""
    placed = sum(columns.position(row) is not None for row in columns.table.rows)
    return 2 * placed >= len(columns.table.rows)


def draw(columns: Columns) -> Map:
    """The map of an answer, large dots below small ones."""
    dots = _dots(columns)
    measure = _sized(columns, dots)
    shown = sorted(dots[:MOST], key=lambda dot: -dot.size)
    return Map(tuple(shown), len(dots) - len(shown), measure)


def _dots(columns: Columns) -> list[Dot]:
    found: dict[tuple[Position, Caption], Dot] = {}
    for row in columns.table.rows:
        placed = columns.position(row)
        if placed is None:
            continue
        position, caption = placed
        dot = found.setdefault((position, caption), Dot(caption, position))
        dot.rows += 1
        title = columns.title(row).text
        if title not in (caption.text, "", *dot.others) and len(dot.others) < _LISTED:
            dot.others.append(title)
    return list(found.values())


def _sized(columns: Columns, dots: list[Dot]) -> str:
    """Gives each dot the size of its number, if there is one number for each place."""
    measures = columns.measures
    if not measures or any(dot.rows > 1 for dot in dots):
        return ""
    measure = measures[0]
    rows = [row for row in columns.table.rows if columns.position(row)]
    values = [measure.number(row) for row in rows]
    largest = max((value for value in values if value), default=0.0)
    for dot, row, value in zip(dots, rows, values, strict=True):
        cell = measure.cell(row)
        dot.number = cell.value if cell else ""
        if value is not None and value > 0 < largest:
            dot.size = round(max(_SMALLEST, _LARGEST * math.sqrt(value / largest)), 1)
    return measure.variable
