"""The replicas of one engine: who is asked, and who is asked next when one fails.

A query goes to the replica in service with the fewest queries. When it fails, the next one is
asked; when it takes longer than the patience, another one is asked as well and the first whole
answer counts. A standby is asked where none of the others is in service or left to ask, and never
because another one is slow. All of an answer is from one replica, and nothing is sent to the client
before it is whole, so that asking again is safe. A budget bounds how much is asked again.

A replica is blamed for a failure if another one answers the same query, or if it cannot be reached:
else a query that no engine can answer would put all of them out of service.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from migkg.engine.protocol import Answer, Query
from migkg.engine.remote.budget import Budget
from migkg.engine.remote.replica import Replica, ReplicaFailed, ReplicaLags
from migkg.engine.remote.roles import Role
from migkg.errors import EngineUnavailable

_AGAIN = 0.2  # of the requests may be asked again after a failure
_ALSO = 0.1  # of them may be asked twice for slowness
_NONE = "No endpoint is in service that holds the release."

Asking = dict[asyncio.Task[Answer], Replica]


@dataclass
class _Race:
    """One query and those who are asked it."""

    query: Query
    asked: list[Replica] = field(default_factory=list)
    running: Asking = field(default_factory=dict)
    failed: list[Replica] = field(default_factory=list)
    failure: ReplicaFailed | None = None

    def ask(self, replica: Replica) -> None:
        self.asked.append(replica)
        self.running[replica.begin(self.query)] = replica


class Replicas:
    """Several replicas, or one."""

    def __init__(self, replicas: Sequence[Replica], patience: float) -> None:
        self.all = tuple(replicas)
        self._patience = patience
        self._again = Budget(_AGAIN)
        self._also = Budget(_ALSO)

    async def answer(self, query: Query) -> Answer:
        """The whole answer of one replica.

        Raises what :meth:`Replica.answer` does, but of :class:`ReplicaFailed` the error in it.
        """
        if len(self.all) == 1:
            return await self._only(query)
        first = self._choose(())
        if first is None:
            raise EngineUnavailable(_NONE)
        self._again.count()
        self._also.count()
        race = _Race(query)
        with _ended(race):
            race.ask(first)
            return await self._run(race)

    async def _only(self, query: Query) -> Answer:
        replica = self.all[0]
        if replica.lagging:
            raise EngineUnavailable(_NONE)
        replica.in_flight += 1
        try:
            return await replica.answer(query)
        except ReplicaFailed as failure:
            raise failure.error from None
        finally:
            replica.in_flight -= 1

    async def _run(self, race: _Race) -> Answer:
        hurried = False
        while race.running:
            role = race.asked[0].role
            patience = None if hurried or not self._choose(race.asked, role) else self._patience
            done, _ = await asyncio.wait(
                race.running, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                hurried = True
                self._ask_next(race, self._also, role)
            for task in done:
                answer = self._result(race, task)
                if answer is not None:
                    return answer
                self._ask_next(race, self._again)
        raise race.failure.error if race.failure else EngineUnavailable("Nobody was asked.")

    def _ask_next(self, race: _Race, budget: Budget, role: Role | None = None) -> None:
        following = self._choose(race.asked, role)
        if following is not None and budget.take():
            race.ask(following)

    def _result(self, race: _Race, task: asyncio.Task[Answer]) -> Answer | None:
        """The answer of one who was asked; None if it failed."""
        replica = race.running.pop(task)
        try:
            answer = task.result()
        except ReplicaFailed as failure:
            race.failure = failure
            if failure.dead:
                replica.breaker.failed()
            elif not isinstance(failure, ReplicaLags):
                race.failed.append(replica)
            return None
        replica.breaker.succeeded()
        self._blame(race, replica)
        return answer

    def _blame(self, race: _Race, winner: Replica) -> None:
        """Counts against those who did not answer what another one did."""
        for replica in race.failed:
            replica.breaker.failed()
        for replica in race.running.values():
            if race.asked.index(replica) < race.asked.index(winner):  # it had more time
                replica.breaker.failed()

    def _choose(self, but: Sequence[Replica], role: Role | None = None) -> Replica | None:
        """The replica to ask next: in service, rather no standby, with the fewest queries.

        If none is in service, one that is only thought to have failed: it may be well again. Only
        one with the role, if that is given.
        """
        others = [r for r in self.all if r not in but and not (r.lagging or r.draining)]
        ranks = {r: _rank(r) for r in others if role in (None, r.role)}
        best = min(ranks.values(), default=None)
        chosen = [replica for replica, rank in ranks.items() if rank == best]
        return random.choice(chosen) if chosen else None  # noqa: S311 - only spreads the load


def _rank(replica: Replica) -> tuple[bool, bool, int]:
    """What is lowest is asked first."""
    return not replica.breaker.closed, replica.role is Role.STANDBY, replica.in_flight


@contextmanager
def _ended(race: _Race) -> Iterator[None]:
    """Ends what is still asked on the way out; an answer that comes too late is closed."""
    try:
        yield
    finally:
        for task in race.running:
            task.add_done_callback(_close)
            task.cancel()


def _close(task: asyncio.Task[Answer]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()
