"""Makes releases, in memory that does not grow with the number of quads.

The quads are sorted into the N-Quads of the release, whose digest is its id; the other dumps are
written from these. All stands in a work folder until it is complete and on the disk.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from migkg import __version__
from migkg.engine import statistics
from migkg.engine.dump_files import (
    NOTHING,
    Counts,
    Dumps,
    Output,
    Record,
    blocks,
    finish_dump,
    write_parts,
)
from migkg.engine.meter import Meter, Progress
from migkg.engine.quad_sort import QuadSort
from migkg.engine.release import (
    CHECKSUMS,
    DUMPS,
    ID_LENGTH,
    LAYOUT,
    MANIFEST,
    STORE,
    Release,
    open_release,
    sync_folder,
)
from migkg.engine.work_folder import work_folder
from migkg.engine.workers import Task, Workers
from migkg.errors import NoRelease
from migkg.model.formats import DUMP_FORMATS, NQUADS, Format

_FEW = 20_000  # quads for which starting processes takes longer than the work
_MEMORY = 4 * 1024**3


def compile_release(
    quads: Sequence[ox.Quad],
    releases: Path,
    *,
    prefixes: Mapping[str, str],
    extra: Mapping[str, bytes],
    progress: Progress,
    base_iri: str = "",
    processes: int | None = None,
    memory: int = _MEMORY,
) -> Release:
    """Writes the release of quads of named graphs, or finds it there; does not make it current.

    Several processes share the work, by default as many as there are processors; each may take
    ``memory`` bytes. With ``base_iri`` the release has statistics.
    """
    if any(isinstance(quad.graph_name, ox.DefaultGraph) for quad in quads):
        raise ValueError("A release has no quads outside of named graphs.")
    number = 0 if len(quads) < _FEW else processes
    with release_draft(releases, progress=progress, processes=number, memory=memory) as draft:
        draft.sort.add_quads(quads)
        draft.name()
        return draft.publish(prefixes=prefixes, extra=extra, base_iri=base_iri)


@contextmanager
def release_draft(
    releases: Path,
    *,
    progress: Progress,
    processes: int | None = None,
    memory: int = _MEMORY,
) -> Iterator[ReleaseDraft]:
    """A release to be made; what is not published is removed at the end."""
    number = len(os.sched_getaffinity(0)) if processes is None else processes
    with (
        work_folder(releases) as work,
        Workers(number if number > 1 else 0, memory=memory, locks=(work.lock,)) as workers,
    ):
        yield ReleaseDraft(work.path, releases, workers, progress)


class ReleaseDraft:
    """A release that is being made: its quads are sorted, then it is named, then published."""

    def __init__(self, work: Path, releases: Path, workers: Workers, progress: Progress) -> None:
        self._work = work
        self._releases = releases
        self._progress = progress
        self._digest = ""
        self._folder = work / "release"
        self.parts = work / "parts"
        for folder in (self._folder / DUMPS, self.parts):
            folder.mkdir(parents=True)
        self.workers = workers
        self.sort = QuadSort(self.parts, workers, progress)

    @property
    def store(self) -> Path:
        """The N-Quads, once the draft is named."""
        return self._folder / STORE

    def name(self) -> None:
        """Writes the N-Quads, from which the id follows; nothing can be added after that."""
        self._digest = self.sort.write(self.store)

    def publish(
        self,
        *,
        prefixes: Mapping[str, str],
        extra: Mapping[str, bytes],
        dumps: Sequence[Format] = DUMP_FORMATS,
        base_iri: str = "",
    ) -> Release:
        """The release in its place, made now or found there; the N-Quads are always dumped.

        With ``base_iri``, that of the identifiers of our own, it has statistics.
        """
        target = self._releases / self._digest[:ID_LENGTH]
        try:
            return open_release(target)
        except NoRelease:
            pass
        items = [item for item in DUMP_FORMATS if item in {NQUADS, *dumps}]
        written = {name: self._write(name, data) for name, data in extra.items()}
        counts, records = self._write_dumps(items, prefixes, written, base_iri)
        manifest = self._manifest(counts, prefixes, records)
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        self._write(MANIFEST, text.encode())
        for folder in (self._folder / DUMPS, self._folder):
            sync_folder(folder)
        return self._put(target, manifest)

    def _write_dumps(
        self,
        items: Sequence[Format],
        prefixes: Mapping[str, str],
        written: Mapping[str, Record],
        base_iri: str,
    ) -> tuple[Counts, dict[str, Record]]:
        dumps = Dumps(self.store, prefixes, self.parts)
        cut = list(blocks(self.store))
        counts = NOTHING
        meter = Meter(self._progress, "dumps", self.store.stat().st_size)
        tasks = [Task("a block of the dumps", (dumps, block, items)) for block in cut]
        for number, found in self.workers.each(write_parts, tasks):
            counts += found
            meter.add(cut[number].end - cut[number].start, found.quads)
        self._progress("checksums")
        writable = [item for item in items if item.name not in counts.unwritable]
        folder = self._folder / DUMPS
        tasks = [Task("a dump", (_finish, dumps, item, len(cut), folder)) for item in writable]
        if base_iri:
            arguments = (_count, self.store, base_iri, self._folder / statistics.FILE)
            tasks.append(Task("the statistics", arguments))
        records = dict(written)
        for made in self.workers.each(_call, tasks):
            records |= made
        listed = sorted(name for name in records if name.startswith(f"{DUMPS}/"))
        sums = (f"{records[name].sha256}  {Path(name).name}\n" for name in listed)
        name = f"{DUMPS}/{CHECKSUMS}"
        records[name] = self._write(name, "".join(sums).encode())
        return counts, records

    def _write(self, name: str, data: bytes) -> Record:
        with Output(self._folder / name) as output:
            output.write(data)
        return output.sum.record

    def _manifest(
        self, counts: Counts, prefixes: Mapping[str, str], records: Mapping[str, Record]
    ) -> dict[str, Any]:
        return {
            "id": self._digest[:ID_LENGTH],
            "sha256": self._digest,
            "layout": LAYOUT,
            "migkg": __version__,
            "quads": counts.quads,
            "triples": counts.triples,
            "graphs": dict(sorted(counts.graphs.items())),
            "prefixes": dict(sorted(prefixes.items())),
            "blank nodes": self.sort.has_blank_nodes,
            "omitted": sorted(counts.unwritable),
            "files": {name: records[name]._asdict() for name in sorted(records)},
        }

    def _put(self, target: Path, manifest: dict[str, Any]) -> Release:
        if target.exists():  # it is damaged
            target.rename(self._work / "damaged")
        try:
            self._folder.rename(target)
        except OSError:
            return open_release(target)  # the same was made by another process meanwhile
        sync_folder(self._releases)
        return Release(target, manifest)


def _call(
    function: Callable[..., Iterator[dict[str, Record]]], *arguments: object
) -> Iterator[dict[str, Record]]:
    return function(*arguments)


def _finish(dumps: Dumps, item: Format, parts: int, folder: Path) -> Iterator[dict[str, Record]]:
    for made in finish_dump(dumps, item, parts, folder):
        yield {f"{DUMPS}/{name}": record for name, record in made.items()}


def _count(quads: Path, base_iri: str, target: Path) -> Iterator[dict[str, Record]]:
    with Output(target) as output:
        output.write(statistics.count(quads, base_iri).as_bytes())
    yield {statistics.FILE: output.sum.record}
