"""The one table of prefixes, and the terms of the evidence model that the code itself speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rdflib import Namespace, URIRef
from rdflib.namespace import DCTERMS, OWL, RDF, RDFS, SH, SKOS, XSD

OA = Namespace("http://www.w3.org/ns/oa#")
SCHEMA = Namespace("https://schema.org/")

# Prefixes that every project shares; a project declares its own with ``sh:declare``.
COMMON_PREFIXES = {
    "dcterms": str(DCTERMS),
    "oa": str(OA),
    "owl": str(OWL),
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "schema": str(SCHEMA),
    "sh": str(SH),
    "skos": str(SKOS),
    "xsd": str(XSD),
}


def shorten(iri: str, prefixes: Mapping[str, str]) -> str:
    """The IRI with a prefix where one fits, for people to read."""
    fitting = [(len(ns), p, ns) for p, ns in prefixes.items() if iri.startswith(ns)]
    if not fitting:
        return iri
    _, prefix, namespace = max(fitting)
    return f"{prefix}:{iri.removeprefix(namespace)}"


def expand(name: str, prefixes: Mapping[str, str]) -> str:
    """The IRI of a name that :func:`shorten` made; what has no known prefix stays as it is."""
    prefix, colon, rest = name.partition(":")
    return prefixes[prefix] + rest if colon and prefix in prefixes else name


class Vocabulary:
    """The terms of the evidence model under one base IRI."""

    def __init__(self, base_iri: str) -> None:
        self.base_iri = base_iri
        self.ontology = URIRef(base_iri + "ontology")
        self.shapes = URIRef(base_iri + "shapes")
        self.namespace = Namespace(base_iri + "ontology#")
        self.claim = self.namespace["Claim"]
        self.evidence = self.namespace["Evidence"]
        self.passage = self.namespace["Passage"]
        self.source_document = self.namespace["SourceDocument"]
        self.has_evidence = self.namespace["evidence"]
        self.claimed_in = self.namespace["claimedIn"]
        self.stated_by = self.namespace["statedBy"]
        self.modality = self.namespace["modality"]
        self.assessment = self.namespace["assessment"]
        self.in_passage = self.namespace["inPassage"]
        self.in_document = self.namespace["inDocument"]
        self.char_start = self.namespace["charStart"]
        self.char_end = self.namespace["charEnd"]
        self.sha256 = self.namespace["sha256"]
        self.file_name = self.namespace["fileName"]
        self.number = self.namespace["number"]

    def code(self, name: str) -> URIRef:
        """A member of a value list, such as ``reported``."""
        return URIRef(f"{self.base_iri}id/code/{name}")

    def graph_iri(self, folder: str, stem: str) -> str:
        """The name of the graph that a file holds.

        ``data/places.ttl`` is ``graph/places``, ``data/document-2.ttl`` is ``graph/document/2``,
        ``ontology/migkg.ttl`` is ``graph/ontology/migkg``.
        """
        name = re.sub(r"-(\d+)$", r"/\1", stem)
        return f"{self.base_iri}graph/{name if folder == 'data' else f'{folder}/{name}'}"
