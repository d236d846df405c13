"""What differs between two files of sorted N-Quads, read side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import groupby
from pathlib import Path

from migkg.engine.quad_lines import END, split_line


class Side(Enum):
    """Where a line stands."""

    OLD = "-"
    NEW = "+"
    BOTH = "="


def compare(old: Path, new: Path, *, graphs: bool = True) -> Iterator[tuple[Side, bytes]]:
    """Every line of two files with where it stands, in order; the lines have no ends.

    Without ``graphs`` the lines are triples, and those of several graphs are one.
    """
    with old.open("rb") as first, new.open("rb") as second:
        yield from _merge(_lines(first, graphs=graphs), _lines(second, graphs=graphs))


def _merge(old: Iterator[bytes], new: Iterator[bytes]) -> Iterator[tuple[Side, bytes]]:
    left, right = next(old, None), next(new, None)
    while left is not None and right is not None:
        if left == right:
            yield Side.BOTH, left
            left, right = next(old, None), next(new, None)
        elif left < right:
            yield Side.OLD, left
            left = next(old, None)
        else:
            yield Side.NEW, right
            right = next(new, None)
    if left is not None:
        yield Side.OLD, left
    if right is not None:
        yield Side.NEW, right
    yield from ((Side.OLD, line) for line in old)
    yield from ((Side.NEW, line) for line in new)


def _lines(file: Iterable[bytes], *, graphs: bool) -> Iterator[bytes]:
    lines = (line[:-1] for line in file)
    if graphs:
        return lines
    # Without their graphs the lines are still in order, and equal ones next to each other.
    return (triple for triple, _ in groupby(split_line(line)[0] + END for line in lines))
