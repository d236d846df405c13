"""The dumps of a release, written from its sorted N-Quads by several processes.

The lines are cut into blocks. Where a cut is follows from the lines alone, so the same quads give
the same bytes with any number of processes. A process writes its block in every format, as a part
of that dump. Then each dump is put together from its parts, compressed, and summed.

All quads are in named graphs. The parts of a dump together are what one writer would write, except
where a block ends within a subject: that subject is then named twice.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, pairwise
from operator import ne
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

import pyoxigraph as ox

from migkg.engine.answering import RDF_FORMATS
from migkg.engine.line_sort import joined
from migkg.engine.quad_lines import END, split_line, subject_of
from migkg.engine.release import Release
from migkg.engine.zstandard import ZstdCompressor
from migkg.errors import BadFile
from migkg.model import formats
from migkg.model.formats import Format, Kind

_BLOCK = 4 * 1024 * 1024
_CHUNK = 1024 * 1024
_GZIP_LEVEL = 6
_ZSTD_LEVEL = 3
# Without a name or a time. https://www.rfc-editor.org/rfc/rfc1952#section-2.3
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
# A tag that the engine writes for a predicate whose end XML does not take as a name.
_NO_NAME = re.compile(rb"<[^ <>]*:[ >]")
_XML_TAIL = b"</rdf:RDF>"
_TURTLE_HEAD = re.compile(rb"(?:@prefix [^\n]*\n)*")
_GRAPH_HEAD = re.compile(_TURTLE_HEAD.pattern + rb"(?:[^\n]* \{\n)?")


class Block(NamedTuple):
    """A range of bytes of the N-Quads that begins and ends with whole lines.

    ``goes_on`` and ``is_continued`` say that a graph goes on over its beginning or its end.
    """

    number: int
    start: int
    end: int
    is_last: bool
    goes_on: bool
    is_continued: bool


class Record(NamedTuple):
    """What a manifest says of a file."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Counts:
    """What was counted in a block, and the formats that cannot hold what it says."""

    quads: int
    triples: int
    graphs: Counter[str]
    unwritable: frozenset[str] = frozenset()

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.quads + other.quads,
            self.triples + other.triples,
            self.graphs + other.graphs,
            self.unwritable | other.unwritable,
        )


NOTHING = Counts(0, 0, Counter())


@dataclass(frozen=True)
class Dumps:
    """Where dumps are made: from which N-Quads, with which prefixes, parts in which folder."""

    quads: Path
    prefixes: Mapping[str, str]
    parts: Path

    def part(self, number: int, item: Format) -> Path:
        """The file of a part of a dump."""
        return self.parts / f"{number}.{item.extension}"


def blocks(path: Path) -> Iterator[Block]:
    """The blocks of a file of sorted N-Quads; of an empty file one that is empty.

    A block ends with a subject, or, where a subject takes very many lines, with a triple.
    """
    size = path.stat().st_size
    with path.open("rb") as source:
        found = dict(_cut(source, at, size) for at in range(_BLOCK, size, _BLOCK))
    cuts = sorted({0: False, **found, size: False}.items())
    for number, (first, last) in enumerate(pairwise(cuts if size else [(0, False)] * 2)):
        yield Block(number, first[0], last[0], last[0] == size, first[1], last[1])


def write_parts(
    dumps: Dumps, block: Block, items: Sequence[Format]
) -> Iterator[tuple[int, Counts]]:
    """Writes a block as a part of each dump, plain and compressed; the N-Quads are there."""
    content = BlockContent(dumps, block)
    unwritable = set()
    for item in items:
        text = content.text(item)
        if item == formats.RDFXML and _NO_NAME.search(text):
            unwritable.add(item.name)
            continue
        path = dumps.part(block.number, item)
        if item is not formats.NQUADS:
            path.write_bytes(text)
        _beside(path, ".gz").write_bytes(_deflated(text, is_last=block.is_last))
    yield block.number, content.counts(frozenset(unwritable))


class BlockContent:
    """The quads of a block in any format, as that part of the whole dump."""

    def __init__(self, dumps: Dumps, block: Block) -> None:
        self._prefixes = dict(dumps.prefixes)
        self._block = block
        with dumps.quads.open("rb") as source:
            source.seek(block.start)
            self._nquads = source.read(block.end - block.start)
        lines = [line.rsplit(b" ", 2) for line in self._nquads.split(b"\n")[:-1]]
        triples = [line[0] for line in lines]
        self._graphs = [line[1] for line in lines]
        # A triple of several graphs is in lines that follow each other.
        self._is_first = [True, *map(ne, triples, triples[1:])]
        self._triples = list(compress(triples, self._is_first))

    def counts(self, unwritable: frozenset[str]) -> Counts:
        """What is in the block."""
        graphs = Counter(self._graphs)
        names = Counter({graph.decode().strip("<>"): number for graph, number in graphs.items()})
        return Counts(len(self._graphs), len(self._triples), names, unwritable)

    def text(self, item: Format) -> bytes:
        """The block in one format."""
        if item == formats.NQUADS:
            return self._nquads
        if item == formats.NTRIPLES:
            return joined([triple + END for triple in self._triples])
        content = self._quads if item.kind is Kind.DATASET else self._engine_triples
        text = ox.serialize(content, format=RDF_FORMATS[item.name], prefixes=self._prefixes) or b""
        return self._as_part(text, item)

    @cached_property
    def _quads(self) -> list[ox.Quad]:
        return list(ox.parse(self._nquads, format=ox.RdfFormat.N_QUADS))

    @cached_property
    def _engine_triples(self) -> list[ox.Triple]:
        return [quad.triple for quad in compress(self._quads, self._is_first)]

    def _as_part(self, text: bytes, item: Format) -> bytes:
        """A document without its head unless it is the first part, and its tail unless the last."""
        head, between, tail = self._frame(text, item)
        if self._block.number:
            text = between + text[head:]
        return text if self._block.is_last else text.removesuffix(tail)

    def _frame(self, text: bytes, item: Format) -> tuple[int, bytes, bytes]:
        """The length of the head of a document, what stands between two parts, and the tail."""
        if item == formats.JSONLD:
            return 1, b",", b"]"
        if item == formats.RDFXML:
            empty = ox.serialize([], format=ox.RdfFormat.RDF_XML, prefixes=self._prefixes) or b""
            return empty.index(_XML_TAIL), b"", _XML_TAIL
        head = _GRAPH_HEAD if item == formats.TRIG and self._block.goes_on else _TURTLE_HEAD
        tail = b"}\n" if item == formats.TRIG and self._block.is_continued else b""
        return _length(head.match(text)), b"", tail


