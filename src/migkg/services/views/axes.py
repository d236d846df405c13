"""Axes with round numbers, and with years, months or days."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_TICKS = 5
_STEPS = (1.0, 2.0, 5.0, 10.0)
_MONTHS = (1, 2, 3, 6)
_SHORTEST = 2 / 12  # years
_FINEST = 1e-300  # between two marks
_PLAIN = 1e15  # beyond that figures are written with an exponent


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in the drawing, and its text."""

    place: float
    text: str


@dataclass(frozen=True)
class Axis:
    """From ``low`` to ``high``, with marks at some values."""

    low: float
    high: float
    marks: tuple[tuple[float, str], ...]

    def scaled(self, start: float, end: float) -> Callable[[float], float]:
        """Where a value stands between two places in the drawing."""
        # Halves, because the difference of two large numbers may be beyond what a float can be.
        span = self.high / 2 - self.low / 2
        return lambda value: round(start + (value / 2 - self.low / 2) / span * (end - start), 1)

    def ticks(self, start: float, end: float) -> tuple[Tick, ...]:
        """The marks in the drawing."""
        scale = self.scaled(start, end)
        return tuple(Tick(scale(value), text) for value, text in self.marks)


def numbers(values: Iterable[float]) -> Axis:
    """An axis of numbers; it begins at zero unless they are far from it."""
    low, high = _ends(values)
    if low > 0 and low < high * 0.7:
        low = 0.0
    if high < 0 and high > low * 0.7:
        high = 0.0
    step = _step(high / _TICKS - low / _TICKS)
    first, last = math.floor(low / step), math.ceil(high / step)
    marks = tuple(_mark(n * step, step) for n in range(first, last + 1))
    return Axis(first * step, last * step, marks)


def times(values: Iterable[float]) -> Axis:
    """An axis of years, or of months if there are few years."""
    low, high = _ends(values)
    high = max(high, low + _SHORTEST)
    if high - low > 2:
        step = max(1.0, _step((high - low) / _TICKS))
        first, last = math.floor(low / step), math.ceil(high / step)
        return Axis(
            low,
            high,
            _within(low, high, ((n * step, f"{n * step:.0f}") for n in range(first, last + 1))),
        )
    months = (high - low) * 12
    step_months = next((step for step in _MONTHS if months / step <= _TICKS), _MONTHS[-1])
    first, last = math.floor(low * 12 / step_months), math.ceil(high * 12 / step_months)
    marks = ((n * step_months / 12, _month(n * step_months)) for n in range(first, last + 1))
    return Axis(low, high, _within(low, high, marks))


def _ends(values: Iterable[float]) -> tuple[float, float]:
    """The least and the greatest value, which differ."""
    found = list(values) or [0.0]
    low, high = min(found), max(found)
    room = abs(low) / 10 or 1.0
    return (low - room, high + room) if low == high else (low, high)


def _step(least: float) -> float:
    """The round number that is not below this one."""
    least = max(least, _FINEST)
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in _STEPS if step * power >= least * 0.999)


def _mark(value: float, step: float) -> tuple[float, str]:
    if abs(value) >= _PLAIN or 0 < step < 1e-6:
        digits = math.floor(math.log10(abs(value) / step)) + 2 if value else 1
        return value, f"{value:.{max(1, digits)}g}"
    return value, f"{value:,.{max(0, -math.floor(math.log10(step)))}f}"


def _month(number: int) -> str:
    return f"{number // 12}-{number % 12 + 1:02}"


def _within(
    low: float, high: float, marks: Iterable[tuple[float, str]]
) -> tuple[tuple[float, str], ...]:
    return tuple(mark for mark in marks if low <= mark[0] <= high)
