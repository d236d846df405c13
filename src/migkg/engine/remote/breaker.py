"""When a replica is left alone after it has failed, and when it is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable

_FAILURES = 3  # one after the other
_SHORTEST = 1.0  # seconds
_LONGEST = 30.0


class Breaker:
    """Opens after some failures in a row, for longer each time; a success closes it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0
        self._seconds = _SHORTEST

    @property
    def closed(self) -> bool:
        """True if requests may be sent; once the time is over, one that goes well will tell."""
        return self._failures < _FAILURES

    @property
    def due(self) -> bool:
        """True if it is open and may be tried again."""
        return not self.closed and self._clock() >= self._until

    @property
    def failures(self) -> int:
        """How many there were in a row."""
        return self._failures

    def failed(self) -> None:
        """Counts a failure."""
        self._failures += 1
        if self._failures >= _FAILURES and self._clock() >= self._until:
            self._until = self._clock() + self._seconds
            self._seconds = min(2 * self._seconds, _LONGEST)

    def succeeded(self) -> None:
        """Counts a success; one that began before it opened says nothing of now."""
        if self.closed or self.due:
            self._failures = 0
        if self._clock() >= self._until + _LONGEST:
            self._seconds = _SHORTEST
