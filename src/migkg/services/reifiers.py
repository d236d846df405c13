"""Claims as reifiers of RDF 1.2, for those who read it: one triple term instead of three triples.

Source: RDF 1.2 Turtle, https://www.w3.org/TR/rdf12-turtle/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rdflib.namespace import RDF

from migkg.engine import rdf_io
from migkg.engine.rdf_io import NamedNode, Triple
from migkg.model import formats

FILE = "dumps/migkg-rdf12.ttl"
_REIFIES = NamedNode(str(RDF) + "reifies")
_PARTS = tuple(NamedNode(str(part)) for part in (RDF.subject, RDF.predicate, RDF.object))


def turtle(triples: Iterable[Triple], prefixes: Mapping[str, str]) -> bytes | None:
    """The triples in RDF 1.2 Turtle, a claim as ``rdf:reifies``; None if nothing is claimed."""
    given = list(triples)
    if not any(triple.predicate == _PARTS[0] for triple in given):
        return None
    ordered = rdf_io.canonical_triples(given)
    return rdf_io.write_triples(reified(ordered), formats.TURTLE, prefixes=prefixes)


def reified(triples: list[Triple]) -> list[Triple]:
    """The triples with one ``rdf:reifies`` for the three of each reification that is complete."""
    parts: dict[object, dict[NamedNode, Triple]] = {}
    for triple in triples:
        if triple.predicate in _PARTS:
            parts.setdefault(triple.subject, {})[triple.predicate] = triple
    terms = {claim: _term(found) for claim, found in parts.items()}
    result = []
    for triple in triples:
        term = terms.get(triple.subject)
        if term is None or triple.predicate not in _PARTS:
            result.append(triple)
        elif triple.predicate == _PARTS[0]:
            result.append(Triple(triple.subject, _REIFIES, term))
    return result


def _term(found: Mapping[NamedNode, Triple]) -> Triple | None:
    if len(found) != len(_PARTS):
        return None
    subject, predicate, value = (found[part].object for part in _PARTS)
    is_statement = not isinstance(subject, rdf_io.Literal) and isinstance(predicate, NamedNode)
    return Triple(subject, predicate, value) if is_statement else None  # type: ignore[arg-type]
