"""What every engine does: one query in, one complete answer out."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import IO, Protocol

from migkg.engine.walk import Walk
from migkg.errors import AnswerTooLarge, EngineBusy
from migkg.model.formats import Format
from migkg.model.sparql_text import Form, QueryText, limit_rows

CHUNK = 256 * 1024
_RETRY_AFTER = 5


@dataclass(frozen=True, kw_only=True)
class Query:
    """A query that has passed the guard.

    Without a dataset, of the request or (``names_dataset``) of its own text, a query sees the
    union of all named graphs as its default graph. ``default_graphs`` and ``named_graphs`` are
    the dataset of the protocol request; None means that the request named none (SPARQL 1.1
    Protocol, section 2.1.4, https://www.w3.org/TR/sparql11-protocol/#dataset).

    ``truncate`` is the number of rows after which the answer may end although there are more;
    ``cut`` is then the text that gives no more of them, and ``notice`` the URL with which such an
    answer says in its head that it is cut, if its format has room.

    ``walk`` gives the same triples as the text, and may be done in its place.
    """

    text: str
    form: Form
    format: Format
    names_dataset: bool = False
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    truncate: int | None = None
    cut: str = ""
    notice: str = ""
    walk: Walk | None = None

    @classmethod
    def of(
        cls,
        text: QueryText,
        answer_format: Format,
        *,
        default_graphs: tuple[str, ...] | None = None,
        named_graphs: tuple[str, ...] | None = None,
        truncate: int | None = None,
        notice: str = "",
    ) -> Query:
        """The query of a text that has passed the guard."""
        return cls(
            text=text.text,
            form=text.form,
            format=answer_format,
            names_dataset=text.names_dataset,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
            truncate=truncate,
            cut=limit_rows(text, truncate) if truncate else "",
            notice=notice,
        )


class Lane(Enum):
    """What a query is for. Each lane has room of its own."""

    __hash__ = object.__hash__  # which is quicker than an enumeration's own

    SPARQL = "sparql"
    PAGE = "page"
    HEALTH = "health"


@dataclass(frozen=True)
class Caller:
    """Who asks: the client, as far as it can be told, and for what.

    ``trace`` is the place of the request in a trace (``traceparent``), for engines elsewhere.
    """

    client: str
    lane: Lane
    trace: str = ""


INTERNAL = Caller("", Lane.PAGE)


class Spool:
    """How many bytes of answers may lie in temporary files at the same time."""

    def __init__(self, limit: int) -> None:
        self._free = limit

    def take(self, size: int) -> None:
        """Counts bytes; raises :class:`EngineBusy` if there is no room for them."""
        if size > self._free:
            raise EngineBusy(_RETRY_AFTER, "Too many large answers are on their way.")
        self._free -= size

    def give(self, size: int) -> None:
        """Counts bytes that are no longer there."""
        self._free += size


class Answer:
    """A complete serialized answer, in memory while small, else in a temporary file.

    ``truncated`` is true if there are more rows than it has; only a query that allows it gets
    such an answer. ``engine`` is the name of an engine that does not always answer as the standard
    has it, so that who asked has to be told.
    """

    def __init__(
        self, answer_format: Format, *, limit: int, memory: int, spool: Spool | None = None
    ) -> None:
        self.format = answer_format
        self.size = 0
        self.truncated = False
        self.engine = ""
        self._limit = limit
        self._memory = memory
        self._spool = spool or Spool(limit)
        self._spooled = 0
        self._parts: list[bytes] = []
        self._file: IO[bytes] | None = None

    def append(self, data: bytes) -> None:
        """Adds the next part; raises :class:`AnswerTooLarge` past the limit."""
        self.size += len(data)
        if self.size > self._limit:
            self.close()
            raise AnswerTooLarge(self._limit)
        self._parts.append(data)
        if self.size > self._memory:
            self._to_file()

    def _to_file(self) -> None:
        size = self.size - self._spooled
        self._spool.take(size)
        self._spooled += size
        try:
            if self._file is None:
                # Without a buffer, which would fail a second time when it is closed.
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - see close()
            self._write(b"".join(self._parts))
        except OSError as error:
            raise EngineBusy(_RETRY_AFTER, "There is no room for a large answer.") from error
        self._parts.clear()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest and self._file is not None:
            rest = rest[self._file.write(rest) :]

    @property
    def in_memory(self) -> bool:
        """True if no file holds it."""
        return self._file is None

    def open(self) -> IO[bytes]:
        """The answer as a file at its start, to look at; what is read stays. One at a time."""
        if self._file is None:
            return io.BytesIO(b"".join(self._parts))
        self._file.seek(0)
        return self._file

    def chunks(self) -> Iterator[bytes]:
        """The answer from its start, in parts; it is closed afterwards."""
        try:
            if self._file is None:
                yield from self._parts
            else:
                self._file.seek(0)
                while part := self._file.read(CHUNK):
                    yield part
        finally:
            self.close()

    def read(self) -> bytes:
        """The whole answer; it is closed afterwards."""
        return b"".join(self.chunks())

    def close(self) -> None:
        """Frees the memory or the file."""
        self._parts = []
        self._spool.give(self._spooled)
        self._spooled = 0
        if self._file is not None:
            self._file.close()


@dataclass(frozen=True)
class EndpointState:
    """How one endpoint of a remote engine stands, without saying where it is."""

    number: int
    role: str  # "query" or "standby"
    state: str  # "in service", "failing", "lagging" or "draining"
    revision: str | None
    in_flight: int
    asked: int
    failed: int


class Engine(Protocol):
    """Answers queries; never shortened, never broken: an answer is complete or an error.

    ``answer`` raises :class:`migkg.errors.BadQuery`, :class:`migkg.errors.QueryTimeout`,
    :class:`migkg.errors.QueryCrashed`, :class:`migkg.errors.AnswerTooLarge`,
    :class:`migkg.errors.EngineBusy` or :class:`migkg.errors.EngineUnavailable`. When the caller
    is cancelled, the query is stopped.
    """

    async def start(self) -> None:
        """Makes the engine ready to answer."""

    async def close(self) -> None:
        """Stops all work and frees everything."""

    async def answer(self, query: Query, caller: Caller = INTERNAL) -> Answer:
        """The complete answer to a query, in the format that it names."""

    def endpoints(self) -> list[EndpointState]:
        """How the endpoints of a remote engine stand; the embedded one has none."""
