"""Lines sorted outside of memory: sorted runs in files, merged by ranges side by side.

A run remembers where some of its lines are. So a range of lines is found in each run without
reading the rest, and several processes merge a range each. The result depends on the lines alone:
neither on the order in which they came, nor on the runs, nor on the number of processes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

from migkg.engine.workers import Task, Workers, in_order

_KEY = 256
_GAP = 64 * 1024
_LARGEST = 32 * 1024 * 1024
_SMALLEST = 4 * 1024 * 1024
# More ranges than processes, so that none has to wait long for the last one.
_RANGES_PER_PROCESS = 3


class Mark(NamedTuple):
    """The first bytes of a line, and the offset of the line in its run."""

    key: bytes
    offset: int


@dataclass(frozen=True)
class Run:
    """A file of sorted lines."""

    path: Path
    size: int
    marks: tuple[Mark, ...]


class Slice(NamedTuple):
    """A part of a run that holds all its lines of a range, and perhaps some beside."""

    path: Path
    start: int
    end: int


def write_run(path: Path, lines: Iterable[bytes]) -> Run:
    """Writes lines, which have no ends, as a run."""
    unique = distinct(lines)
    marks = []
    offset = due = 0
    for line in unique:
        if offset >= due:
            marks.append(Mark(line[:_KEY], offset))
            due = offset + _GAP
        offset += len(line) + 1
    path.write_bytes(joined(unique))
    return Run(path, offset, tuple(marks))


def merge(runs: Sequence[Run], folder: Path, workers: Workers) -> Iterator[Path]:
    """Files in order that hold the lines of all runs, each line once."""
    total = sum(run.size for run in runs)
    size = min(_LARGEST, max(_SMALLEST, total // (_RANGES_PER_PROCESS * max(workers.count, 1))))
    bounds: list[bytes | None] = [b"", *_bounds(runs, size), None]
    tasks = (
        Task(
            "sorted lines",
            (number, _slices(runs, low or b"", high), low, high, folder / f"piece-{number}"),
        )
        for number, (low, high) in enumerate(pairwise(bounds))
    )
    return in_order(workers.each(merge_range, tasks))


def merge_range(
    number: int, slices: list[Slice], low: bytes, high: bytes | None, path: Path
) -> Iterator[tuple[int, Path]]:
    """Writes the lines of a range, from ``low`` on and before ``high``."""
    lines: list[bytes] = []
    for part in slices:
        with part.path.open("rb") as source:
            source.seek(part.start)
            found = source.read(part.end - part.start).split(b"\n")[:-1]
        last = len(found) if high is None else bisect_left(found, high)
        lines += found[bisect_left(found, low) : last]
    path.write_bytes(joined(distinct(lines)))
    yield number, path


def distinct(lines: Iterable[bytes]) -> list[bytes]:
    """The lines in order, each once."""
    return [line for line, _ in groupby(sorted(lines))]


def joined(lines: Sequence[bytes]) -> bytes:
    """The lines with their ends."""
    return b"\n".join((*lines, b"")) if lines else b""


def _bounds(runs: Sequence[Run], size: int) -> list[bytes]:
    """Where to cut, so that between two cuts there are about ``size`` bytes of all runs."""
    keys = sorted(mark.key for run in runs for mark in run.marks)
    step = max(1, size // _GAP)
    return sorted(set(keys[step::step]))


def _slices(runs: Sequence[Run], low: bytes, high: bytes | None) -> list[Slice]:
    slices = (Slice(run.path, _start(run, low), _end(run, high)) for run in runs)
    return [part for part in slices if part.start < part.end]


def _start(run: Run, low: bytes) -> int:
    """The offset of the last mark that is surely before ``low``.

    A key that equals ``low`` may stand for a longer line, before which there are others of the
    range.
    """
    position = bisect_left(run.marks, low, key=lambda mark: mark.key)
    return run.marks[position - 1].offset if position else 0


def _end(run: Run, high: bytes | None) -> int:
    if high is None:
        return run.size
    position = bisect_left(run.marks, high, key=lambda mark: mark.key)
    return run.marks[position].offset if position < len(run.marks) else run.size
