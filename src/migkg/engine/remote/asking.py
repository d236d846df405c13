"""How one endpoint is asked: as its engine wants it, for a whole answer or a failure."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from migkg.engine.protocol import Answer, Query, Spool
from migkg.engine.remote import kinds, partial
from migkg.engine.remote.address import Address
from migkg.engine.remote.confined import WHICH_GRAPHS
from migkg.engine.remote.connection import Connection, ExchangeFailed, Head, Take
from migkg.engine.remote.failures import ReplicaFailed
from migkg.engine.remote.kinds import Kind
from migkg.engine.remote.pool import Pool
from migkg.engine.remote.refusals import error_of
from migkg.engine.remote.request import (
    Dataset,
    Requests,
    absolute,
    as_parameters,
    asked_format,
    confined,
    dataset_of,
)
from migkg.engine.remote.trials import Trials
from migkg.engine.remote.whole import SMALL, NotWhole, Received
from migkg.errors import AnswerTooLarge, EngineUnavailable, QueryTimeout
from migkg.model.formats import JSON, Format
from migkg.model.sparql_text import Form, limited, solutions_behind
from migkg.settings import Settings

_LONGEST_REFUSAL = 4096  # bytes of the body of a refusal
_ASK = Query(text="ASK {}", form=Form.ASK, format=JSON)
# Asked once of an engine that ends answers after so many rows and does not always say so.
_MANY = 100_001
_HOW_MANY = f"SELECT (1 AS ?x) {{ ?s ?p ?o }} LIMIT {_MANY}"

T = TypeVar("T")


class Asking:
    """What is known of the engine at one address, and how it is asked."""

    def __init__(
        self,
        settings: Settings,
        address: Address,
        requests: Requests,
        pool: Pool,
        *,
        graphs: tuple[str, ...],
        spool: Spool,
    ) -> None:
        self._address = address
        self._settings = settings
        self._requests = requests
        self._pool = pool
        self._graphs = graphs
        self._spool = spool
        self._kind = kinds.named(settings.engine_kind)
        self._own_graphs: tuple[str, ...] | None = None
        self._most: int | None = None  # rows of any answer, where the engine has such a limit
        self._finding = asyncio.Lock()
        self._trials = Trials(self._tried)

    async def answer(self, query: Query) -> Answer:
        """The whole answer in the format of the query.

        Raises :class:`ReplicaFailed`, :class:`QueryRefused` for what the engine is known to answer
        wrongly, :class:`QueryTimeout` and :class:`AnswerTooLarge`.
        """
        await self._trials.check(query)
        return await self._answer(query)

    async def over(self, connection: Connection, query: Query) -> bytes:
        """The answer as JSON of whoever is behind a connection; raises :class:`ReplicaFailed`."""
        dataset = as_parameters(query.default_graphs or (), query.named_graphs or ())
        _, answer = await self._ask(
            query.text, dataset, JSON, kinds.GENERIC, over=connection.exchange
        )
        return answer.read()

    async def _tried(self, query: Query) -> Answer:
        """The answer to a trial, which may itself be refused: :class:`BadQuery`."""
        try:
            return await self._answer(query)
        except ReplicaFailed as failure:
            raise (failure.error if failure.refused else failure) from None

    async def _known_kind(self) -> Kind:
        """Which engine it is, found out at the first need; raises :class:`ReplicaFailed`."""
        if self._kind is None:
            async with self._finding:
                if self._kind is None:
                    head, answer = await self._ask("ASK {}", [], JSON, kinds.GENERIC)
                    answer.close()
                    self._kind = kinds.of_fields(head.fields)
        return self._kind

    async def _answer(self, query: Query) -> Answer:
        kind = await self._known_kind()
        # One row more tells whether there are more.
        enough = self._first_rows(query)
        asked = limited(query.text, enough + 1) if enough else query.text
        text = absolute(asked, self._settings.base_iri)
        base = self._settings.base_iri
        dataset = as_parameters(*dataset_of(query, base))
        if kind.own_graphs:
            asks_graphs = "GRAPH" in text.upper() or "\\" in text
            own = await self._own(kind) if asks_graphs else ()
            text, dataset = confined(query, text, base, self._graphs, own)
        wanted = asked_format(query, kind)
        head, answer = await self._ask(text, dataset, wanted, kind)
        try:
            if wanted is not JSON and head.closes:
                raise self._not_whole("nothing says where it ends")
            if kind.counts_solutions and wanted is not JSON:
                await self._check_solutions(text, dataset, kind)
            found = await self._whole(query, answer, wanted, kind)
        except BaseException:
            answer.close()
            raise
        found.engine = kind.label if kind.differs else ""
        return found

    def _first_rows(self, query: Query) -> int | None:
        """The number of rows that are enough for a query, if it says so."""
        most = query.truncate
        return most if most is not None and most <= self._settings.answer_rows else None

    async def _whole(self, query: Query, answer: Answer, received: Format, kind: Kind) -> Answer:
        """The answer in its format, after all of it was looked at."""
        stop = threading.Event() if answer.size > SMALL else None
        stopped = stop.is_set if stop else _never
        found = Received(query, answer, received, kind.own_json, stopped)
        try:
            rows = await _worked(found.rows, stop)
            limit = self._settings.answer_rows
            first = self._first_rows(query)
            if first and rows > first:
                found = replace(found, first=first)
            elif query.form is Form.SELECT and rows > limit:
                raise AnswerTooLarge(limit, "rows")
            elif received is query.format and not (kind.own_json and received is JSON):
                return answer
            into = self._new(query.format)
            try:
                await _worked(lambda: found.write(into), stop)
            except BaseException:
                into.close()
                raise
        except NotWhole as error:
            raise self._not_whole(str(error)) from None
        answer.close()
        return into

    async def _ask(
        self,
        text: str,
        dataset: Dataset,
        wanted: Format,
        kind: Kind,
        over: Callable[[bytes, Take], Awaitable[Head]] | None = None,
    ) -> tuple[Head, Answer]:
        """One exchange: the reply with status 200, complete as far as HTTP goes."""
        request = self._requests.query(text, dataset, wanted, kind)
        answer, refusal = self._new(wanted), bytearray()

        def take(head: Head, data: bytes) -> None:
            if head.status == 200:
                answer.append(data)
            elif len(refusal) < _LONGEST_REFUSAL:
                refusal.extend(data)

        try:
            head = await (over or self._pool.exchange)(request, take)
            self._check(head, bytes(refusal), wanted)
        except ExchangeFailed as error:
            answer.close()
            gone = EngineUnavailable("The endpoint did not answer.")
            raise ReplicaFailed(gone, str(error), dead=not error.begun) from None
        except BaseException:
            answer.close()
            raise
        return head, answer

    def _check(self, head: Head, refusal: bytes, wanted: Format) -> None:
        """Raises what is wrong with a reply by its head."""
        if head.status != 200:
            error = error_of(head, refusal, self._address)
            if isinstance(error, QueryTimeout):  # of the query, whoever answers it
                raise error
            raise ReplicaFailed(error, f"status {head.status}")
        rows = partial.most_rows(head)
        if rows is not None:
            raise AnswerTooLarge(min(rows, self._settings.answer_rows), "rows")
        if said := partial.sign(head):
            raise self._not_whole(said)
        if head.fields.get("content-encoding", "identity") != "identity":
            raise self._not_whole("it is compressed, which was not asked for")
        if head.media_type not in wanted.media_types:
            asked = ", ".join(wanted.media_types[:1])
            why = f"its media type is {head.media_type or 'none'}, not {asked}"
            raise ReplicaFailed(EngineUnavailable("The endpoint answered in another format."), why)

    async def _own(self, kind: Kind) -> tuple[str, ...]:
        """The graphs that the engine holds of its own accord, found out at the first need."""
        if self._own_graphs is None:
            _, answer = await self._ask(WHICH_GRAPHS, [], JSON, kind)
            try:
                bindings = json.loads(answer.read())["results"]["bindings"]
                found = {row["g"]["value"] for row in bindings}
            except (ValueError, KeyError, TypeError):
                raise self._not_whole("its graphs cannot be read") from None
            self._own_graphs = tuple(sorted(found.difference(self._graphs)))
        return self._own_graphs

    async def _check_solutions(self, text: str, dataset: Dataset, kind: Kind) -> None:
        """Refuses a graph of which the engine may have left out a part without a word."""
        if self._most is None:
            self._most = await self._most_rows(kind)
        behind = solutions_behind(text, self._most)
        if behind is None:
            return
        _, answer = await self._ask(behind, dataset, JSON, kind)
        try:
            select = replace(_ASK, form=Form.SELECT)
            if Received(select, answer, JSON, kind.own_json).rows():
                raise AnswerTooLarge(self._most, "solutions")
        except NotWhole as error:
            raise self._not_whole(str(error)) from None
        finally:
            answer.close()

    async def _most_rows(self, kind: Kind) -> int:
        """The rows after which the engine ends any answer, found out by asking for many."""
        try:
            _, answer = await self._ask(_HOW_MANY, [], JSON, kind)
        except AnswerTooLarge as limit:
            return limit.limit
        answer.close()
        return _MANY

    def _new(self, answer_format: Format) -> Answer:
        return Answer(
            answer_format,
            limit=self._settings.answer_bytes,
            memory=self._settings.answer_memory,
            spool=self._spool,
        )

    def _not_whole(self, why: str) -> ReplicaFailed:
        error = EngineUnavailable("The endpoint did not answer in full.")
        return ReplicaFailed(error, f"the answer is not whole: {why}")


def _never() -> bool:
    return False


async def _worked(work: Callable[[], T], stop: threading.Event | None) -> T:
    """The result of work on an answer; what can be stopped takes long, and is done in a thread.

    When the caller is cancelled, the thread has ended before the answer is closed.
    """
    if stop is None:
        return work()
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([task])
        task.exception()
        raise