def finish_dump(
    dumps: Dumps, item: Format, number: int, folder: Path
) -> Iterator[dict[str, Record]]:
    """Puts a dump together from ``number`` parts: plain, ``.gz`` and ``.zst``, all synced."""
    target = folder / f"migkg.{item.extension}"
    parts = [dumps.part(part, item) for part in range(number)]
    plain = _Sum()
    compressor = ZstdCompressor(_ZSTD_LEVEL)
    with Output(_beside(target, ".zst")) as archive, ExitStack() as stack:
        made = item == formats.NQUADS
        output = None if made else stack.enter_context(Output(target))
        for chunk in _read(target) if made else _taken(parts):
            plain.add(chunk)
            archive.write(compressor.compress(chunk))
            if output:
                output.write(chunk)
        archive.write(compressor.flush())
    with Output(_beside(target, ".gz")) as zipped:
        zipped.write(_GZIP_HEAD)
        for chunk in _taken(_beside(part, ".gz") for part in parts):
            zipped.write(chunk)
        zipped.write(struct.pack("<II", plain.crc, plain.size & 0xFFFFFFFF))
    outputs = {_beside(target, ".gz"): zipped.sum, _beside(target, ".zst"): archive.sum}
    yield {path.name: found.record for path, found in {target: plain, **outputs}.items()}


def dump_of(release: Release, item: Format) -> Iterator[bytes]:
    """A dump in pieces, made from the N-Quads if the release does not have it.

    Raises :class:`BadFile` for RDF/XML if XML has no name for a property.
    """
    path = release.dumps / f"migkg.{item.extension}"
    if item.name in release.manifest.get("omitted", ()):
        raise BadFile("A property has an IRI that RDF/XML cannot name; take another format.")
    if path.exists():
        return _read(path)
    dumps = Dumps(release.store, release.prefixes, release.dumps)
    return (BlockContent(dumps, block).text(item) for block in blocks(release.store))


class _Sum:
    """Size and sums of bytes that come in chunks."""

    def __init__(self) -> None:
        self.size = 0
        self.crc = 0
        self._digest = hashlib.sha256()

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.crc = zlib.crc32(chunk, self.crc)
        self._digest.update(chunk)

    @property
    def record(self) -> Record:
        return Record(self.size, self._digest.hexdigest())


class Output:
    """A file that is written, summed, and at the end on the disk."""

    def __init__(self, path: Path) -> None:
        self.sum = _Sum()
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())

    def write(self, chunk: bytes) -> None:
        """Writes one piece more."""
        self.sum.add(chunk)
        self._file.write(chunk)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk


def _taken(parts: Iterable[Path]) -> Iterator[bytes]:
    """The content of the parts; each is removed when it was read."""
    for part in parts:
        yield from _read(part)
        part.unlink()


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _deflated(text: bytes, *, is_last: bool) -> bytes:
    """A part of one deflate stream, which ends at a whole byte.

    Source: DEFLATE Compressed Data Format, https://www.rfc-editor.org/rfc/rfc1951.
    """
    compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    end = zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH
    return compressor.compress(text) + compressor.flush(end)


def _cut(source: BinaryIO, at: int, size: int) -> tuple[int, bool]:
    """Where to cut after ``at``, and whether the graph is the same on both sides.

    That is the first place where a subject begins, or, if that is far, where a triple does.
    """
    source.seek(at - 1)
    source.readline()
    offset = source.tell()
    line = source.readline()[:-1]
    between_triples = None
    while following := source.readline()[:-1]:
        offset += len(line) + 1
        (triple, graph), (next_triple, next_graph) = split_line(line), split_line(following)
        if subject_of(following) != subject_of(line):
            return offset, graph == next_graph
        if between_triples is None and triple != next_triple:
            between_triples = offset, graph == next_graph
        if between_triples and offset >= at + _BLOCK // 2:
            return between_triples
        line = following
    return size, False


def _length(found: re.Match[bytes] | None) -> int:
    return found.end() if found else 0
