"""A remote SPARQL 1.1 endpoint, or several replicas of one, as the engine.

A query has one deadline for everything: the connection, the reply, asking again, and the look at
whether the answer is whole.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable

from migkg.engine.admission import Admission
from migkg.engine.protocol import INTERNAL, Answer, Caller, EndpointState, Query, Spool
from migkg.engine.published import Holding
from migkg.engine.remote import guard
from migkg.engine.remote.credentials import authorization
from migkg.engine.remote.health import Health
from migkg.engine.remote.kinds import named
from migkg.engine.remote.replica import Replica
from migkg.engine.remote.replicas import Replicas
from migkg.engine.remote.request import TRACE
from migkg.engine.remote.roles import Endpoint, answering
from migkg.engine.remote.standing import Holds, Newest, Standing
from migkg.engine.remote.tls import verifying
from migkg.errors import EngineUnavailable, QueryTimeout
from migkg.settings import Settings


class RemoteEngine:
    """Sends each query to one of the endpoints that the settings name.

    ``graphs`` are those of the release, for an engine that holds graphs of its own beside them.
    With ``holding`` only those endpoints are asked whose record says that they hold the release.
    Raises :class:`BadSetting` where the settings cannot be used.
    """

    def __init__(
        self, settings: Settings, graphs: Iterable[str] = (), holding: Holding | None = None
    ) -> None:
        self._settings = settings
        self._graphs = tuple(graphs)
        self._holding = holding
        self._endpoints = answering(settings.engine_url)
        self._authorization = authorization(settings)
        self._tls = _tls(settings, self._endpoints)
        named(settings.engine_kind)
        self._replicas: Replicas | None = None
        self._health: Health | None = None
        self._admission = Admission.of(settings)
        self._spool = Spool(settings.spool_bytes)

    async def start(self) -> None:
        """Looks at the endpoints, if there are several or they may hold something else."""
        holds = Holds(self._holding) if self._holding else None
        found = [self._replica(endpoint, holds) for endpoint in self._endpoints]
        self._replicas = Replicas(found, self._settings.engine_patience)
        if len(found) > 1 or holds:
            self._health = Health(found, holds or Newest(found, self._settings.engine_revision))
            await self._health.start()

    async def close(self) -> None:
        """Closes every connection that is idle; the others are closed when they are."""
        if self._health:
            await self._health.close()
            self._health = None
        if self._replicas:
            for replica in self._replicas.all:
                replica.close()
            self._replicas = None

    async def answer(self, query: Query, caller: Caller = INTERNAL) -> Answer:
        """See :class:`migkg.engine.protocol.Engine`."""
        if self._replicas is None:
            raise EngineUnavailable("The engine is not started.")
        guard.check(query.text)
        TRACE.set(caller.trace)
        place = await self._admission.enter(caller.client, caller.lane)
        try:
            async with asyncio.timeout(self._settings.query_deadline):
                return await self._replicas.answer(query)
        except TimeoutError:
            raise QueryTimeout(self._settings.query_deadline) from None
        finally:
            place.leave()

    def endpoints(self) -> list[EndpointState]:
        """How each endpoint stands, in the order of the setting; none before the start."""
        return [replica.state() for replica in self._replicas.all] if self._replicas else []

    def _replica(self, endpoint: Endpoint, standing: Standing | None) -> Replica:
        return Replica(
            endpoint,
            self._settings,
            authorization=self._authorization,
            tls=self._tls,
            graphs=self._graphs,
            spool=self._spool,
            standing=standing,
        )


def _tls(settings: Settings, found: Iterable[Endpoint]) -> ssl.SSLContext | None:
    """What certificates are verified with; None if no endpoint has one."""
    if not any(endpoint.address.tls for endpoint in found):
        return None
    return verifying(settings.engine_ca_file)
