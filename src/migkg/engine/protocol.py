"""What every engine does: one query in, one complete answer out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from migkg.errors import AnswerTooLarge
from migkg.model.formats import Format
from migkg.model.sparql_text import Form, QueryText

CHUNK = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Query:
    """A query that has passed the guard.

    Without a dataset, of the request or (``names_dataset``) of its own text, a query sees the
    union of all named graphs as its default graph. ``default_graphs`` and ``named_graphs`` are
    the dataset of the protocol request; None means that the request named none (SPARQL 1.1
    Protocol, section 2.1.4, https://www.w3.org/TR/sparql11-protocol/#dataset).
    """

    text: str
    form: Form
    format: Format
    names_dataset: bool = False
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls,
        text: QueryText,
        answer_format: Format,
        *,
        default_graphs: tuple[str, ...] | None = None,
        named_graphs: tuple[str, ...] | None = None,
    ) -> Query:
        """The query of a text that has passed the guard."""
        return cls(
            text=text.text,
            form=text.form,
            format=answer_format,
            names_dataset=text.names_dataset,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
        )


class Answer:
    """A complete serialized answer, in memory while small, else in a temporary file."""

    def __init__(self, answer_format: Format, *, limit: int, memory: int) -> None:
        self.format = answer_format
        self.size = 0
        self._limit = limit
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=memory)  # noqa: SIM115

    def append(self, data: bytes) -> None:
        """Adds the next part; raises :class:`AnswerTooLarge` past the limit."""
        self.size += len(data)
        if self.size > self._limit:
            self.close()
            raise AnswerTooLarge(self._limit)
        self._file.write(data)

    def chunks(self) -> Iterator[bytes]:
        """The answer from its start, in parts; it is closed afterwards."""
        self._file.seek(0)
        try:
            while part := self._file.read(CHUNK):
                yield part
        finally:
            self.close()

    def read(self) -> bytes:
        """The whole answer; it is closed afterwards."""
        return b"".join(self.chunks())

    def close(self) -> None:
        """Frees the memory or the file."""
        self._file.close()


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

    async def answer(self, query: Query) -> Answer:
        """The complete answer to a query, in the format that it names."""
