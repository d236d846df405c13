"""Quads from anywhere as one file of canonical N-Quads, sorted, in bounded memory.

Lines without blank nodes are sorted in runs and merged. Those with blank nodes get their canonical
names first, for which they are in memory together; they are merged with the others then.
Source: RDF Dataset Canonicalization (RDFC-1.0), https://www.w3.org/TR/rdf-canon/.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox

from migkg.engine.blank_nodes import name_blank_nodes
from migkg.engine.line_sort import Run, joined, merge, write_run
from migkg.engine.meter import Meter, Progress
from migkg.engine.quad_lines import has_blank_node
from migkg.engine.workers import Task, Workers

_CHUNK = 200_000


class Part(NamedTuple):
    """Some of the quads: a run of those without blank nodes, and a file of the others."""

    run: Run
    blanks: Path | None
    quads: int


def write_part(path: Path, lines: list[bytes], *, maybe_blank: bool) -> Part:
    """Writes lines of N-Quads, which have no ends, as a part.

    With ``maybe_blank`` there may be blank nodes; to look for them in each line takes time.
    """
    suspects = (line for line in lines if b"_:" in line) if maybe_blank else ()
    blanks = list(filter(has_blank_node, suspects))
    beside = None
    ground = lines
    if blanks:
        beside = path.with_name(path.name + ".blanks")
        beside.write_bytes(joined(blanks))
        named = set(blanks)
        ground = [line for line in lines if line not in named]
    return Part(write_run(path, ground), beside, len(lines))


class QuadSort:
    """Collects parts and sorts them into one file."""

    def __init__(self, folder: Path, workers: Workers, progress: Progress) -> None:
        self._folder = folder
        self._workers = workers
        self._progress = progress
        self._runs: list[Run] = []
        self._blanks: list[Path] = []

    @property
    def has_blank_nodes(self) -> bool:
        """True if a blank node was met."""
        return bool(self._blanks)

    def add(self, part: Part) -> None:
        """Takes one part more."""
        self._runs.append(part.run)
        if part.blanks:
            self._blanks.append(part.blanks)

    def add_quads(self, quads: Iterable[ox.Quad]) -> None:
        """Takes quads of named graphs, whose blank nodes are of one document."""
        remaining = iter(quads)
        while chunk := list(islice(remaining, _CHUNK)):
            text = ox.serialize(chunk, format=ox.RdfFormat.N_QUADS) or b""
            path = self._folder / f"quads-{len(self._runs)}"
            lines = text.split(b"\n")[:-1]
            self.add(write_part(path, lines, maybe_blank=b"_:" in text))

    def write(self, target: Path) -> str:
        """Writes all quads, each once and in order, and returns the SHA-256 of the file.

        Nothing can be added after that.
        """
        self._name_blank_nodes()
        digest = hashlib.sha256()
        meter = Meter(self._progress, "sort", sum(run.size for run in self._runs))
        with target.open("wb") as output:
            for piece in merge(self._runs, self._folder, self._workers):
                content = piece.read_bytes()
                piece.unlink()
                digest.update(content)
                output.write(content)
                meter.add(len(content))
            output.flush()
            os.fsync(output.fileno())
        for run in self._runs:
            run.path.unlink()
        return digest.hexdigest()

    def _name_blank_nodes(self) -> None:
        if self._blanks:
            self._progress("names of blank nodes")
            target = self._folder / "blank-nodes"
            task = Task("the names of blank nodes", (self._blanks, target))
            self._runs += self._workers.each(name_blank_nodes, [task])
