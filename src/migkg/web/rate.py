"""How often one client may do what costs more than a query."""

from __future__ import annotations

import time
from collections import OrderedDict

from migkg.web.problems import HttpProblem

_MINUTE = 60.0
_CLIENTS = 10_000  # who is counted; of more, those that were not seen for longest are forgotten


class Rate:
    """Counts what each client does in a minute."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, client: str) -> None:
        """Counts one; raises :class:`HttpProblem` beyond the limit."""
        now = time.monotonic()
        since, number = self._seen.pop(client, (now, 0))
        if now - since >= _MINUTE:
            since, number = now, 0
        self._seen[client] = (since, min(number + 1, self._most + 1))
        while len(self._seen) > _CLIENTS:
            self._seen.popitem(last=False)
        if number >= self._most:
            raise HttpProblem(
                429,
                "too-many-requests",
                f"You have made {self._most} citations within a minute.",
                headers={"Retry-After": str(int(_MINUTE - (now - since)) + 1)},
            )
