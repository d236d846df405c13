"""How much may be asked a second time, so that a failure does not become a flood."""

from __future__ import annotations

import time
from collections.abc import Callable

_RESERVE = 10.0  # that may be used at once, and comes again each second


class Budget:
    """A part of the requests, and some beside it so that few requests can be asked again too."""

    def __init__(self, part: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._part = part
        self._clock = clock
        self._left = _RESERVE
        self._since = clock()

    def count(self) -> None:
        """Counts a request that was asked for the first time."""
        self._left = min(self._left + self._part, _RESERVE * 10)

    def take(self) -> bool:
        """True if one more may be asked again, which is then counted."""
        now = self._clock()
        self._left = max(self._left, min(_RESERVE, self._left + _RESERVE * (now - self._since)))
        self._since = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
