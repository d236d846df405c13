"""Canonical names for blank nodes.

Source: RDF Dataset Canonicalization (RDFC-1.0), https://www.w3.org/TR/rdf-canon/. The name of a
blank node depends only on the quads in which blank nodes occur, so only these are read into memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import pyoxigraph as ox

from migkg.engine.line_sort import Run, write_run

_NQUADS = ox.RdfFormat.N_QUADS


def name_blank_nodes(paths: Sequence[Path], target: Path) -> Iterator[Run]:
    """Writes the lines of all files, each with a blank node, as a run with canonical names."""
    quads = chain.from_iterable(ox.parse(path=str(path), format=_NQUADS) for path in paths)
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = (ox.serialize(dataset, format=_NQUADS) or b"").split(b"\n")[:-1]
    yield write_run(target, lines)
