"""The engines that are known: what is asked of each, and how.

Results are asked for as JSON of every engine, and written in the format that the client wants by
us, because CSV and TSV have no end: a sentence that an engine appends when it gives up looks like
one more row. Triples are asked for in the format of the engine that shows best where it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from migkg.errors import BadSetting
from migkg.model import formats
from migkg.model.formats import Format

AUTO = "auto"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One engine.

    ``server`` is what its field ``Server`` begins with, if it has one; ``mark`` is a field that it
    alone sends. ``graph`` is the format in which it gives triples. ``own_graphs`` is true if it
    holds graphs of its own, so that a query must say which graphs it is about. ``own_json`` is true
    if its JSON is not as the standard has it, so that it is written anew. ``counts_solutions`` is
    true if it may end a graph after so many solutions and does not say so. ``by_form`` is true if a
    query is sent in a form: every engine takes that, Virtuoso 7.2.5 never answers a query that is
    sent directly, and RDF4J 3.7.1, of which GraphDB is made, takes it for ISO-8859-1. ``trailers``
    is true if it sends fields behind the body to those who ask for them. ``parameters`` go with
    every query. ``differs`` is true if it was found to answer some queries otherwise than the
    standard has it, and no rule finds all of them (docs/engines.md): clients are told.
    """

    name: str
    label: str
    server: str = ""
    mark: str = ""
    graph: Format = formats.NTRIPLES
    by_form: bool = False
    own_graphs: bool = False
    own_json: bool = False
    counts_solutions: bool = False
    trailers: bool = False
    differs: bool = False
    parameters: tuple[tuple[str, str], ...] = ()


GENERIC = Kind(name="generic", label="SPARQL 1.1 endpoint", by_form=True)
OXIGRAPH = Kind(name="oxigraph", label="Oxigraph server", server="Oxigraph/", graph=formats.JSONLD)
VIRTUOSO = Kind(
    name="virtuoso",
    label="Virtuoso",
    server="Virtuoso/",
    by_form=True,
    own_graphs=True,
    own_json=True,
    counts_solutions=True,
    differs=True,
)
# It names itself in ``Server`` only if told to (Fuseki.outputFusekiServerHeader in its source).
FUSEKI = Kind(
    name="fuseki",
    label="Apache Jena Fuseki",
    server="Apache Jena Fuseki",
    mark="fuseki-request-id",
    differs=True,
)
# Inferred triples are not in the release (RDF4J REST API, "Repository queries", ``infer``).
GRAPHDB = Kind(
    name="graphdb",
    label="GraphDB",
    server="GraphDB",
    by_form=True,
    parameters=(("infer", "false"),),
    differs=True,
)
QLEVER = Kind(name="qlever", label="QLever", graph=formats.TURTLE)
# https://docs.aws.amazon.com/neptune/latest/userguide/access-graph-sparql-http-trailing-headers.html
NEPTUNE = Kind(name="neptune", label="Amazon Neptune", by_form=True, trailers=True)
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


def of_fields(fields: Mapping[str, str]) -> Kind:
    """The engine that a reply is from, by its fields, in small letters; else the generic one."""
    server = fields.get("server", "")
    for kind in KINDS.values():
        if (kind.server and server.startswith(kind.server)) or kind.mark in fields:
            return kind
    return GENERIC
