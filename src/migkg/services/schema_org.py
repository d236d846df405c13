"""A thing in the terms of schema.org, as far as the ontology relates its own terms to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rdflib.namespace import RDF, RDFS, SKOS, XSD

from migkg.engine.rdf_io import BlankNode, Literal, NamedNode, Triple
from migkg.model.namespaces import SCHEMA
from migkg.services.schema import Schema

# What every vocabulary has a term for.
_COMMON = {
    str(RDFS.label): "name",
    str(SKOS.prefLabel): "name",
    str(SKOS.altLabel): "alternateName",
    str(RDFS.comment): "description",
    str(SKOS.definition): "description",
    str(SKOS.exactMatch): "sameAs",
}
_NAMES = (str(RDFS.label), str(SKOS.prefLabel))


def translated(thing: NamedNode, facts: Iterable[Triple], schema: Schema) -> list[Triple]:
    """The facts of a thing in terms of schema.org, and the names of what they lead to.

    A term of ours becomes the one that the ontology relates it to, or that of the nearest broader
    term of ours. What has none is left out; a thing without a class is a ``schema:Thing``.
    """
    found: list[Triple] = []
    classes: list[str] = []
    for triple in facts:
        predicate = triple.predicate.value
        if triple.subject != thing:
            if predicate in _NAMES:
                found.append(Triple(triple.subject, _node("name"), triple.object))
        elif predicate == str(RDF.type):
            classes += _terms(getattr(triple.object, "value", ""), schema)
        else:
            terms = [_COMMON[predicate]] if predicate in _COMMON else _terms(predicate, schema)
            found += [Triple(thing, _node(term), triple.object) for term in terms]
    kind = NamedNode(str(RDF.type))
    found += [Triple(thing, kind, _node(term)) for term in dict.fromkeys(classes or ["Thing"])]
    kept = {thing, *(t.object for t in found if t.subject == thing)}
    return list(dict.fromkeys(triple for triple in found if triple.subject in kept))


def document(thing: str, triples: Iterable[Triple]) -> dict[str, object]:
    """The translated facts as JSON-LD with the keywords and the context that search engines know.

    https://developers.google.com/search/docs/appearance/structured-data/intro-structured-data
    """
    nodes: dict[str, dict[str, list[Any]]] = {}
    for triple in triples:
        values = nodes.setdefault(_name(triple.subject), {})
        key, value = _pair(triple)
        values.setdefault(key, []).append(value)
    own = nodes.pop(thing, {})
    for value in (value for values in own.values() for value in values):
        if isinstance(value, dict) and value.get("@id") in nodes:
            value.update(nodes[value["@id"]])
    return {"@context": {"@vocab": str(SCHEMA)}, "@id": thing, **own}


def _node(term: str) -> NamedNode:
    return NamedNode(str(SCHEMA) + term)


def _terms(term: str, schema: Schema) -> list[str]:
    """The names in schema.org of a term, from itself up to the first that has any."""
    level, seen = [term], {term}
    while level:
        related = [target for step in level for target in schema.alignments.get(step, ())]
        if names := [t.removeprefix(str(SCHEMA)) for t in related if t.startswith(str(SCHEMA))]:
            return list(dict.fromkeys(names))
        broader = [target for step in level for target in schema.broader.get(step, ())]
        level = [target for target in broader if target not in seen]
        seen.update(level)
    return []


def _pair(triple: Triple) -> tuple[str, object]:
    value = triple.object
    if triple.predicate.value == str(RDF.type):
        return "@type", _name(value).removeprefix(str(SCHEMA))
    return triple.predicate.value.removeprefix(str(SCHEMA)), _value(value)


def _value(value: object) -> object:
    if not isinstance(value, Literal):
        return {"@id": _name(value)}
    if value.language:
        return {"@value": value.value, "@language": value.language}
    if value.datatype.value == str(XSD.string):
        return value.value
    return {"@value": value.value, "@type": value.datatype.value}


def _name(node: object) -> str:
    return f"_:{node.value}" if isinstance(node, BlankNode) else str(getattr(node, "value", ""))
