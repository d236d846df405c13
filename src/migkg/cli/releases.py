"""The release that a command works with, or the report on why there is none."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TypeVar

from migkg.engine.kept import open_named
from migkg.engine.release import Release
from migkg.errors import InvalidData
from migkg.model.report import Report
from migkg.settings import Settings

T = TypeVar("T")


def named_release(options: argparse.Namespace, settings: Settings) -> Release | None:
    """The release that the options name, if they name one."""
    return open_named(settings.releases, options.release) if options.release else None


def reported(make: Callable[[], T]) -> T | None:
    """What ``make`` makes, or None after the report on why it cannot."""
    try:
        return make()
    except InvalidData as error:
        if not isinstance(error.report, Report):
            raise
        refused(error.report)
        sys.stderr.write(f"migkg: {error}\n")
        return None


def refused(report: Report) -> int:
    """Writes the report on what is wrong; returns the exit status for that."""
    sys.stderr.write(report.text() + "\n")
    return 1
