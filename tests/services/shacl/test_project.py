"""On a part of the project's own data, torn out of the whole, both verdicts are the same."""

from __future__ import annotations

from collections import Counter
from zlib import crc32

import pytest
from rdflib.namespace import RDFS

from migkg.engine import rdf_io
from migkg.services.shacl import oracle, validate
from tests.conftest import ROOT
from tests.services.shacl.oracle import Key, keys, read_queries_once

EVERY = 200


def read(pattern: str) -> list[rdf_io.Triple]:
    files = sorted(ROOT.glob(pattern))
    return [triple for path in files for triple in rdf_io.read_turtle(path).triples]


def by_value(found: Counter[Key]) -> Counter[tuple[str, ...]]:
    """Rules answer with values: what the file writes 1.50 is 1.5 to them."""
    return Counter(tuple(map(str, key)) for key in found.elements())


def test_results_of_torn_data_are_those_of_pyshacl(monkeypatch: pytest.MonkeyPatch) -> None:
    read_queries_once(monkeypatch)
    shapes = read("shapes/*.ttl")
    classes = [t for t in read("ontology/*.ttl") if t.predicate.value == str(RDFS.subClassOf)]
    torn = [t for t in read("data/*.ttl") if crc32(str(t).encode()) % EVERY == 0]
    prefixes = rdf_io.declared_prefixes(read("ontology/*.ttl"))
    ours = validate([*classes, *torn], shapes, prefixes=prefixes)
    theirs = oracle.judge([*classes, *torn], rdf_io.to_rdflib(shapes), prefixes=prefixes)
    assert ours.by_pyshacl == ()
    assert len(ours.results) > 100
    assert by_value(keys(ours.results)) == by_value(keys(theirs))
