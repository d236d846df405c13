"""How far long work is, how fast it goes, and when it will be done."""

from __future__ import annotations

import time
from collections.abc import Callable

Progress = Callable[[str], None]

_SECONDS = 1.0
_SHARE = 0.05  # of the time that has passed, so that a long run does not fill a log


class Meter:
    """Tells ``progress`` of one step, which takes ``total`` of some unit, now and then."""

    def __init__(
        self,
        progress: Progress,
        step: str,
        total: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._progress = progress
        self._step = step
        self._total = total
        self._clock = clock
        self._started = self._told = clock()
        self._done = 0
        self._quads = 0
        progress(step)

    def add(self, done: int, quads: int = 0) -> None:
        """That much more of the unit is done, with so many quads."""
        self._done += done
        self._quads += quads
        now = self._clock()
        passed = now - self._started
        if now - self._told >= max(_SECONDS, _SHARE * passed):
            self._told = now
            self._progress(self._text(passed))

    def _text(self, passed: float) -> str:
        share = min(1.0, self._done / self._total) if self._total else 1.0
        parts = [f"{self._step}: {share:.0%}"]
        if self._quads:
            parts.append(f"{self._quads:,} quads, {self._quads / passed:,.0f} a second")
        if share:
            parts.append(f"{passed / share - passed:.0f} s left")
        return ", ".join(parts)
