"""The graphs that an endpoint holds, as RDF: whole or not at all.

A graph is read over the graph store where there is one, else by CONSTRUCT. An engine that ends
either early may say nothing of it, so what came is held against what the endpoint counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO

import pyoxigraph as ox

from migkg.engine.answering import RDF_FORMATS
from migkg.engine.graph_digest import triples_of
from migkg.engine.meter import Progress
from migkg.engine.rdf_server import RdfServer, iri
from migkg.engine.remote.confined import WHICH_GRAPHS
from migkg.errors import BadFile, EngineUnavailable
from migkg.model.formats import Format

_DEADLINE = 900.0  # seconds for one graph
_IN_NONE = "{ ?s ?p ?o FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } } }"


class EndpointCopy:
    """Reads one endpoint; ``by_store`` tells whether its graph store may be read."""

    def __init__(self, server: RdfServer, *, by_store: bool, progress: Progress) -> None:
        self._server = server
        self._by_store = by_store
        self._progress = progress

    def graphs(self) -> list[str]:
        """Its named graphs."""
        return sorted(iri(row, "g") for row in self._server.select(WHICH_GRAPHS))

    def write(self, file: IO[bytes], wanted: Format, graphs: Sequence[str] | None = None) -> int:
        """Writes named graphs, or all with what is in none; returns how many triples there were.

        Formats without graphs have the triples of all. Raises :class:`EngineUnavailable` where the
        endpoint gives less than it counts.
        """
        self._written = 0
        quads = self._quads(self.graphs() if graphs is None else graphs, with_rest=graphs is None)
        rdf_format = RDF_FORMATS[wanted.name]
        if rdf_format.supports_datasets:
            ox.serialize(quads, file, format=rdf_format)
        else:
            ox.serialize((quad.triple for quad in quads), file, format=rdf_format)
        return self._written

    def _quads(self, graphs: Sequence[str], *, with_rest: bool) -> Iterator[ox.Quad]:
        for number, name in enumerate(graphs, 1):
            self._progress(f"Graph {number} of {len(graphs)}: {name}")
            node = ox.NamedNode(name)
            count = self._server.count(name)
            if not count:
                raise BadFile(f"The endpoint has no graph <{name}>.")
            if self._by_store:
                parts = self._server.read(name, deadline=_DEADLINE)
            else:
                pattern = f"{{ GRAPH <{name}> {{ ?s ?p ?o }} }}"
                parts = self._server.construct(pattern, deadline=_DEADLINE)
            yield from self._whole(parts, node, count)
        if with_rest and (count := self._server.count_of(_IN_NONE)):
            self._progress("What is in no named graph")
            parts = self._server.construct(_IN_NONE, deadline=_DEADLINE)
            yield from self._whole(parts, ox.DefaultGraph(), count)

    def _whole(
        self, parts: Iterator[bytes], graph: ox.NamedNode | ox.DefaultGraph, count: int
    ) -> Iterator[ox.Quad]:
        # Each reply names its blank nodes in its own way, so they get names that no other has.
        came = 0
        for triple in triples_of(parts, own_blank_nodes=True):
            came += 1
            yield ox.Quad(triple.subject, triple.predicate, triple.object, graph)
        if came != count:
            raise EngineUnavailable(
                f"The endpoint gave {came:,} of the {count:,} triples of {graph}. "
                "Give --store, the address of its graph store, or raise its limits."
            )
        self._written += came
