"""Throughput as an SVG: one row a workload, one dot a system, a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW, _BOTTOM = 900, 190, 30, 96, 40, 52
_LEGEND_COLUMNS = 3
_LEGEND_ROW = 22
# Okabe and Ito's colours, which people with any colour vision can tell apart, on white.
_COLOURS = ("#D55E00", "#E69F00", "#0072B2", "#56B4E9", "#009E73", "#CC79A7", "#000000")
_INK, _PALE = "#333333", "#DDDDDD"
_RADIUS = 6.5

Series = Mapping[str, float]
Point = tuple[float, float]


def svg(
    title: str,
    rows: Mapping[str, Series],
    systems: Sequence[str],
    *,
    limit: tuple[str, float] | None = None,
) -> str:
    """The picture: ``rows`` are values by workload and system, ``limit`` a line with its name."""
    values = [value for row in rows.values() for value in row.values() if value > 0]
    if limit:
        values.append(limit[1])
    scale = _Scale.over(values)
    legend = math.ceil(len(systems) / _LEGEND_COLUMNS) * _LEGEND_ROW
    top = _TOP + legend - _LEGEND_ROW
    height = top + len(rows) * _ROW + _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="14" '
        f'fill="{_INK}" role="img" aria-label="{escape(title)}">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#FFFFFF"/>',
        _text(24, 34, title, size=17, weight="bold"),
        *_legend(systems),
        *_axis(scale, top, height - _BOTTOM),
        *(_limit(limit, scale, top, height - _BOTTOM) if limit else ()),
        *_dots(rows, systems, scale, top),
        _text((_LEFT + _WIDTH - _RIGHT) / 2, height - 10, "requests a second", anchor="middle"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Scale:
    """Powers of ten across the width of the picture."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    @classmethod
    def over(cls, values: Sequence[float]) -> _Scale:
        """The scale from the power of ten below the least value to that above the greatest."""
        if not values:
            return cls(0, 1)
        low = math.floor(math.log10(min(values)))
        return cls(low, max(low + 1, math.ceil(math.log10(max(values)))))

    def place(self, value: float) -> float:
        """How far from the left a value stands."""
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _legend(systems: Sequence[str]) -> Iterator[str]:
    width = (_WIDTH - 48) / _LEGEND_COLUMNS
    for number, system in enumerate(systems):
        x = 24 + width * (number % _LEGEND_COLUMNS)
        y = 60 + _LEGEND_ROW * (number // _LEGEND_COLUMNS)
        yield _dot(x + _RADIUS, y, number)
        yield _text(x + 20, y + 5, system)


def _axis(scale: _Scale, top: float, bottom: float) -> Iterator[str]:
    for power in range(scale.low, scale.high + 1):
        x = scale.place(10.0**power)
        yield _line((x, top), (x, bottom), _PALE)
        yield _text(x, bottom + 20, f"{10.0**power:,.10g}", anchor="middle", size=12)


def _limit(limit: tuple[str, float], scale: _Scale, top: float, bottom: float) -> Iterator[str]:
    x = scale.place(limit[1])
    yield _line((x, top), (x, bottom), _INK, dashes="5 4")
    yield _text(x - 6, top + 12, limit[0], anchor="end", size=12)


def _dots(
    rows: Mapping[str, Series], systems: Sequence[str], scale: _Scale, top: float
) -> Iterator[str]:
    for number, (label, row) in enumerate(rows.items()):
        y = top + (number + 0.5) * _ROW
        yield _line((_LEFT, y), (_WIDTH - _RIGHT, y), _PALE)
        yield _text(_LEFT - 12, y + 5, label, anchor="end")
        # The first system lies on top of the others.
        for which, system in reversed(list(enumerate(systems))):
            if row.get(system, 0) > 0:
                yield _dot(scale.place(row[system]), y, which)


def _dot(x: float, y: float, which: int) -> str:
    colour = _COLOURS[which % len(_COLOURS)]
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="{colour}" fill-opacity="0.9" '
        'stroke="#FFFFFF"/>'
    )


def _line(start: Point, end: Point, colour: str, dashes: str = "") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
        f'stroke="{colour}"{dashed}/>'
    )


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 14, weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )
