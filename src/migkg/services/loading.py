"""A release from any RDF files, which need not be a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from migkg.engine import rdf_io
from migkg.engine.compiling import release_draft
from migkg.engine.meter import Progress
from migkg.engine.reading import Reading, read_sources
from migkg.engine.release import Release
from migkg.engine.sources import Source, bare_name, find_files, kind_of
from migkg.errors import BadFile, InvalidData
from migkg.model.formats import DUMP_FORMATS, Format
from migkg.model.namespaces import COMMON_PREFIXES, Vocabulary
from migkg.services import shacl
from migkg.services.checking import read_shapes
from migkg.services.current import put_into_service
from migkg.settings import Settings

# What one process reads about as fast as it takes to start others.
_SMALL = 2 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How files are to be loaded.

    ``graph`` is for triples that a file puts into no graph; without it each file has its own.
    ``base`` is what relative IRIs start from; without it that is the name of the graph. ``skip``
    leaves out lines that cannot be read. ``dumps`` are the formats to dump.
    """

    graph: str | None = None
    base: str | None = None
    skip: bool = False
    shapes: Sequence[Path] = ()
    dumps: Sequence[Format] = DUMP_FORMATS
    current: bool = False


@dataclass(frozen=True)
class Loaded:
    """The release, and what was read for it."""

    release: Release
    reading: Reading


def load(files: Sequence[Path], wishes: Wishes, settings: Settings, progress: Progress) -> Loaded:
    """Makes the release of the files, and puts it into service only if that is wished.

    Raises :class:`BadFile` for what cannot be read, and :class:`InvalidData` with the report if
    the files break the shapes; no release is made then.
    """
    sources = find_sources(files, wishes, settings)
    with release_draft(
        settings.releases,
        progress=progress,
        processes=processes_for(sources, settings),
        memory=settings.memory_budget,
    ) as draft:
        reading = read_sources(
            sources, draft.sort, draft.workers, draft.parts, skip=wishes.skip, progress=progress
        )
        if not reading.statements:
            raise BadFile(f"There are no statements in {_listed(files)}.")
        draft.name()
        if wishes.shapes:
            progress("shapes")
            _check(draft.store, wishes.shapes, settings)
        release = draft.publish(
            prefixes=COMMON_PREFIXES | reading.prefixes,
            extra={"report.txt": _report(sources, reading, wishes)},
            dumps=wishes.dumps,
            base_iri=settings.base_iri,
        )
    if wishes.current:
        put_into_service(release, settings)
    return Loaded(release, reading)


def find_sources(files: Sequence[Path], wishes: Wishes, settings: Settings) -> list[Source]:
    """The files, with those of folders, and the graph of each."""
    vocabulary = Vocabulary(settings.base_iri)
    sources = []
    for path, name in find_files(files):
        rdf_format, packing = kind_of(path)
        graph = wishes.graph or vocabulary.graph_iri("data", quote(bare_name(name)))
        sources.append(Source(path, rdf_format, packing, graph, wishes.base or graph))
    return sources


def processes_for(sources: Sequence[Source], settings: Settings) -> int:
    """How many processes the sources are worth."""
    size = sum(source.path.stat().st_size for source in sources)
    return settings.build_processes if size >= _SMALL else 0


def _check(store: Path, shapes: Sequence[Path], settings: Settings) -> None:
    data = (rdf_io.Quad(*quad.triple) for quad in rdf_io.read_quads(store))
    verdict = shacl.validate(
        data, read_shapes(shapes), prefixes={}, trusted=False, workers=settings.build_processes
    )
    if not verdict.conforms:
        raise InvalidData("The files break the shapes; no release was made.", report=verdict.report)


def _report(sources: Sequence[Source], reading: Reading, wishes: Wishes) -> bytes:
    shapes = ", ".join(path.name for path in wishes.shapes)
    lines = [
        f"Conforms to {shapes}." if shapes else "Loaded as it is; no shapes were asked for.",
        f"{reading.statements} statements read from {len(sources)} files.",
    ]
    if reading.skipped:
        lines.append(f"{reading.skipped} lines left out, such as:")
        lines += [str(problem) for problem in reading.problems]
    return ("\n".join(lines) + "\n").encode()


def _listed(files: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in files)
