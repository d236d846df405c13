"""Progress of long work: one line that changes on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_line() -> Iterator[Callable[[str], None]]:
    """A function that is told what is being done; the line is cleared at the end."""
    terminal = sys.stderr.isatty()
    started = time.monotonic()

    def tell(step: str) -> None:
        seconds = time.monotonic() - started
        if terminal:
            sys.stderr.write(f"\r\x1b[2K{seconds:5.1f} s  {step}")
        else:
            sys.stderr.write(f"{seconds:5.1f} s  {step}\n")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        if terminal:
            sys.stderr.write("\r\x1b[2K")
