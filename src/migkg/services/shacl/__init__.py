"""Validation of a graph against SHACL shapes, which are compiled to queries of the engine.

Source: Shapes Constraint Language (SHACL), https://www.w3.org/TR/shacl/. How to read the compiler
is told in docs/shacl.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rdflib import Graph
from rdflib.namespace import RDFS, SH
from rdflib.term import Node

from migkg.engine.rdf_io import Quad, Triple, to_rdflib
from migkg.engine.validation_store import ValidationStore
from migkg.errors import InvalidData, ShapeRefused
from migkg.services.shacl import oracle
from migkg.services.shacl.compiler import ShapeCompiler
from migkg.services.shacl.results import Result, Validation
from migkg.services.shacl.running import run
from migkg.services.shacl.shapes import ShapesGraph
from migkg.services.shacl.sites import Step

__all__ = ["Result", "Validation", "validate"]


def validate(
    triples: Iterable[Triple | Quad],
    shapes: Iterable[Triple],
    *,
    prefixes: Mapping[str, str],
    places: Mapping[str, str] | None = None,
    trusted: bool = True,
    workers: int = 1,
) -> Validation:
    """The verdict on ``triples``, which must hold the class hierarchy that the shapes rely on.

    They may be given as quads of the default graph, which saves time.
    ``prefixes`` are known to all rules, and ``places`` tells which file describes a focus node.
    Shapes that are not compiled are left to pySHACL if they are ``trusted``; else, and if they
    cannot be used at all, raises :class:`InvalidData`. ``workers`` shapes are judged at a time.
    """
    data = list(triples)
    graph = ShapesGraph(to_rdflib(shapes))
    if (None, SH.entailment, None) in graph.graph:
        raise InvalidData("The shapes cannot be used: they ask for an entailment regime.")
    store = ValidationStore(data)
    compiled, refused = _compile(ShapeCompiler(graph, prefixes, _hierarchy(store)))
    if refused and not trusted:
        raise next(iter(refused.values()))
    results = run(compiled.values(), store, workers)
    if refused:
        results += oracle.judge(data, graph.graph, prefixes=prefixes, leave_out=compiled)
    reasons = tuple(str(error) for error in refused.values())
    return Validation(results, graph.graph, places or {}, reasons)


def _compile(
    compiler: ShapeCompiler,
) -> tuple[dict[Node, list[Step]], dict[Node, ShapeRefused]]:
    """The steps of each shape with a target, and why others have none."""
    compiled: dict[Node, list[Step]] = {}
    refused: dict[Node, ShapeRefused] = {}
    for node in compiler.shapes.targeted():
        try:
            compiled[node] = compiler.compile(node)
        except ShapeRefused as error:
            refused[node] = error
    return compiled, refused


def _hierarchy(store: ValidationStore) -> Graph:
    """The subclass statements of the data."""
    classes = Graph()
    for row in store.select(f"SELECT ?below ?above {{ ?below <{RDFS.subClassOf}> ?above }}"):
        classes.add((row["below"], RDFS.subClassOf, row["above"]))
    return classes
