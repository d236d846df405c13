"""Every shape and every rule has a small bad file that trips it and nothing else.

``base.ttl`` conforms to all shapes. ``bad_<shape>.ttl`` is added to it and holds one defect. To
judge all of them in a few runs, each bad file meets a copy of the base in a namespace of its own;
what several files say about the same shared thing, such as the header of the ontology, is judged
in separate runs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pyshacl
import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SH, SKOS
from rdflib.term import Node

from migkg.engine import rdf_io
from migkg.model import formats
from migkg.model.report import Finding
from migkg.services.formatting import format_file
from migkg.services.shacl import validate
from tests.services.shacl.oracle import read_queries_once

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
NAMESPACE = "https://w3id.org/migkg/shapes#"
LESS = SH.LessThanOrEqualsConstraintComponent
DAY = date(2020, 6, 1)
OWN_THINGS = re.compile(r"https://w3id\.org/migkg/id/(?!code/|scheme/)")

TARGETS = (SH.targetClass, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf)
NO_CONSTRAINT = {
    *TARGETS,
    SH.deactivated,
    SH.description,
    SH.message,
    SH.name,
    SH.path,
    SH.property,
    SH.severity,
    SH.sparql,
}


def read(*patterns: str) -> list[rdf_io.Triple]:
    files = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    return [triple for path in files for triple in rdf_io.read_turtle(path).triples]


SHAPES = read("shapes/*.ttl")
ONTOLOGY = read("ontology/*.ttl")
COMMON = [*ONTOLOGY, *read("data/codes.ttl")]
PREFIXES = rdf_io.declared_prefixes(ONTOLOGY)
BAD_FILES = {path.stem.removeprefix("bad_"): path for path in sorted(FOLDER.glob("bad_*.ttl"))}


def reportable(shapes: Graph) -> set[str]:
    """The IRIs that a finding can name.

    These are the shapes with a target and the property shapes that they lead to, if they constrain
    anything, and their rules. A shape that others only use in ``sh:or``, ``sh:not`` or
    ``sh:qualifiedValueShape`` decides, but is never named.
    """
    targeted = {shape for target in TARGETS for shape in shapes.subjects(target)}
    judging = {s for shape in targeted for s in shapes.transitive_objects(shape, SH.property)}
    rules = {rule for shape in judging for rule in shapes.objects(shape, SH.sparql)}
    constraining = {
        shape
        for shape in judging
        if any(p in SH and p not in NO_CONSTRAINT for p in shapes.predicates(shape))
    }
    return {str(node) for node in rules | constraining if isinstance(node, URIRef)}


SHAPE_NAMES = sorted(iri.removeprefix(NAMESPACE) for iri in reportable(rdf_io.to_rdflib(SHAPES)))


def findings(triples: list[rdf_io.Triple]) -> list[Finding]:
    return list(validate([*COMMON, *triples], SHAPES, prefixes=PREFIXES).report.findings)


class World:
    """One bad file and the base, in a namespace of their own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.prefix = f"https://w3id.org/migkg/{name}/id/"
        self.base = self._parse(FOLDER / "base.ttl")
        self.bad = self._parse(BAD_FILES[name])
        self.shared = {str(t.subject) for t in self.bad if not self._owns(t.subject)}

    def _parse(self, path: Path) -> list[rdf_io.Triple]:
        text = OWN_THINGS.sub(self.prefix, path.read_text("utf-8"))
        return rdf_io.parse_triples(text.encode("utf-8"), formats.TURTLE)

    def _owns(self, node: object) -> bool:
        return str(getattr(node, "value", "")).startswith(self.prefix)

    def concerns(self, finding: Finding) -> bool:
        return finding.focus.startswith(self.prefix) or f"<{finding.focus}>" in self.shared


def runs() -> Iterator[list[World]]:
    """Worlds that can be judged together: no two speak about the same shared thing."""
    waiting = [World(name) for name in BAD_FILES]
    while waiting:
        taken: set[str] = set()
        together, later = [], []
        for world in waiting:
            (later if world.shared & taken else together).append(world)
            taken |= world.shared
        yield together
        waiting = later


