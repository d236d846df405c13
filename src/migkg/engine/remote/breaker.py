"""When a replica is left alone after it has failed, and when it is tried again.

Queries and probes are counted apart. A probe that goes well says nothing of queries that fail, so
it must not hide them where queries are few; and where the probe had failed too, the first one that
goes well is news.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_FAILURES = 3  # one after the other
_SHORTEST = 1.0  # seconds
_LONGEST = 4.0


class Breaker:
    """Opens after some failures in a row; queries that fail keep it open for longer each time.

    After that time, and when the replica answers probes again, it is closed on trial: the next
    query that fails opens it again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._queries = 0  # that failed one after the other
        self._probes = 0
        self._until = 0.0
        self._seconds = _SHORTEST

    @property
    def closed(self) -> bool:
        """True if queries may be sent."""
        return self._queries < _FAILURES and self._probes < _FAILURES

    def failed(self) -> None:
        """Counts a query that failed."""
        if self._queries >= _FAILURES:  # it began before the breaker opened
            return
        self._queries += 1
        if self._queries == _FAILURES:
            self._until = self._clock() + self._seconds
            self._seconds = min(2 * self._seconds, _LONGEST)

    def succeeded(self) -> None:
        """Counts a query that went well; one that began before it opened says nothing of now."""
        now = self._clock()
        if self._queries < _FAILURES or now >= self._until:
            self._queries = 0
        if now >= self._until + self._seconds:  # well for as long as it would be away
            self._seconds = _SHORTEST

    def probe_failed(self) -> None:
        """Counts a probe that failed."""
        self._probes += 1

    def probe_succeeded(self) -> None:
        """Counts a probe that went well."""
        if self._queries >= _FAILURES and (self._probes or self._clock() >= self._until):
            self._queries = _FAILURES - 1
        self._probes = 0
