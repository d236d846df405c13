"""Makes src/migkg/web/static/world.svg: the outline of the land, small enough for every page.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python tools/world_outline.py package/land-110m.json

The outlines are those of Natural Earth (public domain), as TopoJSON by world-atlas (ISC licence).
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from migkg.services.world_map import HEIGHT, WIDTH, Position, project

Degrees = tuple[float, float]
TARGET = Path(__file__).resolve().parents[1] / "src/migkg/web/static/world.svg"
_TOLERANCE = 0.6  # units of the map; what a line may be off
_SMALLEST = 6.0  # square units; smaller islands are left out
_SOUTH = -60.0  # degrees; nothing beyond is drawn


def main(path: str) -> None:
    """Writes the file and says how large it is."""
    rings = [simplified(ring) for ring in outlines(json.loads(Path(path).read_text("utf-8")))]
    kept = [ring for ring in rings if len(ring) > 3 and area(ring) >= _SMALLEST]
    data = "".join(drawn(ring) for ring in kept)
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">\n'
        "<!-- Made with Natural Earth (public domain), by way of world-atlas (ISC). -->\n"
        f'<path id="land" d="{data}"/>\n</svg>\n'
    )
    TARGET.write_text(text, "utf-8")
    sys.stdout.write(f"{len(kept)} outlines, {len(text)} bytes\n")


def outlines(topology: dict[str, Any]) -> list[list[Position]]:
    """Every ring of the land on the map; https://github.com/topojson/topojson-specification."""
    arcs = [decoded(arc, topology["transform"]) for arc in topology["arcs"]]
    rings = []
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            for numbers in polygon:
                points = [p for n in numbers for p in (arcs[n] if n >= 0 else arcs[~n][::-1])]
                if max(latitude for _, latitude in points) > _SOUTH:
                    rings += [[project(*point) for point in part] for part in parted(points)]
    return rings


def parted(points: list[Degrees]) -> list[list[Degrees]]:
    """A ring that may cross the antimeridian, as rings that do not."""
    whole, turn = [points[0]], 0.0
    for (before, _), (longitude, latitude) in pairwise(points):
        if abs(longitude - before) > 180:
            turn += 360.0 if longitude < before else -360.0
        whole.append((longitude + turn, latitude))
    parts = []
    for shift in (-360.0, 0.0, 360.0):
        moved = [(longitude + shift, latitude) for longitude, latitude in whole]
        parts.append(clipped(clipped(moved, 180.0, 1), -180.0, -1))
    return [part for part in parts if part]


def clipped(points: list[Degrees], limit: float, side: int) -> list[Degrees]:
    """What of a ring is on this side of a meridian (Sutherland and Hodgman, 1974)."""
    found: list[Degrees] = []
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
        was_in, is_in = (x0 - limit) * side <= 0, (x1 - limit) * side <= 0
        if was_in != is_in:
            found.append((limit, y0 + (y1 - y0) * (limit - x0) / (x1 - x0)))
        if is_in:
            found.append((x1, y1))
    return found


def decoded(arc: list[list[int]], transform: dict[str, list[float]]) -> list[Degrees]:
    """The degrees of an arc, which holds differences of whole numbers."""
    (wide, high), (left, low) = transform["scale"], transform["translate"]
    x = y = 0
    points = []
    for step in arc:
        x, y = x + step[0], y + step[1]
        points.append((left + x * wide, low + y * high))
    return points


def simplified(points: list[Position]) -> list[Position]:
    """The points without those that the line hardly needs (Douglas and Peucker, 1973)."""
    if len(points) < 3:
        return points
    distances = [distance(point, points[0], points[-1]) for point in points[1:-1]]
    farthest = max(range(len(distances)), key=distances.__getitem__) + 1
    if distances[farthest - 1] <= _TOLERANCE:
        return [points[0], points[-1]]
    return simplified(points[: farthest + 1])[:-1] + simplified(points[farthest:])


def distance(point: Position, start: Position, end: Position) -> float:
    """From a point to the line between two others, or to the one point that both are."""
    dx, dy = end.x - start.x, end.y - start.y
    length = (dx**2 + dy**2) ** 0.5
    if not length:
        return float(((point.x - start.x) ** 2 + (point.y - start.y) ** 2) ** 0.5)
    return float(abs(dy * (point.x - start.x) - dx * (point.y - start.y)) / length)


def area(ring: list[Position]) -> float:
    """The area within a ring, in square units of the map."""
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return abs(sum(a.x * b.y - b.x * a.y for a, b in pairs)) / 2


def drawn(ring: list[Position]) -> str:
    """A ring as path data, each point as the way from the last one."""
    x, y = round(ring[0].x), round(ring[0].y)
    text = f"M{x} {y}l"
    steps = []
    for point in ring[1:]:
        dx, dy = round(point.x) - x, round(point.y) - y
        if dx or dy:
            steps.append(f"{dx}{'' if dy < 0 else ' '}{dy}")
            x, y = x + dx, y + dy
    return (
        text
        + "".join(s if s.startswith("-") or not i else " " + s for i, s in enumerate(steps))
        + "z"
    )


if __name__ == "__main__":
    main(sys.argv[1])
