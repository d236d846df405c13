"""Whether a server has the triples that it was sent: a sum of digests that needs no order.

The digest of a graph is the sum of the SHA-256 of its triples, modulo 2 to the 256th, so it is
made while the graph streams by. There is one for each way of comparing, as some servers write a
number or a date in another way than they were given it, and one rounds geometries.

Most lines of N-Triples can be written in one way only, blanks aside, so they are taken as they
are: that is the parser's work for the few others. A line that is taken so and was written in
another way makes two graphs different that are the same, never the other way round; whoever finds
them different reads again by the parser alone.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from functools import lru_cache
from hashlib import sha256
from io import RawIOBase

import pyoxigraph as ox

from migkg.errors import EngineUnavailable

MOST_BLANK = 1_000_000
_MODULUS = 2**256
_XSD = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS = (
    *("integer", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
    *("long", "int", "short", "byte"),
    *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
)
_NUMBERS = frozenset(_XSD + name for name in ("decimal", *_INTEGERS))
_FLOATS = frozenset((_XSD + "double", _XSD + "float"))
_MOMENTS = frozenset((_XSD + "dateTime", _XSD + "dateTimeStamp"))
_GEOMETRY = "http://www.opengis.net/ont/geosparql#wktLiteral"
_VIRTUOSO_GEOMETRY = "http://www.openlinksw.com/schemas/virtrdf#Geometry"
_LONGEST_NUMBER = 1000
_VALUED = _NUMBERS | _FLOATS | _MOMENTS | {_XSD + "boolean"}
_PARSED = frozenset((_XSD + "string", _GEOMETRY, _VIRTUOSO_GEOMETRY))
_END = b" ."
_COORDINATE = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_ZONE = re.compile(r"(\d\d:\d\d:\d\d)(?:(\.\d*?)0*)?(Z|[+-]\d\d:\d\d)?$")


class Likeness(IntEnum):
    """How much alike two graphs are."""

    DIFFERENT = 0
    ROUNDED = 1  # geometries are, to single precision, and have another datatype
    SAME_VALUES = 2  # as above, and literals are written in another way
    SAME = 3


def written(triple: ox.Triple) -> str:
    """A triple as it is written; the case of a language tag does not matter (RDF 1.1, 3.3)."""
    value = triple.object
    if isinstance(value, ox.Literal) and value.language:
        value = ox.Literal(value.value, language=value.language.lower())
    return f"{triple.subject} {triple.predicate} {value}"


def valued(triple: ox.Triple) -> str:
    """A triple by the value of its object."""
    value = triple.object
    if not isinstance(value, ox.Literal) or value.language:
        return written(triple)
    return f"{triple.subject} {triple.predicate} {_value(value.value, value.datatype.value)}"


def rounded(triple: ox.Triple) -> str:
    """A triple by the value of its object, numbers in a geometry in single precision."""
    value = triple.object
    if isinstance(value, ox.Literal) and value.datatype.value in (_GEOMETRY, _VIRTUOSO_GEOMETRY):
        text = _COORDINATE.sub(lambda match: repr(_single(match[0])), value.value.upper())
        return f"{triple.subject} {triple.predicate} geometry {text.replace(' ', '')}"
    return valued(triple)


def _single(text: str) -> float:
    try:
        found: float = struct.unpack("f", struct.pack("f", float(text)))[0]
    except OverflowError:
        return float(text)
    return found


@lru_cache(maxsize=65536)
def _value(text: str, datatype: str) -> str:
    """A literal in the one form that all literals of its value have."""
    try:
        if datatype in _NUMBERS and len(text) <= _LONGEST_NUMBER:
            return f"number {Decimal(text).normalize():f}"
        if datatype in _FLOATS:
            return f"double {float(text)!r}"
        if datatype in _MOMENTS:
            return f"moment {_moment(text)}"
    except (InvalidOperation, ValueError):
        pass
    if datatype == _XSD + "boolean":
        return f"boolean {text in ('1', 'true')}"
    return str(ox.Literal(text, datatype=ox.NamedNode(datatype)))


def _moment(text: str) -> str:
    """A date with time; one with a zone in UTC."""
    short = _ZONE.sub(lambda m: f"{m[1]}{(m[2] or '').rstrip('.')}{m[3] or ''}", text)
    moment = datetime.fromisoformat(short)
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()


def _number(line: bytes) -> int:
    return int.from_bytes(sha256(line).digest(), "big")


def _is_plain(line: bytes) -> bool:
    """True if a line of N-Triples is written as all that write this triple do."""
    if b"\\" in line or b"_:" in line:
        return False
    place = line.rfind(b'"')
    return place < 0 or _datatype(line[place + 1 :]) == ""


@lru_cache(maxsize=65536)
def _datatype(end: bytes) -> str | None:
    """The datatype if literals of it have several forms; empty if what ends so has one only.

    ``end`` is what comes behind the last quotation mark of a line. None: the parser must read it.
    """
    if end.startswith(b"^^<"):
        datatype = end[3 : -len(_END) - 1].decode("utf-8", "replace")
        return datatype if datatype in _VALUED else None if datatype in _PARSED else ""
    return "" if end == _END or (end.startswith(b"@") and end == end.lower()) else None


def _canonical(triples: list[ox.Triple], write: Callable[[ox.Triple], str]) -> set[str]:
    """Triples with their blank nodes named by RDFC-1.0."""
    found = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    found.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {write(quad.triple) for quad in found}


_WAYS: tuple[tuple[Likeness, Callable[[ox.Triple], str]], ...] = (
    (Likeness.SAME, written),
    (Likeness.SAME_VALUES, valued),
    (Likeness.ROUNDED, rounded),
)


@dataclass
class GraphDigest:
    """What was seen of a graph; ``plain`` is the sum of what is the same in all ways."""

    triples: int = 0
    plain: int = 0
    sums: Counter[Likeness] = field(default_factory=Counter)
    linked: list[ox.Triple] = field(default_factory=list)

    def add(self, triple: ox.Triple) -> None:
        """Counts a triple."""
        self.triples += 1
        if isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode):
            if len(self.linked) < MOST_BLANK:
                self.linked.append(triple)
            return
        last, number = "", 0
        for way, write in _WAYS:
            text = write(triple)
            if text != last:
                last, number = text, _number(text.encode() + _END)
            self.sums[way] += number

    def add_lines(self, lines: list[bytes]) -> None:
        """Counts lines of N-Triples as they are, but for those that the parser must read."""
        plain = [line for line in lines if _is_plain(line)]
        self.triples += len(plain)
        self.plain += sum([_number(line) for line in plain])
        if len(plain) < len(lines):
            others = [line for line in lines if not _is_plain(line) and not self._add_value(line)]
            for triple in triples_of([b"\n".join(others)]):
                self.add(triple)

    def _add_value(self, line: bytes) -> bool:
        """Counts a line with a literal that may be written in several ways, if it is simple."""
        start, end = line.find(b'"'), line.rfind(b'"')
        datatype = _datatype(line[end + 1 :])
        if not datatype or b"\\" in line or b"_:" in line:
            return False
        self.triples += 1
        self.sums[Likeness.SAME] += _number(line)
        value = _value(line[start + 1 : end].decode("utf-8", "replace"), datatype).encode()
        number = _number(line[:start] + value + _END)
        self.sums[Likeness.SAME_VALUES] += number
        self.sums[Likeness.ROUNDED] += number
        return True

    def is_whole(self, triples: int) -> bool:
        """True if all of so many triples were seen, and can be compared."""
        return self.triples >= triples and len(self.linked) < MOST_BLANK

    def likeness(self, other: GraphDigest) -> Likeness:
        """How much alike this graph and another are."""
        if self.triples == other.triples:
            for way, write in _WAYS:
                difference = self.plain + self.sums[way] - other.plain - other.sums[way]
                if difference % _MODULUS == 0 and (
                    _canonical(self.linked, write) == _canonical(other.linked, write)
                ):
                    return way
        return Likeness.DIFFERENT


def digest_of(parts: Iterable[bytes]) -> GraphDigest:
    """The digest of N-Triples, read line by line; see above for what it cannot tell.

    Raises :class:`EngineUnavailable` for what is seen to be no N-Triples.
    """
    found = GraphDigest()
    rest = b""
    for part in parts:
        *lines, rest = (rest + part.replace(b"\t", b" ")).split(b"\n")
        found.add_lines(lines)
    found.add_lines([rest] if rest else [])
    return found


def parsed_digest_of(parts: Iterable[bytes]) -> GraphDigest:
    """The same, all of it by the parser."""
    found = GraphDigest()
    for triple in triples_of(parts):
        found.add(triple)
    return found


def triples_of(parts: Iterable[bytes], *, own_blank_nodes: bool = False) -> Iterable[ox.Triple]:
    """The triples of N-Triples that come in parts; its blank nodes may get names of their own."""
    try:
        for quad in ox.parse(
            _Stream(parts),  # type: ignore[arg-type]
            format=ox.RdfFormat.N_TRIPLES,
            rename_blank_nodes=own_blank_nodes,
        ):
            yield quad.triple
    except SyntaxError as error:
        raise EngineUnavailable(f"What the server gave back is not N-Triples: {error}.") from None


class _Stream(RawIOBase):
    """Parts of bytes as a file."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._rest = b""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most ``size``."""
        if not self._rest:
            self._rest = next(self._parts, b"")
        size = len(self._rest) if size < 0 else size
        chosen, self._rest = self._rest[:size], self._rest[size:]
        return chosen
