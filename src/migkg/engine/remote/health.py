"""Looks at each replica again and again: is it there, and does it hold what it should?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from migkg.engine.remote.failures import ReplicaFailed, ReplicaLags
from migkg.engine.remote.replica import Replica
from migkg.engine.remote.standing import Standing
from migkg.errors import EngineBusy, MigkgError

_PERIOD = 1.0
_DEADLINE = 1.0


class Health:
    """The state of some replicas, renewed every second while it is in use.

    ``standing`` says what they are asked, and from the answers who lags.
    """

    def __init__(self, replicas: Sequence[Replica], standing: Standing) -> None:
        self._replicas = replicas
        self._standing = standing
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
        """Asks one replica what it holds, and takes note of how that went."""
        try:
            async with asyncio.timeout(_DEADLINE):
                answer = await replica.answer(self._standing.query)
        except ReplicaLags:  # which it has said itself
            replica.draining = False
            replica.breaker.probe_succeeded()
            return
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
        self._standing.note(replica, answer.read())
