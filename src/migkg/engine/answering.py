"""What a query process does with one request: the whole answer, or one error."""

from __future__ import annotations

import io
import os
import socket
import time
from typing import IO, Any, cast

import pyoxigraph as ox

from migkg.engine import wire
from migkg.engine.notice import Notice
from migkg.engine.walk import walk

_FRAME = 256 * 1024
RESULT_FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
RDF_FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "jsonld": ox.RdfFormat.JSON_LD,
    "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML,
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
}
# What stands between two rows. In a value it may stand too, so its number is never too low.
_BETWEEN_ROWS = {"json": b"},{", "xml": b"<result>", "csv": b"\n", "tsv": b"\n"}

Solutions = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples


class TooManyRows(Exception):
    """The answer has more rows than the request allows."""


class _Output(io.RawIOBase):
    """What is written goes out in frames; the last one goes with the end."""

    def __init__(self, sock: socket.socket, between_rows: bytes) -> None:
        self._sock = sock
        self._between = between_rows
        self._parts: list[bytes] = []
        self._size = 0
        self._tail = b""
        self.rows_at_most = 1
        self.notice: Notice | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        part = bytes(data)
        if self.notice:
            part = self.notice.put(part)
        if self._between:
            self._count(part)
        self._parts.append(part)
        self._size += len(part)
        if self._size >= _FRAME:
            self._sock.sendall(self._frame())
        return len(data)

    def finish(self, end: bytes) -> None:
        """Sends what is left and the end of the answer, in one piece."""
        self._sock.sendall(self._frame() + end)

    def _frame(self) -> bytes:
        if not self._parts:
            return b""
        frame = wire.pack(wire.DATA, b"".join(self._parts))
        self._parts.clear()
        self._size = 0
        return frame

    def _count(self, content: bytes) -> None:
        """Counts in this part, and across its border with the part before."""
        keep = len(self._between) - 1
        border = self._tail + content[:keep]
        self.rows_at_most += content.count(self._between) + border.count(self._between)
        self._tail = (self._tail + content[-keep:])[-keep:] if keep else b""


def answer(store: ox.Store, request: dict[str, Any], sock: socket.socket) -> None:
    """Runs one request and sends its whole answer, or one error."""
    start = time.process_time()
    try:
        output, end = _answer(store, request, sock)
        output.finish(wire.pack(end, wire.SECONDS.pack(time.process_time() - start)))
    except SyntaxError as error:
        _fail(sock, "syntax", str(error))
    except TooManyRows:
        _fail(sock, "rows", "")
    except MemoryError:
        _fail(sock, "memory", "")
        os._exit(3)
    except (OSError, ValueError, RuntimeError) as error:
        _fail(sock, "failed", str(error))


def _fail(sock: socket.socket, kind: str, text: str) -> None:
    sock.sendall(wire.pack_json(wire.ERROR, {"kind": kind, "text": text}))


def _answer(store: ox.Store, request: dict[str, Any], sock: socket.socket) -> tuple[_Output, int]:
    """The answer as far as it is not sent yet, and how it ends."""
    text, rows, name = request["text"], request["rows"], request["format"]
    if request["walk"]:
        return _walked(store, request, sock), wire.END
    is_cut = bool(request["cut"]) and _more_rows_than(store, request, rows)
    result = _run(store, request, request["cut"] if is_cut else text)
    graph = isinstance(result, ox.QueryTriples)
    output = _Output(sock, b"" if graph else _BETWEEN_ROWS[name])
    if is_cut:
        output.notice = Notice(name, request["notice"])
    file = cast(IO[bytes], output)
    if isinstance(result, ox.QueryTriples):
        result.serialize(file, format=RDF_FORMATS[name])
    else:
        result.serialize(file, format=RESULT_FORMATS[name])
    if not is_cut and output.rows_at_most > rows and _more_rows_than(store, request, rows):
        raise TooManyRows
    return output, wire.CUT if is_cut else wire.END


def _walked(store: ox.Store, request: dict[str, Any], sock: socket.socket) -> _Output:
    output = _Output(sock, b"")
    triples = walk(store, request["walk"])
    ox.serialize(triples, cast(IO[bytes], output), format=RDF_FORMATS[request["format"]])
    return output


def _more_rows_than(store: ox.Store, request: dict[str, Any], rows: int) -> bool:
    result = _run(store, request, request["text"])
    return isinstance(result, ox.QuerySolutions) and any(
        number > rows for number, _ in enumerate(result, 1)
    )


def _run(store: ox.Store, request: dict[str, Any], text: str) -> Solutions:
    return store.query(text, base_iri=request["base"], **_dataset(request))


def _dataset(request: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ``Store.query`` for the dataset that a request names.

    That of the protocol beats ``FROM`` in the text; without either the default graph is the union
    of all graphs.
    """
    default, named = request["default_graphs"], request["named_graphs"]
    if default is None and named is None:
        return {"use_default_graph_as_union": not request["names_dataset"]}
    return {
        "default_graph": [ox.NamedNode(iri) for iri in default or ()],
        "named_graphs": [ox.NamedNode(iri) for iri in named or ()],
    }
