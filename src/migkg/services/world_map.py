"""Places on a map of the world, drawn in the Natural Earth projection.

The outline of the land is ``web/static/world.svg``, which ``tools/world_outline.py`` made with the
same projection. Source: T. Patterson, B. Šavrič and others, the polynomial of 2012.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

WIDTH, HEIGHT = 1000, 520
_SCALE = 1000 / (2 * 0.8707 * math.pi)
_POINT = re.compile(
    r"\s*(?:<http://www\.opengis\.net/def/crs/OGC/1\.3/CRS84>\s*)?"
    r"POINT\s*\(\s*(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)\s*\)\s*",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True)
class Position:
    """A place on the map, in its own units from the upper left corner."""

    x: float
    y: float


def project(longitude: float, latitude: float) -> Position:
    """Where a place stands on the map, from its degrees."""
    lam, phi = math.radians(longitude), math.radians(latitude)
    two, four = phi**2, phi**4
    x = lam * (
        0.8707 - 0.131979 * two + four * (-0.013791 + four * (0.003971 * two - 0.001529 * four))
    )
    y = phi * (1.007226 + two * (0.015085 + four * (-0.044475 + 0.028874 * two - 0.005916 * four)))
    return Position(round(WIDTH / 2 + _SCALE * x, 1), round(HEIGHT / 2 - _SCALE * y, 1))


def place(longitude: float, latitude: float) -> Position | None:
    """Where a place stands on the map; None for degrees that the Earth has not."""
    if abs(longitude) > 180 or abs(latitude) > 90:
        return None
    return project(longitude, latitude)


def read_point(text: str) -> Position | None:
    """The place of a WKT literal that is a point on the Earth (OGC 12-063r5); else None.

    Of coordinate reference systems it knows the one that a literal has that names none.
    """
    match = _POINT.fullmatch(text)
    return place(float(match.group(1)), float(match.group(2))) if match else None
