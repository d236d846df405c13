"""A release is brought to another engine: loaded, verified, put into service, the oldest removed.

Its graphs have names of their own there, so what is served is not touched until one update makes
the new release the current one. Whatever ends a run before that, the next one goes on: what was
sent is counted, and every piece may be sent twice. One run at a time writes to a server.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from migkg.engine import graph_files, published
from migkg.engine.graph_comparison import Comparison, compare
from migkg.engine.graph_digest import Likeness
from migkg.engine.graph_files import GraphFile
from migkg.engine.meter import Meter
from migkg.engine.published import Published
from migkg.engine.published_lock import SILENCE, PublishedLock
from migkg.engine.rdf_server import RdfServer
from migkg.engine.release import Release
from migkg.engine.workers import Task, Workers
from migkg.errors import EngineUnavailable, PublishFailed
from migkg.model.graph_names import NAMES, GraphNames

Progress = Callable[[str], None]
_MOST_PROCESSES = 4  # more than that, and the server is what takes the time
_ALONE = 200_000  # triples that one process compares before others would have started


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """``keep`` releases stay; ``grace`` are the seconds that readers of a removed one have.

    ``silence`` are those after which a run that gives no sign is taken for ended. ``processes``
    compare the graphs, by default as many as is worth it, and ``memory`` are the bytes of each.
    """

    keep: int = 2
    grace: float = 15.0
    counts_only: bool = False
    accept_rounding: bool = False
    silence: float = SILENCE
    processes: int | None = None
    memory: int = 4 * 1024**3


@dataclass
class Outcome:
    """What was done: how the graphs were verified, and which releases were removed."""

    sent: int = 0
    verified: dict[Likeness, list[str]] = field(default_factory=dict)
    counted: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What a run would do; ``there`` are triples that an earlier run has sent."""

    before: Published
    graphs: int
    triples: int
    there: int
    is_complete: bool
    cleaned: list[str]
    removed: list[str]


