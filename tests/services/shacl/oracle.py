"""Both verdicts on the same text: the compiler's and pySHACL's, result for result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

import pyoxigraph as ox
import pytest
from rdflib import BNode
from rdflib.namespace import SH
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.sparql import Query

from migkg.engine.rdf_io import Triple, to_rdflib
from migkg.services.shacl import Result, oracle, validate

NAMES = "rdflib.plugins.sparql.processor"
HEAD = """
PREFIX ex: <https://example.org/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
PREFIXES = {"ex": "https://example.org/"}
Key = tuple[object, ...]


def read_queries_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """rdflib keeps what it has read of a query; pySHACL asks the same one for every focus node."""

    @cache
    def translated(text: str, base: str | None, names: tuple[tuple[str, str], ...]) -> Query:
        return translateQuery(parseQuery(text), base, dict(names))

    def translate(text: str, base: str | None, names: Mapping[str, str]) -> Query:
        return translated(text, base, tuple(names.items()))

    monkeypatch.setattr(f"{NAMES}.parseQuery", str)
    monkeypatch.setattr(f"{NAMES}.translateQuery", translate)


@cache
def triples(text: str) -> tuple[Triple, ...]:
    """The triples of a text, its blank nodes the same in every reading."""
    quads = ox.parse(HEAD + text, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
    return tuple(quad.triple for quad in quads)


def compiled(shapes: str, data: str) -> Counter[Key]:
    """The compiler's results; raises what it refuses."""
    verdict = validate(triples(data), triples(shapes), prefixes=PREFIXES, trusted=False)
    (conforms,) = verdict.graph.objects(None, SH.conforms)
    assert conforms.toPython() is not verdict.results or not verdict.results
    return keys(verdict.results)


def by_pyshacl(shapes: str, data: str) -> Counter[Key]:
    """pySHACL's results."""
    found = oracle.judge(triples(data), to_rdflib(triples(shapes)), prefixes=PREFIXES)
    return keys(found)


def keys(results: Iterable[Result]) -> Counter[Key]:
    """What a result says; default messages are each program's own, and begin with no capital M."""
    return Counter(
        (
            result.focus,
            result.component,
            result.value,
            result.path,
            result.shape,
            result.severity,
            frozenset(str(m) for m in result.messages if str(m).startswith("M:")),
        )
        for result in results
    )


def short(found: Counter[Key]) -> list[tuple[str, ...]]:
    """Focus, component and value of each result, to read and to write in a test."""

    def name(term: object) -> str:
        if isinstance(term, BNode):
            return "_"
        text = str(term) if term is not None else ""
        return text.removeprefix("https://example.org/").removeprefix(str(SH))

    return sorted(
        (name(key[0]), name(key[1]).removesuffix("ConstraintComponent"), name(key[2]))
        for key in found.elements()
    )
