"""Validation of a graph against SHACL shapes, which are compiled to queries of the engine.

Source: Shapes Constraint Language (SHACL), https://www.w3.org/TR/shacl/. How to read the compiler
is told in docs/shacl.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from migkg.engine.rdf_io import Quad, Triple, to_rdflib
from migkg.services.shacl import oracle
from migkg.services.shacl.gate import Gate
from migkg.services.shacl.results import Result, Validation
from migkg.services.shacl.shapes import ShapesGraph

__all__ = ["Gate", "Result", "ShapesGraph", "Validation", "validate"]


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
    gate = Gate(data, graph, prefixes=prefixes, workers=workers)
    refused = gate.refused.values()
    if refused and not trusted:
        raise next(iter(refused))
    gate.judge()
    results = gate.results
    if refused:
        results += oracle.judge(data, graph.graph, prefixes=prefixes, leave_out=gate.compiled)
    return Validation(results, graph.graph, places or {}, tuple(map(str, refused)), gate.seconds)
