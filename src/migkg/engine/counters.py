"""Numbers that the processes of one service count together.

Each process has a row of its own in memory that all share, so that counting takes no lock, and
whichever process is asked sums up the rows. A row lives longer than its process: what was counted
is never lost, and only what is there *now* (a gauge) begins at nothing with a new process.

Names and units follow https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

import mmap
import os
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_CELLS = 2048  # of a row
_ROWS = 129  # the process that watches, and fronts
_SIZE = 8  # bytes of a cell


class Sample(NamedTuple):
    """One number as it is told: the end of its name, its labels, and the sum of all rows."""

    suffix: str
    labels: tuple[tuple[str, str], ...]
    value: float


class _Table:
    """The rows, and which of them is this process's."""

    def __init__(self) -> None:
        self._memory: memoryview[float] = memoryview(mmap.mmap(-1, _ROWS * _CELLS * _SIZE)).cast(
            "d"
        )
        self._used = 1  # the first cell of a row holds the number of its process
        self._shared = False
        self.row: memoryview[float] = self._row(0)

    def _row(self, number: int) -> memoryview[float]:
        return self._memory[number * _CELLS : (number + 1) * _CELLS]

    def reserve(self, count: int) -> int:
        """The first of so many cells, the same in every process that is forked from here."""
        if self._shared or self._used + count > _CELLS:
            raise RuntimeError("Metrics are declared before the first process is forked.")
        first = self._used
        self._used += count
        return first

    def take(self, number: int, gauges: Sequence[int]) -> None:
        self._shared = True
        self.row = self._row(number % _ROWS)
        self.row[0] = float(os.getpid())
        for cell in gauges:
            self.row[cell] = 0.0

    def total(self, cell: int) -> float:
        return float(sum(self._memory[cell::_CELLS]))

    def processes(self) -> list[int]:
        return [int(pid) for pid in self._memory[0::_CELLS] if pid]


_TABLE = _Table()
_METRICS: list[Metric] = []


class Metric:
    """What is counted under one name, by the values of at most one label."""

    kind = "counter"

    def __init__(
        self,
        name: str,
        text: str,
        *,
        label: str = "",
        values: Sequence[str] = ("",),
        width: int = 1,
    ) -> None:
        self.name = name
        self.help = text
        self.label = label
        first = _TABLE.reserve(width * len(values))
        self.cells = {value: first + i * width for i, value in enumerate(values)}
        self._last = self.cells[values[-1]]
        _METRICS.append(self)

    def cell(self, value: str = "") -> int:
        """Where a value of the label is counted; one that is not known counts as the last."""
        return self.cells.get(value, self._last)

    def samples(self) -> Iterator[Sample]:
        """Every number of it."""
        for value, cell in self.cells.items():
            yield Sample("", self._labels(value), _TABLE.total(cell))

    def _labels(self, value: str) -> tuple[tuple[str, str], ...]:
        return ((self.label, value),) if self.label else ()


class Counter(Metric):
    """A number that only grows."""

    def add(self, amount: float = 1.0, value: str = "") -> None:
        """Counts."""
        _TABLE.row[self.cells.get(value, self._last)] += amount

    def add_in(self, cell: int) -> None:
        """Counts one, in the cell that :meth:`cell` told."""
        _TABLE.row[cell] += 1.0


class Gauge(Metric):
    """A number of what is there now."""

    kind = "gauge"

    def add(self, amount: float) -> None:
        """Counts up or down."""
        _TABLE.row[self._last] += amount


class Histogram(Metric):
    """How many took up to how many seconds."""

    kind = "histogram"

    def __init__(
        self, name: str, text: str, bounds: Sequence[float], *, label: str, values: Sequence[str]
    ) -> None:
        super().__init__(name, text, label=label, values=values, width=len(bounds) + 2)
        self._bounds = tuple(bounds)
        self._sum = len(self._bounds) + 1  # its place among the cells of a value

    def observe(self, seconds: float, cell: int) -> None:
        """Counts one, in the cells that :meth:`cell` told."""
        row = _TABLE.row
        row[cell + bisect_left(self._bounds, seconds)] += 1.0
        row[cell + self._sum] += seconds

    def samples(self) -> Iterator[Sample]:
        """See :class:`Metric`; each bucket holds those of the smaller ones too."""
        for value, cell in self.cells.items():
            labels, count = self._labels(value), 0.0
            for index, bound in enumerate((*map(str, self._bounds), "+Inf")):
                count += _TABLE.total(cell + index)
                yield Sample("_bucket", (*labels, ("le", bound)), count)
            yield Sample("_sum", labels, _TABLE.total(cell + self._sum))
            yield Sample("_count", labels, count)


def metrics() -> list[Metric]:
    """Everything that is counted."""
    return list(_METRICS)


def processes() -> list[int]:
    """The processes that count."""
    return _TABLE.processes()


def take_row(number: int) -> None:
    """Makes a row the one of this process; fronts have those from 1."""
    now = [cell for metric in _METRICS if metric.kind == "gauge" for cell in metric.cells.values()]
    _TABLE.take(number, now)
