"""Whether a replica holds what it should, by its answer to a query that all are asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from migkg.engine.protocol import Query
from migkg.engine.published import Holding
from migkg.engine.remote.replica import Replica
from migkg.model.formats import JSON
from migkg.model.sparql_text import Form

_REMEMBERED = 1000  # revisions
_ASK = Query(text="ASK {}", form=Form.ASK, format=JSON)


class Standing(Protocol):
    """How to find out who lags."""

    query: Query

    def note(self, replica: Replica, body: bytes) -> None:
        """Takes note of what a replica answered to the query, in JSON."""


class Newest:
    """Some replicas should hold what the newest of them holds.

    ``revision`` is the text of a query; its first value is the revision of a replica. The newest
    revision that one of them has is the one that was seen first the shortest time ago, and who has
    another one, or none, lags. If nobody has it any more, the replicas went back to an older one.
    Without a text all are taken to hold the same.
    """

    def __init__(self, replicas: Sequence[Replica], revision: str) -> None:
        self.query = Query(text=revision, form=Form.SELECT, format=JSON) if revision else _ASK
        self._replicas = replicas
        self._seen: list[str] = []  # revisions in the order in which they came

    def note(self, replica: Replica, body: bytes) -> None:
        """See :class:`Standing`."""
        replica.revision = _first_value(body)
        held = {replica.revision for replica in self._replicas if replica.revision is not None}
        self._seen += sorted(held.difference(self._seen))
        # Those of before are remembered, so that who goes back to one is not taken for the newest.
        while len(self._seen) > _REMEMBERED and self._seen[0] not in held:
            del self._seen[0]
        newest = next((revision for revision in reversed(self._seen) if revision in held), None)
        for other in self._replicas:
            other.lagging = other.revision != newest


class Holds:
    """Each replica should hold one release wholly, by its own record; see :class:`Holding`."""

    def __init__(self, holding: Holding) -> None:
        self.query = Query(
            text=holding.question,
            form=Form.SELECT,
            format=JSON,
            default_graphs=(holding.record,),
            named_graphs=(),
        )
        self._holding = holding

    def note(self, replica: Replica, body: bytes) -> None:
        """See :class:`Standing`."""
        try:
            holds, replica.revision = self._holding.answer(body)
        except ValueError:
            holds = False
        replica.lagging = not holds


def _first_value(body: bytes) -> str | None:
    """The first value of the first row; None if there is none, as in the answer to an ASK."""
    with suppress(KeyError, IndexError, TypeError):
        content = json.loads(body)
        name = content["head"]["vars"][0]
        return str(content["results"]["bindings"][0][name]["value"])
    return None
