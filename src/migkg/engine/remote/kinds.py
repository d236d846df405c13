"""The engines that are known: what is asked of each, and how.

Results are asked for as JSON of every engine, and written in the format that the client wants by
us, because CSV and TSV have no end: a sentence that an engine appends when it gives up looks like
one more row. Triples are asked for in the format of the engine that shows best where it ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from migkg.engine.remote.connection import Head
from migkg.errors import BadSetting
from migkg.model import formats
from migkg.model.formats import Format

AUTO = "auto"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One engine.

    ``server`` is what its field ``Server`` begins with, if it has one. ``graph`` is the format in
    which it gives triples. ``own_graphs`` is true if it holds graphs of its own, so that a query
    must say which graphs it is about. ``own_json`` is true if its JSON is not as the standard has
    it, so that it is written anew. ``counts_solutions`` is true if it may end a graph after so many
    solutions and does not say so.
    """

    name: str
    label: str
    server: str = ""
    graph: Format = formats.NTRIPLES
    by_form: bool = False
    own_graphs: bool = False
    own_json: bool = False
    counts_solutions: bool = False


GENERIC = Kind(name="generic", label="SPARQL 1.1 endpoint")
OXIGRAPH = Kind(name="oxigraph", label="Oxigraph server", server="Oxigraph/", graph=formats.JSONLD)
VIRTUOSO = Kind(
    name="virtuoso",
    label="Virtuoso",
    server="Virtuoso/",
    by_form=True,
    own_graphs=True,
    own_json=True,
    counts_solutions=True,
)
FUSEKI = Kind(name="fuseki", label="Apache Jena Fuseki", server="Apache Jena Fuseki")
GRAPHDB = Kind(name="graphdb", label="GraphDB", server="GraphDB")
QLEVER = Kind(name="qlever", label="QLever", graph=formats.TURTLE)
NEPTUNE = Kind(name="neptune", label="Amazon Neptune", by_form=True)
KINDS = {
    kind.name: kind for kind in (GENERIC, OXIGRAPH, VIRTUOSO, FUSEKI, GRAPHDB, QLEVER, NEPTUNE)
}


def named(name: str) -> Kind | None:
    """The engine of a setting; None where it is to be found out.

    Raises :class:`BadSetting` for a name that none has.
    """
    if name == AUTO:
        return None
    if name not in KINDS:
        known = ", ".join((AUTO, *KINDS))
        raise BadSetting("MIGKG_ENGINE_KIND", name, f"it must be one of {known}")
    return KINDS[name]


def of_reply(head: Head) -> Kind:
    """The engine that a reply is from, by its field ``Server``; the generic one if unknown."""
    server = head.fields.get("server", "")
    return next((k for k in KINDS.values() if k.server and server.startswith(k.server)), GENERIC)
