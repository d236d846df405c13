"""The one table of formats: names, media types, file extensions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

# Characters that XML cannot hold, so neither RDF/XML nor results in XML can.
# https://www.w3.org/TR/xml/#charsets
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Kind(Enum):
    """What a format can hold."""

    RESULTS = "results"
    GRAPH = "graph"
    DATASET = "dataset"


@dataclass(frozen=True)
class Format:
    """One serialization: ``name`` is short and stable, ``media_types`` start with the main one."""

    name: str
    label: str
    extension: str
    kind: Kind
    media_types: tuple[str, ...]
    charset: bool = False

    @property
    def media_type(self) -> str:
        """The main media type."""
        return self.media_types[0]

    @property
    def content_type(self) -> str:
        """The value of ``Content-Type``; text types say their character set."""
        return self.media_type + ("; charset=utf-8" if self.charset else "")


JSON = Format(
    "json",
    "SPARQL results, JSON",
    "srj",
    Kind.RESULTS,
    ("application/sparql-results+json", "application/json"),
)
XML = Format(
    "xml",
    "SPARQL results, XML",
    "srx",
    Kind.RESULTS,
    ("application/sparql-results+xml", "application/xml", "text/xml"),
)
CSV = Format("csv", "CSV", "csv", Kind.RESULTS, ("text/csv",), charset=True)
TSV = Format("tsv", "TSV", "tsv", Kind.RESULTS, ("text/tab-separated-values",), charset=True)
TURTLE = Format(
    "ttl", "Turtle", "ttl", Kind.GRAPH, ("text/turtle", "application/x-turtle"), charset=True
)
JSONLD = Format("jsonld", "JSON-LD", "jsonld", Kind.GRAPH, ("application/ld+json",))
NTRIPLES = Format("nt", "N-Triples", "nt", Kind.GRAPH, ("application/n-triples", "text/plain"))
RDFXML = Format("rdf", "RDF/XML", "rdf", Kind.GRAPH, ("application/rdf+xml",))
TRIG = Format("trig", "TriG", "trig", Kind.DATASET, ("application/trig",))
NQUADS = Format("nq", "N-Quads", "nq", Kind.DATASET, ("application/n-quads",))

FORMATS = (JSON, XML, CSV, TSV, TURTLE, JSONLD, NTRIPLES, RDFXML, TRIG, NQUADS)
BY_NAME = {item.name: item for item in FORMATS}
BY_MEDIA_TYPE = {media_type: item for item in FORMATS for media_type in item.media_types}
BY_EXTENSION = {item.extension: item for item in FORMATS}

RESULT_FORMATS = tuple(item for item in FORMATS if item.kind is Kind.RESULTS)
# The order of the dumps of a release.
DUMP_FORMATS = (TURTLE, NTRIPLES, NQUADS, TRIG, JSONLD, RDFXML)
GRAPH_FORMATS = tuple(item for item in FORMATS if item.kind is not Kind.RESULTS)
