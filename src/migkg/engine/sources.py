"""RDF files of any size as input: which they are, how they are packed, how they are cut.

A file in a format of lines is cut into pieces, which several processes read; any other is one.
"""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from migkg.engine.zstandard import ZstdError, ZstdFile
from migkg.errors import BadFile
from migkg.model import formats
from migkg.model.formats import Format

_OPENERS: dict[str, Callable[[BinaryIO], object]] = {
    "": lambda raw: raw,
    "gz": lambda raw: gzip.GzipFile(fileobj=raw),
    "bz2": bz2.BZ2File,
    "zst": ZstdFile,
}
_LONGEST_LINE = 64 * 1024 * 1024
_LARGEST_PIECE = 32 * 1024 * 1024
_SMALLEST_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Source:
    """An RDF file: ``packing`` is empty or ``gz``, ``bz2`` or ``zst``.

    Triples that the file puts into no graph are in ``graph_iri`` unless that is empty, and relative
    IRIs start from ``base_iri``.
    """

    path: Path
    format: Format
    packing: str
    graph_iri: str
    base_iri: str

    @property
    def has_lines(self) -> bool:
        """True if each statement is a line of its own."""
        return self.format in (formats.NTRIPLES, formats.NQUADS)


@dataclass(frozen=True)
class Piece:
    """Whole lines of a source, or all of it.

    Of a packed file ``content`` are the lines, and ``line`` is the number of the first; else they
    are the bytes from ``start`` to ``end``. ``size`` are the bytes that it takes of the file.
    """

    source: Source
    size: int
    start: int = 0
    end: int = 0
    content: bytes | None = None
    line: int = 0

    def read(self) -> bytes:
        """The lines."""
        if self.content is not None:
            return self.content
        with self.source.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.end - self.start)

    def first_line(self) -> int:
        """The number of the first line in its file, from 1."""
        if self.content is not None:
            return self.line
        with self.source.path.open("rb") as file:
            return 1 + sum(chunk.count(b"\n") for chunk in _chunks(file, self.start))


def find_files(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """(file, its name below what was given) of each file, and of each in a given folder.

    Raises :class:`BadFile` for a file that is not known as RDF by its name, and for a folder
    without any that is.
    """
    for path in paths:
        if not path.is_dir():
            kind_of(path)
            yield path, path.name
            continue
        found = rdf_files(path)
        if not found:
            raise BadFile(f"{path} holds no RDF files; {_KNOWN}")
        yield from ((file, file.relative_to(path).as_posix()) for file in found)


def rdf_files(folder: Path) -> list[Path]:
    """The files in a folder and below that are known as RDF by their names, in a fixed order."""
    return [file for file in sorted(folder.rglob("*")) if file.is_file() and _is_known(file)]


_ENDINGS = {item.extension: item for item in formats.GRAPH_FORMATS} | {"owl": formats.RDFXML}
_PACKED = " .".join(filter(None, _OPENERS))
_KNOWN = f"known endings are .{' .'.join(_ENDINGS)}, each also with .{_PACKED}."


def kind_of(path: Path) -> tuple[Format, str]:
    """The format and the packing that the name of a file says; raises :class:`BadFile`."""
    stem, packing = path.name, path.suffix[1:]
    if packing in _OPENERS and packing:
        stem = path.stem
    else:
        packing = ""
    found = _ENDINGS.get(stem.rpartition(".")[2])
    if found is None:
        raise BadFile(f"{path} is not known as RDF by its name; {_KNOWN}")
    return found, packing


def bare_name(name: str) -> str:
    """The name of a file without the endings of its format and packing."""
    path = Path(name)
    _, packing = kind_of(path)
    return str((path.with_suffix("") if packing else path).with_suffix(""))


def _is_known(path: Path) -> bool:
    try:
        kind_of(path)
    except BadFile:
        return False
    return True


@contextmanager
def opened(source: Source) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """(the unpacked content, the file itself); raises :class:`BadFile` for what is damaged."""
    try:
        with source.path.open("rb") as raw:
            yield cast(BinaryIO, _OPENERS[source.packing](raw)), raw
    except (EOFError, zlib.error, gzip.BadGzipFile, ZstdError) as error:
        raise BadFile(f"{source.path} is not a whole .{source.packing} file: {error}.") from None
    except OSError as error:
        why = error.strerror or str(error)
        raise BadFile(f"{source.path} cannot be read: {why}.") from None


def pieces(source: Source, processes: int) -> Iterator[Piece]:
    """The pieces of a source in order; there are more than processes if it is not small."""
    size = source.path.stat().st_size
    if not source.has_lines:
        yield Piece(source, size)
        return
    wanted = min(_LARGEST_PIECE, max(_SMALLEST_PIECE, size // (3 * max(1, processes))))
    if source.packing:
        yield from _unpacked_pieces(source, wanted)
    else:
        yield from _plain_pieces(source, size, wanted)


def _plain_pieces(source: Source, size: int, wanted: int) -> Iterator[Piece]:
    start = 0
    with opened(source) as (file, _):
        while start < size:
            end = min(size, start + wanted)
            if end < size:
                file.seek(end)
                end += len(_rest_of_line(source, file))
            yield Piece(source, end - start, start, end)
            start = end


def _unpacked_pieces(source: Source, wanted: int) -> Iterator[Piece]:
    line = 1
    place = 0
    with opened(source) as (file, raw):
        while content := file.read(wanted):
            content += _rest_of_line(source, file)
            yield Piece(source, raw.tell() - place, content=content, line=line)
            place = raw.tell()
            line += content.count(b"\n")


def _rest_of_line(source: Source, file: BinaryIO) -> bytes:
    rest = file.readline(_LONGEST_LINE)
    if len(rest) == _LONGEST_LINE:
        raise BadFile(f"{source.path} has a line of more than {_LONGEST_LINE} bytes.")
    return rest


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (chunk := file.read(min(size, 1024 * 1024))):
        size -= len(chunk)
        yield chunk