@cache
def verdicts() -> dict[str, list[Finding]]:
    """The findings by bad file; those that concern no bad file stand under the empty name."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for worlds in runs():
        for finding in findings([t for world in worlds for t in (*world.base, *world.bad)]):
            names = [world.name for world in worlds if world.concerns(finding)]
            for name in names or [""]:
                found[name].append(finding)
    return found


def test_the_base_conforms() -> None:
    assert findings(rdf_io.read_turtle(FOLDER / "base.ttl").triples) == []


@pytest.mark.parametrize("name", SHAPE_NAMES)
def test_a_bad_file_trips_its_shape_and_nothing_else(name: str) -> None:
    assert name in BAD_FILES, f"write {FOLDER.name}/bad_{name}.ttl"
    found = verdicts()[name]
    assert {finding.shape for finding in found} == {NAMESPACE + name}
    for finding in found:
        assert re.fullmatch(r"([A-Z]|mig:|skos:|https?://)[^{}]* [^{}]*\.", finding.message)


def test_no_finding_lies_outside_the_bad_files() -> None:
    assert verdicts()[""] == []


def test_no_bad_file_is_without_a_shape() -> None:
    assert set(BAD_FILES) <= set(SHAPE_NAMES)


def test_every_shape_and_rule_has_an_iri_and_is_used() -> None:
    graph = rdf_io.to_rdflib(SHAPES)
    kinds = (SH.NodeShape, SH.PropertyShape, SH.SPARQLConstraint)
    declared = {node for kind in kinds for node in graph.subjects(RDF.type, kind)}
    used = {*graph.objects(), *(s for target in TARGETS for s in graph.subjects(target))}
    linked = {*graph.objects(None, SH.property), *graph.objects(None, SH.sparql)}
    assert all(isinstance(node, URIRef) for node in declared | linked)
    assert declared <= used


def test_every_class_that_has_data_has_a_node_shape() -> None:
    """Its own, or that of a class above it."""
    shapes, ontology = rdf_io.to_rdflib(SHAPES), rdf_io.to_rdflib(ONTOLOGY)
    judged = set(shapes.objects(None, SH.targetClass))
    used = {t.object.value for t in read("data/*.ttl") if t.predicate.value == str(RDF.type)}
    assert len(used) > 40
    used.remove(str(SKOS.Concept))  # goals, targets and indicators, which are judged as such
    for iri in used:
        assert judged.intersection(ontology.transitive_objects(URIRef(iri), RDFS.subClassOf)), iri


def test_every_property_that_needs_evidence_is_a_target_of_the_rule() -> None:
    shapes, ontology = rdf_io.to_rdflib(SHAPES), rdf_io.to_rdflib(ONTOLOGY)
    mark = URIRef("https://w3id.org/migkg/ontology#needsEvidence")
    rule = URIRef(NAMESPACE + "EveryFactHasEvidence")
    marked = {p for p, value in ontology.subject_objects(mark) if value.toPython() is True}
    assert set(shapes.objects(rule, SH.targetSubjectsOf)) == marked


def test_pyshacl_alone_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    read_queries_once(monkeypatch)
    triples = [t for path in FOLDER.glob("*.ttl") for t in rdf_io.read_turtle(path).triples]
    ours = validate([*COMMON, *triples], SHAPES, prefixes=PREFIXES)
    assert {f.shape.removeprefix(NAMESPACE) for f in ours.report.findings} == set(SHAPE_NAMES)
    data = rdf_io.to_rdflib([*COMMON, *triples])
    shapes = rdf_io.to_rdflib([*SHAPES, *ONTOLOGY])
    conforms, theirs, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none")
    assert not conforms
    # A day and a year cannot be compared (docs/shacl.md); pySHACL puts the day first.
    days = {
        result
        for result in results(ours.graph)
        if result[1:3] == (URIRef(NAMESPACE + "Event-startDate"), LESS) and result[5] == DAY
    }
    assert len(days) == 1
    assert results(ours.graph) - days == results(theirs)
    assert ours.by_pyshacl == ()


def results(report: Graph) -> set[tuple[object, ...]]:
    parts = (
        SH.focusNode,
        SH.sourceShape,
        SH.sourceConstraintComponent,
        SH.sourceConstraint,
        SH.resultPath,
        SH.value,
    )
    nodes = report.objects(None, SH.result)
    return {tuple(plain(report.value(node, part)) for part in parts) for node in nodes}


def plain(node: Node | None) -> object:
    """The engine writes 120.0 as 120; the value is the same."""
    return node.toPython() if isinstance(node, Literal) else node


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ttl")), ids=lambda path: path.stem)
def test_the_file_is_canonical_and_says_what_is_wrong(path: Path) -> None:
    assert re.match(r"# [A-Z][^\n]+\.\n\n@prefix ", path.read_text("utf-8"))
    assert format_file(path, PREFIXES, check=True)
