"""Looks at each replica again and again: is it there, and does it hold what the others hold?"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress

from migkg.engine.protocol import Query
from migkg.engine.remote.replica import Replica, ReplicaFailed
from migkg.errors import EngineBusy, MigkgError
from migkg.model.formats import JSON
from migkg.model.sparql_text import Form

_PERIOD = 1.0
_DEADLINE = 1.0
_REMEMBERED = 1000  # revisions
_ASK = Query(text="ASK {}", form=Form.ASK, format=JSON)


class Health:
    """The state of some replicas, renewed every second while it is in use.

    ``revision`` is the text of a query; its first value is the revision of a replica. The newest
    revision that one of them has is the one that was seen first the shortest time ago, and who has
    another one, or none, lags. If nobody has it any more, the replicas went back to an older one.
    """

    def __init__(self, replicas: Sequence[Replica], revision: str) -> None:
        self._replicas = replicas
        self._query = Query(text=revision, form=Form.SELECT, format=JSON) if revision else _ASK
        self._seen: list[str] = []  # revisions in the order in which they came
        self._looking: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Looks once at all, then goes on looking."""
        await asyncio.gather(*(self._look(replica) for replica in self._replicas))
        self._looking = [asyncio.ensure_future(self._watch(r)) for r in self._replicas]

    async def close(self) -> None:
        """Looks no more."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    async def _watch(self, replica: Replica) -> None:
        while True:
            await asyncio.sleep(_PERIOD)
            await self._look(replica)

    async def _look(self, replica: Replica) -> None:
        """Asks one replica for its revision, and takes note of how that went."""
        try:
            async with asyncio.timeout(_DEADLINE):
                answer = await replica.answer(self._query)
        except ReplicaFailed as failure:
            # One that says that it is busy is alive; it gets nothing new until it says otherwise.
            replica.draining = isinstance(failure.error, EngineBusy)
            if not replica.draining:
                replica.breaker.probe_failed()
            return
        except (TimeoutError, MigkgError):
            replica.breaker.probe_failed()
            return
        replica.draining = False
        replica.breaker.probe_succeeded()
        replica.revision = _first_value(answer.read())
        self._compare()

    def _compare(self) -> None:
        """Finds out who lags."""
        held = {replica.revision for replica in self._replicas if replica.revision is not None}
        self._seen += sorted(held.difference(self._seen))
        # Those of before are remembered, so that who goes back to one is not taken for the newest.
        while len(self._seen) > _REMEMBERED and self._seen[0] not in held:
            del self._seen[0]
        newest = next((revision for revision in reversed(self._seen) if revision in held), None)
        for replica in self._replicas:
            replica.lagging = replica.revision != newest


def _first_value(body: bytes) -> str | None:
    """The first value of the first row; None if there is none, as in the answer to an ASK."""
    with suppress(KeyError, IndexError, TypeError):
        content = json.loads(body)
        name = content["head"]["vars"][0]
        return str(content["results"]["bindings"][0][name]["value"])
    return None
