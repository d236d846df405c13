"""Where a benchmark keeps its files, and the data that all systems get."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from benchmarks import graph
from migkg.engine import release
from migkg.engine.compiling import compile_release
from migkg.errors import NoRelease
from migkg.resources import find_project
from migkg.services.inputs import fingerprint
from migkg.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
_MOST_SUBJECTS = 20_000
_SOURCE = "graph.sha256"


@dataclass(frozen=True)
class Place:
    """The folder of the benchmarks: the environment of the peers, data, logs and results."""

    folder: Path

    @property
    def programs(self) -> Path:
        """The folder of the commands of the peers' own environment."""
        return self.folder / "venv" / "bin"

    @property
    def virtuoso(self) -> Path:
        """The folder into which Virtuoso's packages are unpacked."""
        return self.folder / "virtuoso"

    @property
    def logs(self) -> Path:
        """The folder of what the systems write."""
        return self._made("logs")

    def scratch(self, name: str) -> Path:
        """A folder for one system's own files."""
        return self._made(f"scratch/{name}")

    def _made(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path


@dataclass(frozen=True)
class Dataset:
    """A generated graph as a file, and as a release of migkg."""

    triples: int
    nquads: Path
    releases: Path

    @cached_property
    def subjects(self) -> list[str]:
        """Many subjects, in an order that follows nothing."""
        return _mixed(graph.subjects(self.nquads))

    @cached_property
    def things(self) -> list[str]:
        """Many things that have claims, in an order that follows nothing."""
        return _mixed(graph.things(self.nquads))


def prepare(place: Place, triples: int, progress: Callable[[str], None]) -> Dataset:
    """The dataset of this size; made unless a run before has made it."""
    folder = place.folder / "data" / str(triples)
    folder.mkdir(parents=True, exist_ok=True)
    data = Dataset(triples, folder / "graph.nq", folder / "releases")
    progress(f"graph of {triples} triples")
    graph.write(data.nquads, triples)
    _compile(data, progress)
    return data


def _compile(data: Dataset, progress: Callable[[str], None]) -> None:
    """A release of exactly the data, without shapes, unless it is there already."""
    digest = _digest(data.nquads)
    source = data.releases / _SOURCE
    try:
        opened = release.open_current(data.releases)
        known = source.read_text("ascii") == digest
    except (NoRelease, OSError):
        known = False
    if not known:
        quads = list(ox.parse(path=str(data.nquads), format=ox.RdfFormat.N_QUADS))
        opened = compile_release(
            quads,
            data.releases,
            prefixes={},
            extra={"report.txt": b"A generated graph; nothing was checked.\n"},
            base_iri=Settings().base_iri,
            progress=lambda part: progress(f"release of {data.triples} triples: {part}"),
        )
        release.make_current(opened, data.releases)
        source.write_text(digest, "ascii")
    _accept(data.releases, opened.id)


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _accept(releases: Path, release_id: str) -> None:
    """Makes ``migkg serve`` take the release as that of the project's files as they are."""
    settings = Settings()
    inputs = fingerprint(find_project(settings), settings.base_iri)
    text = json.dumps({"inputs": inputs, "release": release_id})
    (releases / ".inputs.json").write_text(text, "utf-8")


def _mixed(iris: list[str]) -> list[str]:
    mixed = sorted(iris)
    random.Random(1).shuffle(mixed)  # noqa: S311 - no secret
    return mixed[:_MOST_SUBJECTS]
