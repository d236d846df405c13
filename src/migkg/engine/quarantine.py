"""Queries that ended the processes that ran them, and are not run for a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from migkg.errors import QueryQuarantined

_DEATHS = 2
_REMEMBERED = 10_000


@dataclass
class _Record:
    deaths: int = 0
    until: float = 0.0


class Quarantine:
    """Counts the processes that each query ended; at the second the query is refused for a while.

    After that while, or when the second comes later than that, the count begins anew. Of very many
    queries the last are remembered.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._records: OrderedDict[bytes, _Record] = OrderedDict()

    def check(self, query: str) -> None:
        """Raises :class:`QueryQuarantined` for a query that is not run now."""
        if not self._records:
            return
        record = self._records.get(_key(query))
        if record is None or record.deaths < _DEATHS:
            return
        left = record.until - self._clock()
        if left > 0:
            raise QueryQuarantined(max(1, round(left)))

    def count(self, query: str) -> None:
        """Counts a process that a query ended."""
        now = self._clock()
        record = self._records.setdefault(_key(query), _Record())
        record.deaths = record.deaths + 1 if record.until > now else 1
        record.until = now + self._seconds
        self._records.move_to_end(_key(query))
        if len(self._records) > _REMEMBERED:
            self._records.popitem(last=False)


def _key(query: str) -> bytes:
    return blake2b(query.encode("utf-8"), digest_size=16).digest()
