"""Reads RDF files into parts to be sorted, by several processes.

Blank nodes of different files are kept apart. A release cannot hold triple terms (RDF 1.2), which
RDFC-1.0 does not know, nor characters that XML cannot hold, in which its answers could not be
given. A line with such a thing, or with an error of syntax, may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox

from migkg.engine.answering import RDF_FORMATS
from migkg.engine.meter import Meter, Progress
from migkg.engine.quad_lines import in_graph, rename_blank_nodes
from migkg.engine.quad_sort import Part, QuadSort, write_part
from migkg.engine.sources import Piece, Source, opened, pieces
from migkg.engine.workers import Task, Workers
from migkg.errors import BadFile
from migkg.model import formats
from migkg.model.formats import NOT_XML

_STATEMENTS = 200_000
_MOST_PROBLEMS = 20
_ESCAPED = re.compile(rb"\\u(?:00(?:0[0-8BCEF]|1[0-9A-F])|FFF[EF])")
_WHERE = re.compile(r"^Parser error at .*?: ")


class Problem(NamedTuple):
    """A line that cannot be read, and why."""

    path: Path
    line: int
    column: int
    why: str

    def __str__(self) -> str:
        place = [str(self.path), *(str(number) for number in (self.line, self.column) if number)]
        return f"{':'.join(place)}: {self.why}"


@dataclass(frozen=True)
class Found:
    """What was read of a piece, or of a part of it."""

    source: int
    part: Part
    size: int
    prefixes: dict[str, str] = field(default_factory=dict)
    skipped: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass
class Reading:
    """What was read of all sources: statements, lines left out, and the first reasons for that."""

    statements: int = 0
    skipped: int = 0
    problems: list[Problem] = field(default_factory=list)
    prefixes: dict[str, str] = field(default_factory=dict)


def read_sources(
    sources: Sequence[Source],
    sort: QuadSort,
    workers: Workers,
    folder: Path,
    *,
    skip: bool,
    progress: Progress,
) -> Reading:
    """Adds all statements to a sort; ``skip`` leaves out lines that cannot be read.

    Raises :class:`BadFile` with file, line and column.
    """
    reading = Reading()
    prefixes: dict[int, dict[str, str]] = {}
    meter = Meter(progress, "read", sum(source.path.stat().st_size for source in sources))
    for found in workers.each(read_piece, _tasks(sources, workers.count, folder, skip=skip)):
        sort.add(found.part)
        meter.add(found.size, found.part.quads)
        reading.statements += found.part.quads
        reading.skipped += found.skipped
        reading.problems = sorted([*reading.problems, *found.problems])[:_MOST_PROBLEMS]
        prefixes.setdefault(found.source, {}).update(found.prefixes)
    for number in sorted(prefixes, reverse=True):
        reading.prefixes |= prefixes[number]
    return reading


def _tasks(
    sources: Sequence[Source], processes: int, folder: Path, *, skip: bool
) -> Iterator[Task]:
    """Files that only one process can read come first, the largest of them first."""
    numbered = sorted(
        enumerate(sources), key=lambda item: (item[1].has_lines, -item[1].path.stat().st_size)
    )
    cut = ((number, piece) for number, source in numbered for piece in pieces(source, processes))
    for task, (number, piece) in enumerate(cut):
        path = folder / f"read-{task}"
        yield Task(str(piece.source.path), (number, piece, path, skip))


def read_piece(number: int, piece: Piece, path: Path, skip: bool) -> Iterator[Found]:
    """Writes the statements of a piece, of the source of that number, as parts."""
    if piece.source.has_lines:
        yield _read_lines(number, piece, path, skip=skip)
    else:
        yield from _read_document(number, piece.source, path)


def _read_lines(number: int, piece: Piece, path: Path, *, skip: bool) -> Found:
    source = piece.source
    data = piece.read()
    problems: list[Problem] = []
    try:
        text = _nquads(ox.parse(data, format=RDF_FORMATS[source.format.name]))
        good = not _is_doubtful(text)
    except SyntaxError:
        good = False
    if not good:
        text, problems = _line_by_line(piece, data, skip=skip)
    lines = text.split(b"\n")[:-1]
    maybe_blank = b"_:" in text
    if maybe_blank:
        prefix = b"f%d." % number
        lines = [rename_blank_nodes(line, prefix) if b"_:" in line else line for line in lines]
    part = write_part(path, _in_graph(lines, source), maybe_blank=maybe_blank)
    return Found(
        number,
        part,
        piece.size,
        skipped=len(problems),
        problems=tuple(problems[:_MOST_PROBLEMS]),
    )


def _read_document(number: int, source: Source, path: Path) -> Iterator[Found]:
    place = 0
    with opened(source) as (stream, raw):
        parser = ox.parse(
            stream,
            format=RDF_FORMATS[source.format.name],
            base_iri=source.base_iri,
            rename_blank_nodes=True,
        )
        part = 0
        while text := _next_statements(source, parser):
            lines = _in_graph(text.split(b"\n")[:-1], source)
            beside = path.with_name(f"{path.name}-{part}")
            written = write_part(beside, lines, maybe_blank=b"_:" in text)
            now = raw.tell()
            yield Found(number, written, now - place, dict(parser.prefixes))
            place = now
            part += 1


def _next_statements(source: Source, parser: ox.QuadParser) -> bytes:
    try:
        text = _nquads(islice(parser, _STATEMENTS))
    except SyntaxError as error:
        raise BadFile(str(_problem(source.path, error, 0))) from None
    if _is_doubtful(text):
        for quad in ox.parse(text, format=ox.RdfFormat.N_QUADS):
            why = _unsupported(quad)
            if why:
                raise BadFile(f"{source.path}: {why} It is in a statement on {quad.subject}.")
    return text


def _line_by_line(piece: Piece, data: bytes, *, skip: bool) -> tuple[bytes, list[Problem]]:
    """The good lines, and why the others are not good; raises :class:`BadFile` at the first."""
    path = piece.source.path
    first = piece.first_line()
    good: list[ox.Quad] = []
    problems = []
    for line, content in enumerate(data.split(b"\n")):
        try:
            quads = list(ox.parse(content, format=RDF_FORMATS[piece.source.format.name]))
            reasons = filter(None, map(_unsupported, quads))
            problem = next((Problem(path, first + line, 0, why) for why in reasons), None)
        except SyntaxError as error:
            problem = _problem(path, error, first + line)
        if problem is None:
            good += quads
        elif skip:
            problems.append(problem)
        else:
            raise BadFile(str(problem))
    return _nquads(good), problems


def _problem(path: Path, error: SyntaxError, line: int) -> Problem:
    why = _WHERE.sub("", error.msg)
    return Problem(path, line or error.lineno or 0, error.offset or 0, why.rstrip(".") + ".")


def _unsupported(quad: ox.Quad) -> str:
    """Why a release cannot hold a statement; empty if it can."""
    if isinstance(quad.object, ox.Triple):
        return "Triple terms (RDF 1.2) are not supported here."
    found = NOT_XML.search(quad.object.value) if isinstance(quad.object, ox.Literal) else None
    return f"A literal holds the character U+{ord(found.group()):04X}." if found else ""


def _is_doubtful(text: bytes) -> bool:
    """True if a statement may be one that a release cannot hold."""
    return b" <<( " in text or (b"\\u" in text and bool(_ESCAPED.search(text)))


def _in_graph(lines: list[bytes], source: Source) -> list[bytes]:
    """The lines, each in a graph if one is given for those that are in none.

    In formats without graphs none is in one before.
    """
    if not source.graph_iri:
        return lines
    graph = b"<%s>" % source.graph_iri.encode()
    if source.format.kind is formats.Kind.DATASET or source.format == formats.JSONLD:
        return [in_graph(line, graph) for line in lines]
    end = graph + b" ."
    return [line[:-1] + end for line in lines]


def _nquads(quads: Iterable[ox.Quad]) -> bytes:
    return ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
