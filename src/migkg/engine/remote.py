"""A remote SPARQL 1.1 endpoint as the engine.

The whole exchange has one deadline, because a server that drips never trips a time-out per read.
An answer counts only if its status is 200 and its body is complete.
"""

from __future__ import annotations

import asyncio

import aiohttp

from migkg.engine.admission import Admission
from migkg.engine.protocol import CHUNK, INTERNAL, Answer, Caller, Query, Spool
from migkg.errors import BadQuery, EngineBusy, EngineUnavailable, QueryTimeout
from migkg.model.sparql_dataset import has_relative_iri, named_dataset
from migkg.settings import Settings

_BUSY = (429, 503)
_RETRY_AFTER = 2
_DETAIL = 2000
# The deadline of the whole exchange is the only one.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


class RemoteEngine:
    """Sends each query to one endpoint by POST (SPARQL 1.1 Protocol, section 2.1.3)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._admission = Admission.of(settings)
        self._spool = Spool(settings.spool_bytes)

    async def start(self) -> None:
        """Opens the pool of connections."""
        connector = aiohttp.TCPConnector(
            limit=self._settings.query_processes, keepalive_timeout=5, force_close=False
        )
        self._session = aiohttp.ClientSession(
            connector=connector, trust_env=False, auto_decompress=True, timeout=_NO_TIMEOUT
        )

    async def close(self) -> None:
        """Closes every connection."""
        if self._session:
            await self._session.close()
            self._session = None

    async def answer(self, query: Query, caller: Caller = INTERNAL) -> Answer:
        """See :class:`migkg.engine.protocol.Engine`."""
        place = await self._admission.enter(caller.client, caller.lane)
        try:
            return await self._answer(query)
        finally:
            place.leave()

    async def _answer(self, query: Query) -> Answer:
        answer = Answer(
            query.format,
            limit=self._settings.answer_bytes,
            memory=self._settings.answer_memory,
            spool=self._spool,
        )
        try:
            async with asyncio.timeout(self._settings.query_deadline):
                await self._exchange(query, answer)
        except TimeoutError:
            answer.close()
            raise QueryTimeout(self._settings.query_deadline) from None
        except aiohttp.ClientError as error:
            answer.close()
            raise EngineUnavailable(f"The endpoint did not answer: {error}.") from error
        except BaseException:
            answer.close()
            raise
        return answer

    async def _exchange(self, query: Query, answer: Answer) -> None:
        if self._session is None:
            raise EngineUnavailable("The engine is not started.")
        request = self._session.post(
            self._settings.engine_url,
            params=self._dataset(query),
            data=self._text(query).encode("utf-8"),
            headers={
                "Content-Type": "application/sparql-query",
                "Accept": query.format.media_type,
            },
            allow_redirects=False,
        )
        async with request as response:
            if response.status != 200:
                raise await _translate(response)
            if response.content_type not in query.format.media_types:
                raise EngineUnavailable(
                    f"The endpoint answered {response.content_type}, not {query.format.media_type}."
                )
            async for part in response.content.iter_chunked(CHUNK):
                answer.append(part)

    def _dataset(self, query: Query) -> list[tuple[str, str]]:
        """The dataset as parameters, that of the text too.

        An endpoint whose default graph is the union of all graphs may take it even where the text
        has ``FROM``, as the Oxigraph server does; a dataset in the request it always keeps.
        """
        default, named = query.default_graphs or (), query.named_graphs or ()
        if query.names_dataset and not (default or named):
            default, named = named_dataset(query.text, self._settings.base_iri)
        return [
            *(("default-graph-uri", iri) for iri in default),
            *(("named-graph-uri", iri) for iri in named),
        ]

    def _text(self, query: Query) -> str:
        """The query, its relative IRIs resolved against our base and not the endpoint's."""
        if not has_relative_iri(query.text):
            return query.text
        return f"BASE <{self._settings.base_iri}> {query.text}"


async def _translate(response: aiohttp.ClientResponse) -> Exception:
    """The endpoint's status as one of our errors."""
    detail = (await response.content.read(_DETAIL)).decode("utf-8", "replace").strip()
    if response.status == 400:
        return BadQuery(detail or "The endpoint refused the query.")
    if response.status in _BUSY:
        return EngineBusy(_RETRY_AFTER)
    return EngineUnavailable(f"The endpoint answered with status {response.status}: {detail}")
