"""One endpoint with its state: how it stands, what it is doing, and what it failed at."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import TYPE_CHECKING

from migkg.engine.counters import Counter
from migkg.engine.protocol import Answer, EndpointState, Query, Spool
from migkg.engine.remote.asking import Asking
from migkg.engine.remote.breaker import Breaker
from migkg.engine.remote.connection import Connection
from migkg.engine.remote.failures import ReplicaFailed, ReplicaLags
from migkg.engine.remote.pool import Pool
from migkg.engine.remote.request import Requests
from migkg.engine.remote.roles import Endpoint
from migkg.errors import EngineUnavailable
from migkg.settings import Settings

if TYPE_CHECKING:
    from migkg.engine.remote.standing import Standing

log = logging.getLogger(__name__)

_NUMBERS = [*map(str, range(1, 17)), "others"]
_ASKED = Counter(
    "migkg_endpoint_requests_total",
    "Queries that an endpoint was asked, by its place in MIGKG_ENGINE_URL.",
    label="endpoint",
    values=_NUMBERS,
)
_FAILED = Counter(
    "migkg_endpoint_failures_total",
    "Queries that an endpoint did not answer, or not wholly.",
    label="endpoint",
    values=_NUMBERS,
)


class Replica:
    """One endpoint with its connections and its state."""

    def __init__(
        self,
        endpoint: Endpoint,
        settings: Settings,
        *,
        authorization: str | None,
        tls: ssl.SSLContext | None,
        graphs: tuple[str, ...],
        spool: Spool,
        standing: Standing | None = None,
    ) -> None:
        self.number = endpoint.number
        self.role = endpoint.role
        self.breaker = Breaker()
        self.in_flight = 0
        self.revision: str | None = None
        self.draining = False
        self.lagging = False
        self.asked = 0
        self.failed = 0
        self._authority = endpoint.address.authority
        self._standing = standing
        self._pool = Pool(
            endpoint.address,
            tls=tls,
            connect_deadline=settings.engine_connect_deadline,
            greet=self._greet if standing else None,
        )
        self._asking = Asking(
            settings,
            endpoint.address,
            Requests(endpoint.address, authorization),
            self._pool,
            graphs=graphs,
            spool=spool,
        )

    def close(self) -> None:
        """Closes the connections that are idle."""
        self._pool.close()

    def state(self) -> EndpointState:
        """How it stands."""
        name = "in service" if self.breaker.closed else "failing"
        if self.lagging or self.draining:
            name = "lagging" if self.lagging else "draining"
        return EndpointState(
            number=self.number,
            role=self.role.value,
            state=name,
            revision=self.revision,
            in_flight=self.in_flight,
            asked=self.asked,
            failed=self.failed,
        )

    async def answer(self, query: Query) -> Answer:
        """What :meth:`Asking.answer` gives, counted; raises what that does."""
        self.asked += 1
        _ASKED.add(value=str(self.number))
        try:
            return await self._asking.answer(query)
        except ReplicaLags:
            raise
        except ReplicaFailed as failure:
            if not failure.refused:
                self.note(failure)
            raise

    def note(self, failure: ReplicaFailed) -> None:
        """Counts a failure of its own, and tells the log."""
        self.failed += 1
        _FAILED.add(value=str(self.number))
        log.warning("Endpoint %s failed: %s", self._authority, failure)

    def begin(self, query: Query) -> asyncio.Task[Answer]:
        """The same as a task, counted as in flight from this moment on."""
        self.in_flight += 1
        task = asyncio.ensure_future(self.answer(query))
        task.add_done_callback(self._end)
        return task

    def _end(self, _: asyncio.Task[Answer]) -> None:
        self.in_flight -= 1

    async def _greet(self, connection: Connection) -> None:
        """Has who is behind a new connection say what it holds.

        A server may end and come back with something else between two looks at it, but not on a
        connection that stays.
        """
        if self._standing is None:
            return
        self._standing.note(self, await self._asking.over(connection, self._standing.query))
        if self.lagging:
            error = EngineUnavailable("The endpoint does not hold the release.")
            raise ReplicaLags(error, str(error))
