"""How long the constraints of shapes took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

_SHOWN = 20


def print_timings(seconds: Mapping[tuple[str, str], float], output: TextIO) -> None:
    """Writes the shapes and constraints that took longest, with seconds of a processor."""
    longest = sorted(seconds.items(), key=lambda item: -item[1])[:_SHOWN]
    output.write(
        f"{sum(seconds.values()):8.3f} s  {len(seconds)} constraints, of them the longest:\n"
    )
    for (shape, constraint), spent in longest:
        output.write(f"{spent:8.3f} s  {shape}  {constraint}\n")
