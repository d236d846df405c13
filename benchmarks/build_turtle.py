"""Seconds that the engine's writer and rdflib take for Turtle of the triples of one file.

``python -m benchmarks.build_turtle FILE`` prints both; it fails if the two say different things.
"""

from __future__ import annotations

import sys
import time

import pyoxigraph as ox
import rdflib

from migkg.engine.rdf_io import canonical_triples, parse_triples, write_triples
from migkg.model.formats import TURTLE

_ROUNDS = 3


def main(path: str) -> None:
    """Measures both, the quicker one several times."""
    triples = [quad.triple for quad in ox.parse(path=path, format=ox.RdfFormat.N_TRIPLES)]
    rdflib.NORMALIZE_LITERALS = False
    graph = rdflib.Graph()
    graph.parse(path, format="nt")
    ours = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        text = write_triples(triples, TURTLE)
        ours.append(time.perf_counter() - started)
    started = time.perf_counter()
    other = graph.serialize(format="turtle", encoding="utf-8")
    theirs = time.perf_counter() - started
    mine, yours = (canonical_triples(parse_triples(data, TURTLE)) for data in (text, other))
    if mine != yours:
        raise SystemExit("The two say different things.")
    print(sorted(ours)[_ROUNDS // 2], theirs)


if __name__ == "__main__":
    main(sys.argv[1])
