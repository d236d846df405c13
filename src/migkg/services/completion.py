"""What an editor offers while somebody writes a query: the prefixes and terms of a release.

How often a term is used is counted when the release is made, so nothing here asks the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from migkg.engine.statistics import Statistics
from migkg.services.schema import Schema

# A release of any ontology: what is used most stays.
MOST_TERMS = 2000


def vocabulary(schema: Schema, statistics: Statistics) -> dict[str, Any]:
    """Prefixes, classes and properties that the data uses, those used most first.

    Each class has the places, in the list of the properties, of those that things of it have, of
    a narrower class included; None where that was not counted.
    """
    triples = {iri: use.triples for iri, use in statistics.properties.items()}
    properties = _most_used(triples)
    classes = _most_used(statistics.classes)
    places = {iri: place for place, iri in enumerate(properties)}
    used = _used_by(classes, schema, statistics)
    return {
        "prefixes": dict(sorted(schema.prefixes.items())),
        "classes": [
            {
                **_term(iri, schema, statistics.classes[iri]),
                "properties": sorted(places[name] for name in used[iri] if name in places)
                if statistics.uses
                else None,
            }
            for iri in classes
        ],
        "properties": [_term(iri, schema, triples[iri]) for iri in properties],
    }


def _most_used(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda iri: (-counts[iri], iri))[:MOST_TERMS]


def _term(iri: str, schema: Schema, count: int) -> dict[str, Any]:
    return {
        "iri": iri,
        "label": schema.labels.get(iri, ""),
        "definition": schema.definitions.get(iri, ""),
        "count": count,
    }


def _used_by(classes: Iterable[str], schema: Schema, statistics: Statistics) -> dict[str, set[str]]:
    """The properties of the things of each class and of all classes below it."""
    used: dict[str, set[str]] = {iri: set() for iri in classes}
    for iri, properties in statistics.uses.items():
        for wider in _with_wider(iri, schema):
            if wider in used:
                used[wider] |= properties.keys()
    return used


def _with_wider(iri: str, schema: Schema) -> set[str]:
    found: set[str] = set()
    open_ones = [iri]
    while open_ones:
        one = open_ones.pop()
        if one not in found:
            found.add(one)
            open_ones += schema.broader.get(one, ())
    return found