class Publisher:
    """Brings one release to one server."""

    def __init__(
        self, release: Release, server: RdfServer, base_iri: str, wishes: Wishes, progress: Progress
    ) -> None:
        self._release = release
        self._server = server
        self._base = base_iri
        self._wishes = wishes
        self._progress = progress
        self._names = published.names_of(base_iri, release.id, release.manifest["graphs"])
        self._outcome = Outcome()
        self._lock = PublishedLock(
            server, base_iri, release.id, progress=progress, silence=wishes.silence
        )

    def plan(self) -> Plan:
        """What :meth:`run` would do; nothing is changed."""
        before = published.read(self._server, self._base)
        manifest = self._release.manifest
        is_twice = self._names.whole not in self._names.graphs.values()
        begun = set(before.graphs.get(self._release.id, ())) - {self._names.names}
        return Plan(
            before,
            len(self._names.all()),
            int(manifest["quads"]) + (int(manifest["triples"]) if is_twice else 0),
            sum(self._server.count(graph) for graph in begun),
            self._release.id in before.complete,
            self._abandoned(before),
            self._old(before),
        )

    def run(self) -> Outcome:
        """Does it all; raises :class:`PublishFailed` or :class:`EngineUnavailable`."""
        with self._lock:
            before = published.read(self._server, self._base)
            for release_id in self._abandoned(before):
                self._remove(release_id, before)
            with tempfile.TemporaryDirectory(prefix="migkg-publish-") as folder:
                self._bring(before, Path(folder))
            published.make_current(self._writable(), self._base, self._release.id, self._lock.run)
            after = published.read(self._server, self._base)
            if after.current != self._release.id:
                raise PublishFailed(
                    f"The server still names {after.current or 'no release'} as the current one; "
                    "another run may have changed it. Run it again."
                )
            try:
                self._prune(after)
            except (EngineUnavailable, PublishFailed) as error:
                raise PublishFailed(
                    f"Release {self._release.id} is in service, but not all of what is older was "
                    f"removed: {error} Run it again."
                ) from None
        return self._outcome

    def _writable(self) -> RdfServer:
        """The server, as long as no other run writes to it."""
        self._lock.check()
        return self._server

    def _bring(self, before: Published, folder: Path) -> None:
        """Loads what is not there and verifies all."""
        self._progress("files")
        try:
            files = graph_files.split(self._release, self._names, folder)
        except OSError as error:
            raise PublishFailed(
                f"The graphs cannot be written to {folder}: {error.strerror}. TMPDIR names another "
                "place for them."
            ) from None
        # The largest takes longest to verify, so the others are loaded meanwhile.
        files.sort(key=lambda file: -file.triples)
        is_complete = self._release.id in before.complete
        if not is_complete:
            missing = set(self._names.all()) - set(before.graphs.get(self._release.id, ()))
            published.begin(self._writable(), self._base, self._release.id, missing)
            self._writable().put(self._names.names, _names_document(self._names))
        with Workers(self._processes(files), memory=self._wishes.memory) as workers:
            tasks = self._tasks(files, is_complete=is_complete)
            for number, found in enumerate(workers.each(_compared, tasks), 1):
                self._judge(found, is_complete=is_complete)
                self._progress(f"{number} of {len(files)} graphs verified")
        # Once more, at the last moment: what is put into service is all there.
        self._progress("counting")
        if self._server.count(self._names.names) != len(self._names.graphs):
            raise PublishFailed(f"{self._names.names} is not what was sent. Run it again.")
        for file in files:
            self._count(file, is_complete=is_complete)

    def _processes(self, files: list[GraphFile]) -> int:
        """How many others compare; none for what is done before they would have started."""
        if self._wishes.processes is not None:
            return self._wishes.processes
        if self._wishes.counts_only or sum(file.triples for file in files) < _ALONE:
            return 0
        return min(_MOST_PROCESSES, os.cpu_count() or 1, len(files))

    def _tasks(self, files: list[GraphFile], *, is_complete: bool) -> Iterator[Task]:
        """The comparisons; each graph is loaded when its turn comes."""
        total = sum(file.triples for file in files)
        meter = None if is_complete else Meter(self._progress, "load", total)
        for file in files:
            if meter:
                self._load(file, meter)
            self._count(file, is_complete=is_complete)
            yield Task(file.name, (self._server.again(), file, self._wishes.counts_only))

    def _load(self, file: GraphFile, meter: Meter) -> None:
        there = self._server.count(file.name)
        for number, piece in enumerate(file.pieces(self._server.piece), 1):
            if there >= piece.before + piece.triples:
                meter.add(piece.triples)
                continue
            if number == 1 and (there or piece.is_linked):
                self._writable().put(file.name, piece.data)
            else:
                self._writable().add(file.name, piece.data)
            self._outcome.sent += piece.triples
            meter.add(piece.triples, piece.triples)

    def _count(self, file: GraphFile, *, is_complete: bool) -> None:
        counted = self._server.count(file.name)
        if counted != file.triples:
            raise self._wrong(
                file.name,
                f"{file.name} has {counted} triples on the server and {file.triples} in the "
                "release",
                is_complete=is_complete,
            )

    def _judge(self, found: Comparison, *, is_complete: bool) -> None:
        """Notes how a graph was verified; raises for one that came back wrong."""
        if found.why:
            self._progress(f"{found.graph} is verified by counts only: {found.why}")
        if found.likeness is None:
            self._outcome.counted.append(found.graph)
            return
        is_rounded = found.likeness is Likeness.ROUNDED
        if found.likeness is Likeness.DIFFERENT or (
            is_rounded and not self._wishes.accept_rounding
        ):
            raise self._wrong(
                found.graph,
                f"{found.graph} came back changed{found.differences}",
                is_complete=is_complete,
                is_rounded=is_rounded,
            )
        self._outcome.verified.setdefault(found.likeness, []).append(found.graph)

    def _wrong(
        self, graph: str, what: str, *, is_complete: bool, is_rounded: bool = False
    ) -> PublishFailed:
        """What differs; a graph that is not served is removed, so that it is sent anew."""
        if is_complete:
            advice = (
                "It is in service or kept, and was changed there. Publish another release until "
                "it is removed, then publish it again."
            )
        elif is_rounded:
            advice = "If single precision is enough for geometries, give --accept-rounding."
        else:
            self._writable().drop(graph)
            advice = "The release in service stays as it is."
        return PublishFailed(f"{what}. {advice}")

    def _abandoned(self, record: Published) -> list[str]:
        """What was begun and is neither complete nor brought by a run."""
        brought = (run.release for run in record.runs)
        known = (*record.complete, record.current, self._release.id, *brought)
        return sorted(name for name in record.graphs if name not in known)

    def _old(self, record: Published) -> list[str]:
        """What goes: the current release stays, and so do the newest before it."""
        others = [name for name in record.complete if name != self._release.id]
        return others[self._wishes.keep - 1 :]

    def _prune(self, record: Published) -> None:
        old = self._old(record)
        for release_id in old:
            published.retire(self._writable(), self._base, release_id)
        if old and self._wishes.grace:
            self._progress(f"{self._wishes.grace:g} s for readers of the releases that go")
            time.sleep(self._wishes.grace)
        for release_id in old:
            self._remove(release_id, record)
            self._outcome.removed.append(release_id)

    def _remove(self, release_id: str, record: Published) -> None:
        self._progress(f"removing {release_id}")
        for graph in record.graphs.get(release_id, ()):
            self._writable().drop(graph)
        published.forget(self._writable(), self._base, release_id)


def _compared(server: RdfServer, file: GraphFile, counts_only: bool) -> Iterator[Comparison]:
    """The comparison, over connections that end with it."""
    with closing(server):
        yield from compare(server, file, counts_only=counts_only)


def _names_document(names: GraphNames) -> bytes:
    """Which name stands for which, as N-Triples."""
    return "".join(f"<{own}> <{NAMES}> <{name}> .\n" for name, own in names.graphs.items()).encode()
