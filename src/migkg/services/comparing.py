"""What differs between two releases, or any RDF files: as text, Turtle or a patch.

Nothing but counts is held in memory. Blank nodes are compared by their canonical names, so one
that changes may give others new names, which then differ too.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from tempfile import gettempdir

from migkg.engine.difference import Side, compare
from migkg.engine.meter import Progress
from migkg.engine.quad_lines import split_line, subject_of
from migkg.engine.quad_sort import QuadSort
from migkg.engine.reading import read_sources
from migkg.engine.release import MANIFEST, open_named, open_release
from migkg.engine.sources import Source, find_files, kind_of
from migkg.engine.work_folder import work_folder
from migkg.engine.workers import Workers
from migkg.services.loading import processes_for
from migkg.settings import Settings

Lines = Iterator[tuple[Side, bytes]]

_TYPE = b"<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_TURTLE_HEAD = """@prefix cs: <http://purl.org/vocab/changeset/schema#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""


class Difference:
    """Two files of sorted N-Quads; each method reads them once."""

    def __init__(self, old: Path, new: Path, *, graphs: bool = True) -> None:
        self._old = old
        self._new = new
        self._graphs = graphs
        self.is_empty = True

    def _lines(self) -> Lines:
        for side, line in compare(self._old, self._new, graphs=self._graphs):
            if side is not Side.BOTH:
                self.is_empty = False
            yield side, line

    def as_text(self, *, summary: bool) -> Iterator[str]:
        """Each line that differs unless a summary is wanted, then counts by graph and by class."""
        by_graph = _Table("graph")
        by_class = _Table("class of the subject")
        for _, lines in groupby(self._lines(), key=lambda item: subject_of(item[1])):
            classes: set[bytes] = set()
            changes: Counter[Side] = Counter()
            for side, line in lines:
                if side is Side.BOTH and _TYPE not in line:
                    continue
                triple, graph = split_line(line)
                _, predicate, value = triple.split(b" ", 2)
                if predicate == _TYPE:
                    classes.add(value)
                if side is Side.BOTH:
                    continue
                changes[side] += 1
                by_graph.add(graph, {side: 1})
                if not summary:
                    yield f"{side.value} {line.decode()}\n"
            for name in classes or {b""}:
                by_class.add(name, changes)
        yield from by_graph.rows()
        yield from by_class.rows()

    def as_turtle(self) -> Iterator[str]:
        """Changesets, one for each subject. http://purl.org/vocab/changeset/schema"""
        yield _TURTLE_HEAD
        changes = ((side, line) for side, line in self._lines() if side is not Side.BOTH)
        for subject, lines in groupby(changes, key=lambda item: subject_of(item[1])):
            yield f"\n[]\n  a cs:ChangeSet ;\n  cs:subjectOfChange {subject.decode()} ;\n"
            for side, line in lines:
                yield _statement("cs:removal" if side is Side.OLD else "cs:addition", line)
            yield "  .\n"

    def as_patch(self) -> Iterator[str]:
        """An RDF patch that makes the new quads of the old.

        Source: RDF Patch, https://afs.github.io/rdf-delta/rdf-patch.html.
        """
        yield f"H id <{_name(self._new)}> .\nH prev <{_name(self._old)}> .\nTX .\n"
        for side, line in self._lines():
            if side is not Side.BOTH:
                yield f"{'D' if side is Side.OLD else 'A'} {line.decode()}\n"
        yield "TC .\n"


class _Table:
    """Counts of what was added and removed."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._changes: dict[bytes, Counter[Side]] = {}

    def add(self, name: bytes, changes: Iterable[Side] | dict[Side, int]) -> None:
        if changes:
            self._changes.setdefault(name, Counter()).update(changes)

    def rows(self) -> Iterator[str]:
        if self._changes:
            yield f"\n{'added':>10} {'removed':>10}  {self._title}\n"
        for name, changes in sorted(self._changes.items()):
            added, removed = changes[Side.NEW], changes[Side.OLD]
            yield f"{added:>10} {removed:>10}  {name.decode() or '(none)'}\n"


def _statement(change: str, line: bytes) -> str:
    triple, graph = split_line(line)
    subject, predicate, value = triple.decode().split(" ", 2)
    part = f"    dcterms:isPartOf {graph.decode()} ;\n" if graph else ""
    return (
        f"  {change} [\n    a rdf:Statement ;\n    rdf:subject {subject} ;\n"
        f"    rdf:predicate {predicate} ;\n    rdf:object {value} ;\n{part}  ] ;\n"
    )


def _name(path: Path) -> str:
    with path.open("rb") as file:
        return f"urn:sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


@contextmanager
def sorted_quads(named: str, settings: Settings, progress: Progress) -> Iterator[Path]:
    """The sorted N-Quads of a release, by its id or folder, or of RDF files.

    Raises :class:`NoRelease` and :class:`BadFile`.
    """
    path = Path(named)
    if not path.exists():
        yield open_named(settings.releases, named).store
    elif (path / MANIFEST).is_file():
        yield open_release(path.resolve()).store
    else:
        files = [file for file, _ in find_files([path])]
        sources = [Source(file, *kind_of(file), "", settings.base_iri) for file in files]
        number = processes_for(sources, settings)
        with (
            work_folder(Path(gettempdir())) as work,
            Workers(number, memory=settings.memory_budget, locks=(work.lock,)) as workers,
        ):
            sort = QuadSort(work.path, workers, progress)
            read_sources(sources, sort, workers, work.path, skip=False, progress=progress)
            sort.write(work.path / "sorted.nq")
            yield work.path / "sorted.nq"
