"""The ``bench`` command: its measurements are in the checkout and not in the package."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from migkg.cli.progress import progress_line
from migkg.errors import BadFile
from migkg.settings import Settings

_CHECKOUT = Path(__file__).resolve().parents[3]
_NAMES = (
    "triples",
    "sizes",
    "rounds",
    "seconds",
    "systems",
    "hostile_seconds",
    "output",
    "install",
    "same_address",
    "write_docs",
)


def bench(options: argparse.Namespace, _: Settings) -> int:
    """Measures this checkout against other systems."""
    if not (_CHECKOUT / "benchmarks" / "command.py").is_file():
        raise BadFile("The benchmarks are in the checkout of migkg, not in the installed package.")
    sys.path.insert(0, str(_CHECKOUT))
    command = importlib.import_module("benchmarks.command")
    given = {name: getattr(options, name) for name in _NAMES}
    values = {name: value for name, value in given.items() if value is not None}
    make = command.Options.quick if options.quick else command.Options
    with progress_line() as progress:
        return int(command.run(make(**values), progress))


def positive(text: str) -> int:
    """A number from 1 on; raises ``ValueError`` for any other text."""
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def numbers(text: str) -> tuple[int, ...]:
    """Numbers with commas between them."""
    return tuple(positive(part) for part in text.split(","))


def words(text: str) -> tuple[str, ...]:
    """Words with commas between them."""
    return tuple(text.split(","))
