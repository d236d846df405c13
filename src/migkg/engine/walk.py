"""Descriptions by pattern lookups instead of a query: what a node says and what stands around it.

A walk begins at one node, follows properties to sets of other nodes, and takes all triples of some
sets and only the labels of others. It is bounded by nature but for what points to the node, of
which it takes so many. It gives the same triples as the query that it stands beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pyoxigraph as ox

START = "start"
INCOMING = "incoming"


@dataclass(frozen=True)
class Hop:
    """From the nodes of one set along a property (empty: any) to another set."""

    source: str
    property: str
    target: str
    inverse: bool = False


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What to follow from ``start``, and what to take of each set.

    ``whole`` are the sets whose nodes are taken with all their triples, ``named`` those of which
    only the ``labels`` are taken. Of what points to the start by a property that is not
    ``passed_by``, ``limit`` are taken, from ``offset`` on.
    """

    start: str
    hops: tuple[Hop, ...]
    whole: tuple[str, ...]
    named: tuple[str, ...]
    labels: tuple[str, ...]
    passed_by: tuple[str, ...]
    offset: int
    limit: int

    def request(self) -> dict[str, Any]:
        """The walk as plain values."""
        return asdict(self)


def walk(store: ox.Store, plan: dict[str, Any]) -> set[ox.Triple]:
    """The triples of a walk, given as :meth:`Walk.request` makes it."""
    start = ox.NamedNode(plan["start"])
    sets = _sets(store, start, plan["hops"])
    triples = set(_incoming(store, start, plan) if plan["limit"] else ())
    sets[INCOMING] = {triple.subject for triple in triples}
    for name in plan["whole"]:
        for node in sets[name]:
            triples.update(_triples(store, node, None))
    labels = [ox.NamedNode(iri) for iri in plan["labels"]]
    for name in plan["named"]:
        for node in sets[name]:
            for label in labels:
                triples.update(_triples(store, node, label))
    return triples


def _incoming(store: ox.Store, start: ox.NamedNode, plan: dict[str, Any]) -> list[ox.Triple]:
    """What points to a node, by property and subject. A blank node alone would say nothing."""
    found = {
        quad.triple
        for quad in store.quads_for_pattern(None, None, start)
        if isinstance(quad.subject, ox.NamedNode) and quad.predicate.value not in plan["passed_by"]
    }
    return sorted(found, key=_names)[plan["offset"] : plan["offset"] + plan["limit"]]


def _sets(
    store: ox.Store, start: ox.NamedNode, hops: Iterable[dict[str, Any]]
) -> dict[str, set[Any]]:
    """The nodes that the hops lead to, by the names of their sets."""
    sets: dict[str, set[Any]] = {START: {start}}
    for hop in hops:
        found = [node for source in sets[hop["source"]] for node in _follow(store, source, hop)]
        sets.setdefault(hop["target"], set()).update(found)
    return sets


def _names(triple: Any) -> tuple[str, str]:  # noqa: ANN401 - its subject has a name
    return triple.predicate.value, triple.subject.value


def _follow(store: ox.Store, node: Any, hop: dict[str, Any]) -> Iterator[Any]:  # noqa: ANN401 - any term
    predicate = ox.NamedNode(hop["property"]) if hop["property"] else None
    if hop["inverse"]:
        for quad in store.quads_for_pattern(None, predicate, node):
            yield quad.subject
    elif not isinstance(node, ox.Literal):
        for quad in store.quads_for_pattern(node, predicate, None):
            yield quad.object


def _triples(store: ox.Store, node: Any, predicate: ox.NamedNode | None) -> Iterator[ox.Triple]:  # noqa: ANN401 - any term
    if not isinstance(node, ox.Literal):
        for quad in store.quads_for_pattern(node, predicate, None):
            yield quad.triple
