"""Terms of the ontology that neither the data uses nor a note explains."""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import Graph
from rdflib.namespace import OWL, RDF, RDFS, SKOS
from rdflib.term import Node

from migkg.model.report import Finding, Report
from migkg.services.project_files import ProjectFiles

_KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)


def check(files: ProjectFiles) -> Report:
    """Finds terms without data and without a reason why they are there."""
    ontology = files.graph("ontology")
    used = _used(files, ontology)
    findings = [
        Finding(
            file=files.places.get(str(term), ""),
            focus=str(term),
            message="No data uses this term, and no note says why it is there.",
            advice="Use it, drop it, or say in a skos:editorialNote what it is for.",
        )
        for term in _terms(files, ontology)
        if str(term) not in used and (term, SKOS.editorialNote, None) not in ontology
    ]
    return Report(tuple(findings))


def _terms(files: ProjectFiles, ontology: Graph) -> Iterator[Node]:
    for term in sorted(
        set(ontology.subjects(RDFS.isDefinedBy, files.vocabulary.ontology)), key=str
    ):
        if any((term, RDF.type, kind) in ontology for kind in _KINDS):
            yield term


def _used(files: ProjectFiles, ontology: Graph) -> set[str]:
    """The classes and properties that the data uses, and all above them."""
    found: set[str] = set()
    for triple in files.triples("data"):
        found.add(triple.predicate.value)
        if triple.predicate.value == str(RDF.type):
            found.add(str(getattr(triple.object, "value", "")))
    # The ontology marks its own terms, which is use too.
    found |= {str(predicate) for predicate in ontology.predicates()}
    above = {
        str(parent)
        for term in _terms(files, ontology)
        if str(term) in found
        for step in (RDFS.subClassOf, RDFS.subPropertyOf)
        for parent in ontology.transitive_objects(term, step)
    }
    return found | above
