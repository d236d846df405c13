"""pySHACL, which judges the shapes that the compiler leaves alone.

It knows more of SHACL but is slow: every constraint is worked through node by node.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rdflib import BNode, Graph, Literal
from rdflib.namespace import RDF, RDFS, SH, XSD
from rdflib.term import Node

from migkg.engine.rdf_io import Quad, Triple, to_rdflib
from migkg.errors import InvalidData
from migkg.services.shacl.results import Result, read_results
from migkg.services.shacl.shapes import TARGETS


def judge(
    triples: Iterable[Triple | Quad],
    shapes: Graph,
    *,
    prefixes: Mapping[str, str],
    leave_out: Iterable[Node] = (),
) -> list[Result]:
    """The results of all shapes that have a target, but for those to leave out."""
    import pyshacl  # slow to import, and not needed where every shape is compiled

    graph = _to_judge(shapes, prefixes, leave_out)
    try:
        _, report, text = pyshacl.validate(
            to_rdflib(map(_triple, triples)), shacl_graph=graph, inference="none"
        )
    except (
        pyshacl.errors.ReportableRuntimeError,
        re.error,
        NotImplementedError,
        ValueError,
    ) as error:
        raise InvalidData(f"The shapes cannot be used: {error}") from None
    if not isinstance(report, Graph):
        raise InvalidData(f"The shapes cannot be used: {text}")
    return read_results(report)


def _to_judge(shapes: Graph, prefixes: Mapping[str, str], leave_out: Iterable[Node]) -> Graph:
    """The shapes graph without some targets, in which rules find all prefixes."""
    graph = Graph()
    for statement in shapes:
        graph.add(statement)
    for node in leave_out:
        graph.remove((node, RDF.type, RDFS.Class))
        for target in TARGETS:
            graph.remove((node, target, None))
    for source in set(graph.objects(None, SH.prefixes)):
        for prefix, namespace in prefixes.items():
            declaration = BNode()
            graph.add((source, SH.declare, declaration))
            graph.add((declaration, SH.prefix, Literal(prefix)))
            graph.add((declaration, SH.namespace, Literal(namespace, datatype=XSD.anyURI)))
    return graph


def _triple(statement: Triple | Quad) -> Triple:
    return statement.triple if isinstance(statement, Quad) else statement
