"""The embedded engine: queries run in child processes that can be killed.

The engine's library cannot stop a query, and some queries end the process that runs them. So this
process holds no store: each query goes to a child of the zygote (:mod:`migkg.engine.zygote`); at
the deadline, or when the client has gone, the child is killed and another takes its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import time
from collections import deque

from migkg.engine import wire
from migkg.engine.admission import Admission, Place
from migkg.engine.child import Child, ChildLost
from migkg.engine.counters import Counter, Gauge
from migkg.engine.keeper import Keeper
from migkg.engine.protocol import INTERNAL, Answer, Caller, EndpointState, Query, Spool
from migkg.engine.quarantine import Quarantine
from migkg.engine.release import Release
from migkg.errors import BadQuery, EngineUnavailable, QueryCrashed, QueryTimeout
from migkg.settings import Settings

_START_WAIT = 600.0
_FORK_WAIT = 10.0
# How often a query is begun when its processes are ended from outside. A quick one costs little,
# and one that has run for long may itself be why the kernel ends them.
_QUICK_ATTEMPTS = 5
_ATTEMPTS = 2
# A process is replaced after so many queries, or after one answer of so many bytes, because what
# it once took it keeps.
_QUERIES = 10_000
_BYTES = 16 * 1024 * 1024

_ANSWERED = Counter("migkg_queries_answered_total", "Queries that a process answered.")
_SECONDS = Counter("migkg_query_cpu_seconds_total", "Processor time of queries that were answered.")
_KILLED = Counter("migkg_query_processes_killed_total", "Query processes that were ended.")
_RUNNING = Gauge("migkg_queries_running", "Queries that have a process.")


class EmbeddedEngine:
    """Answers from query processes, which it asks for on a control socket."""

    def __init__(self, control: socket.socket | None, settings: Settings) -> None:
        self._control = control
        self._settings = settings
        self._idle: deque[Child] = deque()
        self._working: set[Child] = set()
        self._making: set[asyncio.Task[None]] = set()
        self._slow_after = min(settings.slow_after, settings.query_deadline)
        self._quarantine = Quarantine(settings.quarantine)
        self._admission = Admission.of(settings)
        self._spool = Spool(settings.spool_bytes)

    async def start(self) -> None:
        """Makes one process ready; the rest come as they are needed."""
        self._idle.append(await self._fork(_START_WAIT))

    async def close(self) -> None:
        """Ends every process; no other is made."""
        control, self._control = self._control, None
        if control is not None:
            control.close()
        for task in self._making:
            task.cancel()
        await asyncio.gather(*self._making, return_exceptions=True)
        for child in (*self._idle, *self._working):
            child.kill()
        self._idle.clear()

    async def answer(self, query: Query, caller: Caller = INTERNAL) -> Answer:
        """See :class:`migkg.engine.protocol.Engine`."""
        self._quarantine.check(query.text)
        place = await self._admission.enter(caller.client, caller.lane)
        try:
            self._quarantine.check(query.text)  # the same may have run while this one waited
            return await self._try(query, place)
        finally:
            place.leave()

    def endpoints(self) -> list[EndpointState]:
        """See :class:`migkg.engine.protocol.Engine`."""
        return []

    async def _try(self, query: Query, place: Place) -> Answer:
        """The answer; a process that was lost through no fault of its own is replaced."""
        deadline = time.monotonic() + self._settings.query_deadline
        for attempt in itertools.count(1):
            try:
                return await self._attempt(query, place, deadline, again=attempt > 1)
            except QueryCrashed:
                self._quarantine.count(query.text)
                raise
            except ChildLost:
                if attempt >= (_ATTEMPTS if place.is_slow else _QUICK_ATTEMPTS):
                    break
        self._quarantine.count(query.text)
        raise QueryCrashed("The processes that ran the query ended, one after the other.")

    async def _attempt(self, query: Query, place: Place, deadline: float, *, again: bool) -> Answer:
        answer = Answer(
            query.format,
            limit=self._settings.answer_bytes,
            memory=self._settings.answer_memory,
            spool=self._spool,
        )
        try:
            # What is idle may have ended with the one that was lost, and not be known yet.
            child = await (self._fork(_FORK_WAIT) if again else self._take())
            await self._run(child, query, answer, place, deadline)
        except BaseException:
            answer.close()
            raise
        return answer

    async def _run(
        self, child: Child, query: Query, answer: Answer, place: Place, deadline: float
    ) -> None:
        self._working.add(child)
        _RUNNING.add(1)
        kept = False
        try:
            request, rows = self._request(query)
            if not await child.run(request, answer, rows, self._slow_after):
                await self._run_slowly(child, place, deadline)
            place.took(child.seconds)
            _ANSWERED.add()
            _SECONDS.add(child.seconds or 0.0)
            kept = True
        except BadQuery:
            kept = True
            raise
        finally:
            self._working.discard(child)
            _RUNNING.add(-1)
            if kept and self._is_good(child) and answer.size < _BYTES:
                self._idle.append(child)
            else:
                _KILLED.add()
                child.kill()
                self._replace()

    def _is_good(self, child: Child) -> bool:
        """True if a process may run another query; a priority that was lowered stays low."""
        return self._control is not None and not child.lowered and child.served < _QUERIES

    async def _run_slowly(self, child: Child, place: Place, deadline: float) -> None:
        """Waits for the end of a query that takes long, behind all that are quick."""
        child.lower_priority()
        await place.slow_down(child.pause)
        child.resume()
        if not await child.wait(max(0.0, deadline - time.monotonic())):
            raise QueryTimeout(self._settings.query_deadline)

    def _request(self, query: Query) -> tuple[bytes, int]:
        """The request for a query process, and the rows that its answer may have."""
        rows, cut = self._settings.answer_rows, ""
        if query.truncate is not None and query.truncate <= rows:
            rows, cut = query.truncate, query.cut
        request = wire.pack_request(
            {
                "text": query.text,
                "cut": cut,
                "notice": query.notice,
                "walk": query.walk.request() if query.walk else None,
                "rows": rows,
                "base": self._settings.base_iri,
                "format": query.format.name,
                "names_dataset": query.names_dataset,
                "default_graphs": query.default_graphs,
                "named_graphs": query.named_graphs,
            },
        )
        return request, rows

    async def _take(self) -> Child:
        """A process that is free and lives, the one used last first: its caches are warm."""
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                return child
        return await self._fork(_FORK_WAIT)

    async def _fork(self, wait: float) -> Child:
        for _ in range(_ATTEMPTS):
            if self._control is None:
                raise EngineUnavailable("The engine is not started.")
            with contextlib.suppress(ChildLost):  # with the zygote, for instance
                return await Child.fork(self._control, wait)
        raise EngineUnavailable("The query processes end as soon as they are made.")

    def _replace(self) -> None:
        """Makes a process in advance if none is left."""
        if not self._idle and not self._making:
            task = asyncio.ensure_future(self._make())
            self._making.add(task)
            task.add_done_callback(self._making.discard)

    async def _make(self) -> None:
        with contextlib.suppress(EngineUnavailable):  # who needs one will ask again, and be told
            self._idle.append(await self._fork(_FORK_WAIT))


class OwnEngine(EmbeddedEngine):
    """The embedded engine with the process that holds the release in its own care."""

    def __init__(self, release: Release, settings: Settings) -> None:
        super().__init__(None, settings)
        self._release = release
        self._keeper: Keeper | None = None
        self._pidfd = -1

    async def start(self) -> None:
        """Loads the release, then does as :meth:`EmbeddedEngine.start`."""
        self._keeper = Keeper(self._release, self._settings)
        self._control = self._keeper.control
        try:
            self._keeper.start()
            await asyncio.to_thread(self._keeper.wait)
            self._watch(self._keeper)
            await super().start()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Ends every process."""
        self._unwatch()
        await super().close()
        if self._keeper:
            self._keeper.close()
            self._keeper = None

    def _watch(self, keeper: Keeper) -> None:
        self._pidfd = os.pidfd_open(keeper.pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._restart, keeper)

    def _unwatch(self) -> None:
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def _restart(self, keeper: Keeper) -> None:
        self._unwatch()
        keeper.restart()
        self._watch(keeper)
