"""A release is brought to another engine: loaded, verified, put into service, the oldest removed.

Its graphs have names of their own there, so what is served is not touched until one update makes
the new release the current one. Whatever ends a run before that, the next one goes on: what was
sent is counted, and every piece may be sent twice.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from migkg.engine import graph_files, published
from migkg.engine.graph_digest import (
    MOST_BLANK,
    GraphDigest,
    Likeness,
    digest_of,
    triples_of,
    valued,
    written,
)
from migkg.engine.graph_files import GraphFile
from migkg.engine.published import Published
from migkg.engine.rdf_server import RdfServer
from migkg.engine.release import Release
from migkg.errors import EngineUnavailable, PublishFailed
from migkg.model.graph_names import NAMES, GraphNames

Progress = Callable[[str], None]
_READ_BACK = 900.0  # seconds for one graph
_SHOWN = 3
_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """``keep`` releases stay; ``grace`` are the seconds that readers of a removed one have."""

    keep: int = 2
    grace: float = 15.0
    counts_only: bool = False
    accept_rounding: bool = False


@dataclass
class Outcome:
    """What was done: how the graphs were verified, and which releases were removed."""

    sent: int = 0
    verified: dict[Likeness, list[str]] = field(default_factory=dict)
    counted: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What a run would do."""

    before: Published
    graphs: int
    triples: int
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

    def plan(self) -> Plan:
        """What :meth:`run` would do; nothing is changed."""
        before = published.read(self._server, self._base)
        manifest = self._release.manifest
        twice = 2 if self._names.whole not in self._names.graphs.values() else 1
        return Plan(
            before,
            len(self._names.all()),
            int(manifest["quads"]) + (int(manifest["triples"]) if twice == 2 else 0),
            self._release.id in before.complete,
            self._abandoned(before),
            self._old(before),
        )

    def run(self) -> Outcome:
        """Does it all; raises :class:`PublishFailed` or :class:`EngineUnavailable`."""
        before = published.read(self._server, self._base)
        for release_id in self._abandoned(before):
            self._remove(release_id, before)
        with tempfile.TemporaryDirectory(prefix="migkg-publish-") as folder:
            self._bring(before, Path(folder))
        published.make_current(self._server, self._base, self._release.id)
        after = published.read(self._server, self._base)
        if after.current != self._release.id:
            raise PublishFailed(
                f"The server still names {after.current or 'no release'} as the current one; "
                "another run may have changed it. Run it again."
            )
        self._prune(after)
        return self._outcome

    def _bring(self, before: Published, folder: Path) -> None:
        """Loads what is not there and verifies all."""
        self._progress("files")
        files = graph_files.split(self._release, self._names, folder)
        is_complete = self._release.id in before.complete
        if not is_complete:
            missing = set(self._names.all()) - set(before.graphs.get(self._release.id, ()))
            published.begin(self._server, self._base, self._release.id, missing)
            self._server.put(self._names.names, _names_document(self._names))
        if self._server.count(self._names.names) != len(self._names.graphs):
            raise PublishFailed(f"{self._names.names} is not what was sent. Run it again.")
        for number, file in enumerate(files, 1):
            step = f"graph {number} of {len(files)}"
            if not is_complete:
                self._load(file, step)
            self._progress(f"{step}: verifying")
            self._verify(file, is_complete=is_complete)

    def _load(self, file: GraphFile, step: str) -> None:
        there = self._server.count(file.name)
        for number, piece in enumerate(file.pieces(), 1):
            if there >= piece.before + piece.triples:
                continue
            self._progress(f"{step}: {piece.before} of {file.triples} triples")
            if number == 1:
                self._server.put(file.name, piece.data)
            else:
                self._server.add(file.name, piece.data)
            self._outcome.sent += piece.triples

    def _verify(self, file: GraphFile, *, is_complete: bool) -> None:
        counted = self._server.count(file.name)
        if counted != file.triples:
            raise self._wrong(file, counted, is_complete=is_complete)
        found = None if self._wishes.counts_only else self._read_back(file)
        if found is None:
            self._compare_classes(file, is_complete=is_complete)
            return
        likeness = found.likeness(digest_of(file.parts()))
        if likeness is Likeness.DIFFERENT or (
            likeness is Likeness.ROUNDED and not self._wishes.accept_rounding
        ):
            raise self._wrong(
                file, counted, is_complete=is_complete, rounded=likeness is Likeness.ROUNDED
            )
        self._outcome.verified.setdefault(likeness, []).append(file.name)

    def _read_back(self, file: GraphFile) -> GraphDigest | None:
        """What the server gives back; None if it does not give it all."""
        try:
            found = digest_of(self._server.read(file.name, deadline=_READ_BACK))
        except EngineUnavailable as error:
            self._progress(f"{file.name} is verified by counts only: {error}")
            return None
        if found.triples < file.triples or len(found.linked) >= MOST_BLANK:
            self._progress(f"{file.name} is verified by counts only: it is not given back whole")
            return None
        return found

    def _compare_classes(self, file: GraphFile, *, is_complete: bool) -> None:
        expected: Counter[str] = Counter()
        for part in file.parts():
            for line in part.decode("utf-8").splitlines():
                _, predicate, value = line.split(" ", 2)
                if predicate == _TYPE and value.startswith("<"):
                    expected[value.removesuffix(" .")[1:-1]] += 1
        found = self._server.classes(file.name)
        if any(found.get(name) != number for name, number in expected.items()):
            raise self._wrong(file, file.triples, is_complete=is_complete)
        self._outcome.counted.append(file.name)

    def _wrong(
        self, file: GraphFile, counted: int, *, is_complete: bool, rounded: bool = False
    ) -> PublishFailed:
        """What differs; a graph that is not served is removed, so that it is sent anew."""
        what = (
            f"{file.name} has {counted} triples on the server and {file.triples} in the release"
            if counted != file.triples
            else f"{file.name} came back changed"
        )
        what += self._differences(file)
        if is_complete:
            advice = (
                "It is in service or kept, and was changed there. Publish another release until "
                "it is removed, then publish it again."
            )
        elif rounded:
            advice = "If single precision is enough for geometries, give --accept-rounding."
        else:
            self._server.drop(file.name)
            advice = "The release in service stays as it is."
        return PublishFailed(f"{what}. {advice}")

    def _differences(self, file: GraphFile) -> str:
        """Some triples that were not given back, if all could be read."""
        if file.triples > MOST_BLANK:
            return ""
        try:
            parts = self._server.read(file.name, deadline=_READ_BACK)
            found = {valued(triple) for triple in triples_of(parts)}
        except EngineUnavailable:
            return ""
        lost = [
            written(triple)
            for triple in triples_of(file.parts())
            if "_:" not in str(triple) and valued(triple) not in found
        ]
        return f"; not given back, such as: {' | '.join(lost[:_SHOWN])}" if lost else ""

    def _abandoned(self, record: Published) -> list[str]:
        """What was begun and never completed, this release excepted."""
        known = (*record.complete, record.current, self._release.id)
        return sorted(name for name in record.graphs if name not in known)

    def _old(self, record: Published) -> list[str]:
        """What goes: the current release stays, and so do the newest before it."""
        others = [name for name in record.complete if name != self._release.id]
        return others[self._wishes.keep - 1 :]

    def _prune(self, record: Published) -> None:
        old = self._old(record)
        for release_id in old:
            published.retire(self._server, self._base, release_id)
        if old and self._wishes.grace:
            self._progress(f"{self._wishes.grace:g} s for readers of the releases that go")
            time.sleep(self._wishes.grace)
        for release_id in old:
            self._remove(release_id, record)
            self._outcome.removed.append(release_id)

    def _remove(self, release_id: str, record: Published) -> None:
        self._progress(f"removing {release_id}")
        for graph in record.graphs.get(release_id, ()):
            self._server.drop(graph)
        published.forget(self._server, self._base, release_id)


def _names_document(names: GraphNames) -> bytes:
    """Which name stands for which, as N-Triples."""
    return "".join(f"<{own}> <{NAMES}> <{name}> .\n" for name, own in names.graphs.items()).encode()
