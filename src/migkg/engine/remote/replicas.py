"""The replicas of one engine: who is asked, and who is asked next when one fails.

A query goes to the replica in service with the fewest queries. When it fails, the next one is
asked; when it takes longer than the patience, another one is asked as well and the first whole
answer counts. If that one takes long too, a third one is asked after half the patience, and so on:
whoever is well has been asked before two patiences are over. A standby is asked where none of the
others is in service or left to ask, and never because another one is slow. All of an answer is from
one replica, and nothing is sent to the client before it is whole, so that asking again is safe.
Budgets bound how much is asked again.

A replica is blamed for a failure if another one answers the same query, or if it cannot be reached:
else a query that no engine can answer would put all of them out of service. That goes for one that
refuses a query too (status 400), since something else than the engine may have done so.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from migkg.engine.protocol import Answer, Query
from migkg.engine.remote.budget import Budget
from migkg.engine.remote.failures import ReplicaFailed, ReplicaLags
from migkg.engine.remote.replica import Replica
from migkg.engine.remote.roles import Role
from migkg.errors import EngineUnavailable

_AGAIN = 0.2  # of the requests may be asked again after a failure
_REFUSED = 0.2  # of them after a refusal; apart, since anybody can write queries that are refused
_ALSO = 0.1  # of them may be asked twice for slowness
_MORE = 0.02  # of them thrice and more
_AGREED = 2  # who refuse a query: it is wrong
_NOBODY = "No endpoint is in service."

Asking = dict[asyncio.Task[Answer], Replica]


@dataclass
class _Race:
    """One query and those who are asked it.

    ``error`` is what the client is told if nobody answers: that the query was refused, if anybody
    says so.
    """

    query: Query
    asked: list[Replica] = field(default_factory=list)
    running: Asking = field(default_factory=dict)
    failed: dict[Replica, ReplicaFailed] = field(default_factory=dict)
    refusals: int = 0
    error: Exception = field(default_factory=lambda: EngineUnavailable(_NOBODY))

    def ask(self, replica: Replica) -> None:
        self.asked.append(replica)
        self.running[replica.begin(self.query)] = replica

    def fail(self, replica: Replica, failure: ReplicaFailed) -> None:
        self.refusals += failure.refused
        if failure.refused or not self.refusals:
            self.error = failure.error
        if failure.dead:
            replica.breaker.failed()
        elif not isinstance(failure, ReplicaLags):
            self.failed[replica] = failure


class Replicas:
    """Several replicas, or one."""

    def __init__(self, replicas: Sequence[Replica], patience: float) -> None:
        self.all = tuple(replicas)
        self._patience = patience
        self._again = Budget(_AGAIN)
        self._refused = Budget(_REFUSED)
        self._also = Budget(_ALSO)
        self._more = Budget(_MORE)

    async def answer(self, query: Query) -> Answer:
        """The whole answer of one replica.

        Raises what :meth:`Replica.answer` does, but of :class:`ReplicaFailed` the error in it.
        """
        if len(self.all) == 1:
            return await self._only(query)
        first = self._choose(())
        if first is None:
            raise EngineUnavailable(_NOBODY)
        for budget in (self._again, self._refused, self._also, self._more):
            budget.count()
        race = _Race(query)
        with _ended(race):
            race.ask(first)
            return await self._run(race)

    async def _only(self, query: Query) -> Answer:
        replica = self.all[0]
        if replica.lagging:
            raise EngineUnavailable("The endpoint does not hold the release.")
        replica.in_flight += 1
        try:
            return await replica.answer(query)
        except ReplicaFailed as failure:
            raise failure.error from None
        finally:
            replica.in_flight -= 1

    async def _run(self, race: _Race) -> Answer:
        now = asyncio.get_running_loop().time
        patience, budget, role = self._patience, self._also, race.asked[0].role
        until = now() + patience
        while race.running and race.refusals < _AGREED:
            another = race.refusals or self._choose(race.asked, role)
            waits = max(0.0, until - now()) if another else None
            done, _ = await asyncio.wait(
                race.running, timeout=waits, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                if self._ask_next(race, budget, role):
                    patience, budget = patience / 2, self._more
                elif race.refusals:
                    break
                until = now() + patience
            for task in done:
                answer = self._result(race, task)
                if answer is not None:
                    return answer
                again = self._refused if race.refusals else self._again
                if race.refusals < _AGREED and self._ask_next(race, again):
                    until = max(until, now() + patience / 2)
        raise race.error

    def _ask_next(self, race: _Race, budget: Budget, role: Role | None = None) -> bool:
        """Asks another one, if there is one and the budget has room; true if it did."""
        following = self._choose(race.asked, role)
        if following is None or not budget.take():
            return False
        race.ask(following)
        return True

    def _result(self, race: _Race, task: asyncio.Task[Answer]) -> Answer | None:
        """The answer of one who was asked; None if it failed."""
        replica = race.running.pop(task)
        try:
            answer = task.result()
        except ReplicaFailed as failure:
            race.fail(replica, failure)
            return None
        if replica.lagging:  # found out while it was asked: this may be the answer of other data
            answer.close()
            return None
        replica.breaker.succeeded()
        self._blame(race, replica)
        return answer

    def _blame(self, race: _Race, winner: Replica) -> None:
        """Counts against those who did not answer what another one did."""
        for replica, failure in race.failed.items():
            replica.breaker.failed()
            if failure.refused:  # what nobody else refuses
                replica.note(failure)
        for replica in race.running.values():
            if race.asked.index(replica) < race.asked.index(winner):  # it had more time
                replica.breaker.failed()

    def _choose(self, but: Sequence[Replica], role: Role | None = None) -> Replica | None:
        """The replica to ask next: in service, rather no standby, with the fewest queries.

        If none is in service, one that is only thought to have failed, or says that it is busy: it
        may be well again, and knows when to come back. Only one with the role, if that is given.
        """
        others = [r for r in self.all if r not in but and not r.lagging]
        ranks = {r: _rank(r) for r in others if role in (None, r.role)}
        best = min(ranks.values(), default=None)
        chosen = [replica for replica, rank in ranks.items() if rank == best]
        return random.choice(chosen) if chosen else None  # noqa: S311 - only spreads the load


def _rank(replica: Replica) -> tuple[bool, bool, int]:
    """What is lowest is asked first."""
    is_away = not replica.breaker.closed or replica.draining
    return is_away, replica.role is Role.STANDBY, replica.in_flight


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
