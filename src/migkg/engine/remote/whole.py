"""Whether an answer is whole, and the same answer in another format.

JSON and JSON-LD are read to the bracket that closes them, and nothing may follow. N-Triples and
Turtle have no end of their own: each of their lines must be one, and the reply must have had a
length. What breaks off, has a sentence of an engine in it or is no such format raises
:class:`NotWhole`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

import pyoxigraph as ox

from migkg.engine.answering import RDF_FORMATS, RESULT_FORMATS
from migkg.engine.notice import Notice
from migkg.engine.protocol import Answer, Query
from migkg.engine.remote.first_rows import FirstRows
from migkg.engine.remote.small_json import solutions_in
from migkg.model.formats import JSON, Format
from migkg.model.sparql_text import Form

_FRAME = 64 * 1024
SMALL = 64 * 1024  # bytes of an answer that is looked at in one go
_LONGEST_BOOLEAN = 64 * 1024  # bytes; the answer to an ASK has a few hundred
_RETVAL = "__ASK_RETVAL"  # the variable of Virtuoso's answers to ASK
# How Virtuoso names blank nodes; the colon and the slashes are in no name of the standard's.
_OWN_BLANK = (b'"bnode", "value": "nodeID://', b'"bnode", "value": "')


class NotWhole(Exception):
    """An answer is not one, or not all of it; the text says what was met."""


class _Source:
    """An answer as a file for a parser; reading ends when ``stopped`` says so."""

    def __init__(self, answer: Answer, stopped: Callable[[], bool]) -> None:
        self._file = answer.open()
        self._stopped = stopped

    def read(self, size: int = -1) -> bytes:
        if self._stopped():
            raise NotWhole("nobody waits for it any more")
        return self._file.read(size)


class _OwnJson(_Source):
    """Virtuoso's JSON with names of blank nodes that a parser takes."""

    def __init__(self, answer: Answer, stopped: Callable[[], bool]) -> None:
        super().__init__(answer, stopped)
        self._ready = io.BytesIO()
        self._rest = b""
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        while not (part := self._ready.read(size)) and not self._ended:
            self._refill()
        return part

    def _refill(self) -> None:
        """Reads on; what is replaced may begin in one piece and end in the next."""
        data = super().read(_FRAME)
        text = (self._rest + data).replace(*_OWN_BLANK)
        self._ended = not data
        whole = len(text) if self._ended else max(0, len(text) - len(_OWN_BLANK[0]) + 1)
        self._ready, self._rest = io.BytesIO(text[:whole]), text[whole:]


class _Sink(io.RawIOBase):
    """Collects what a serializer writes, in pieces that are not too small."""

    def __init__(self, answer: Answer, notice: Notice | None) -> None:
        self._answer = answer
        self._notice = notice
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        part = self._notice.put(bytes(data)) if self._notice else bytes(data)
        self._parts.append(part)
        self._size += len(part)
        if self._size >= _FRAME:
            self.end()
        return len(data)

    def end(self) -> None:
        self._answer.append(b"".join(self._parts))
        self._parts.clear()
        self._size = 0


@dataclass(frozen=True)
class Received:
    """An answer as an engine sent it, in ``format``; ``own_json`` as in :class:`Kind`.

    ``stopped`` tells whether the work on it is to end. With ``first`` only so many of its rows are
    written, and that there are more is said. Both methods raise :class:`NotWhole`.
    """

    query: Query
    answer: Answer
    format: Format
    own_json: bool = False
    stopped: Callable[[], bool] = lambda: False
    first: int | None = None

    def rows(self) -> int:
        """The number of its rows or triples, 1 for a truth value."""
        with _not_whole():
            if self.query.form is Form.ASK:
                _truth(self.answer)
                return 1
            if self.format is JSON:
                return self._count_solutions()
            return sum(1 for _ in self._quads())

    def _count_solutions(self) -> int:
        if self.answer.size <= SMALL and not self.own_json:
            found = solutions_in(self.answer.open().read())
            if found is not None:
                return found
        return sum(1 for _ in self._solutions())

    def write(self, into: Answer) -> None:
        """Writes it in the format of its query."""
        wanted = self.query.format.name
        into.truncated = self.first is not None
        sink = _Sink(into, Notice(wanted, self.query.notice) if into.truncated else None)
        file = cast(IO[bytes], sink)
        with _not_whole():
            if self.query.form is Form.ASK:
                sink.write(_BOOLEANS[_truth(self.answer)][wanted])
            elif self.format is JSON:
                self._solutions().serialize(file, format=RESULT_FORMATS[wanted])
            else:
                triples = (quad.triple for quad in self._quads())
                ox.serialize(triples, file, format=RDF_FORMATS[wanted])
        sink.end()

    def _source(self) -> IO[bytes]:
        source = (_OwnJson if self.own_json else _Source)(self.answer, self.stopped)
        return cast(IO[bytes], FirstRows(source, self.first) if self.first else source)

    def _quads(self) -> Iterator[ox.Quad]:
        return ox.parse(self._source(), format=RDF_FORMATS[self.format.name])

    def _solutions(self) -> ox.QuerySolutions:
        result = ox.parse_query_results(self._source(), format=RESULT_FORMATS[JSON.name])
        if not isinstance(result, ox.QuerySolutions):
            raise NotWhole("a truth value where there should be rows")
        return result


@contextmanager
def _not_whole() -> Iterator[None]:
    try:
        yield
    except (SyntaxError, ValueError) as error:
        raise NotWhole(str(error)) from None


def _truth(answer: Answer) -> bool:
    """The answer to an ASK."""
    if answer.size > _LONGEST_BOOLEAN:
        raise NotWhole("a truth value that is longer than any")
    content = json.loads(answer.open().read())
    if isinstance(content, dict) and isinstance(content.get("boolean"), bool):
        return bool(content["boolean"])
    match content:
        case {"head": {"vars": [name]}, "results": {"bindings": list(found)}} if name == _RETVAL:
            return bool(found)
    raise NotWhole("no truth value")


def _booleans() -> dict[bool, dict[str, bytes]]:
    """Both truth values in every format, as our own engine writes them."""
    store = ox.Store()
    written: dict[bool, dict[str, bytes]] = {}
    for value, text in ((True, "ASK {}"), (False, "ASK { FILTER(false) }")):
        written[value] = {}
        for name, result_format in RESULT_FORMATS.items():
            result = store.query(text)
            if isinstance(result, ox.QueryBoolean):
                written[value][name] = result.serialize(format=result_format) or b""
    return written


_BOOLEANS = _booleans()
