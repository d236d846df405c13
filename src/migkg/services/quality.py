"""How well the graph covers its documents: counts, gaps, and sentences that support nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rdflib import Graph, URIRef
from rdflib.namespace import RDF

from migkg.model.evidence import SourceText
from migkg.model.messages import translatable
from migkg.model.namespaces import OA, Vocabulary

_PREFIXES = """PREFIX mig: <{terms}>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
# The end of a sentence, or of a line that is one by itself.
_SENTENCE = re.compile(r"[^\s](?:[^\n.!?]|[.!?](?!\s|$)|\n(?!\s*\n))*[.!?]*")
_LETTERS = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Measure:
    """One question about the quality of the graph, answered by a SELECT query."""

    name: str
    title: str
    query: str

    def text(self, vocabulary: Vocabulary) -> str:
        """The query for data under one base IRI."""
        return _PREFIXES.format(terms=vocabulary.namespace) + self.query


MEASURES = (
    Measure(
        "entities",
        translatable("Things by class and document"),
        """SELECT ?class ?document (COUNT(DISTINCT ?thing) AS ?things) WHERE {
  ?thing a ?class ; mig:mentionedIn ?document .
} GROUP BY ?class ?document ORDER BY ?class ?document""",
    ),
    Measure(
        "facts",
        translatable("Facts by property and document"),
        """SELECT ?property ?document (COUNT(DISTINCT ?claim) AS ?facts) WHERE {
  ?claim a mig:Claim ; rdf:predicate ?property ; mig:claimedIn ?document .
} GROUP BY ?property ?document ORDER BY ?property ?document""",
    ),
    Measure(
        "statements",
        translatable("Qualified facts by class and document"),
        """SELECT ?class ?document (COUNT(DISTINCT ?fact) AS ?facts) WHERE {
  ?fact a ?class ; mig:claimedIn ?document .
  ?class rdfs:subClassOf+ mig:QualifiedFact .
} GROUP BY ?class ?document ORDER BY ?class ?document""",
    ),
    Measure(
        "paragraphs",
        translatable("Paragraphs that support a fact"),
        """SELECT ?document (COUNT(DISTINCT ?passage) AS ?paragraphs)
       (COUNT(DISTINCT ?used) AS ?supporting) WHERE {
  ?passage mig:inDocument ?document .
  OPTIONAL { ?evidence mig:inPassage ?passage . BIND(?passage AS ?used) }
} GROUP BY ?document ORDER BY ?document""",
    ),
    Measure(
        "unlabelled",
        translatable("Things without a label"),
        """SELECT ?thing ?class WHERE {
  ?thing a ?class ; mig:mentionedIn ?document .
  FILTER NOT EXISTS { ?thing rdfs:label|skos:prefLabel ?label }
} ORDER BY ?thing ?class""",
    ),
    Measure(
        "unlinked",
        translatable("Things that no fact ties to another thing"),
        """SELECT DISTINCT ?thing WHERE {
  ?thing mig:mentionedIn ?document .
  FILTER NOT EXISTS {
    ?thing ?property ?other .
    ?other mig:mentionedIn ?anywhere .
  }
  FILTER NOT EXISTS {
    ?other ?property ?thing .
    FILTER(?property != rdf:subject && ?property != rdf:object)
  }
} ORDER BY ?thing""",
    ),
    Measure(
        "sources",
        translatable("Facts by the number of documents that state them"),
        """SELECT ?documents (COUNT(*) AS ?facts) WHERE {
  { SELECT ?s ?p ?o (COUNT(DISTINCT ?document) AS ?documents) WHERE {
      ?claim a mig:Claim ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ;
        mig:claimedIn ?document .
      ?document a mig:SourceDocument .
      FILTER(?p != mig:mentionedIn)
    } GROUP BY ?s ?p ?o }
} GROUP BY ?documents ORDER BY ?documents""",
    ),
)


@dataclass(frozen=True)
class Coverage:
    """How many sentences of a document support a fact, and those that support none."""

    name: str
    sentences: int
    uncovered: tuple[tuple[int, str], ...]

    @property
    def share(self) -> float:
        """The share of the sentences that support at least one fact, 0 to 1."""
        return 1 - len(self.uncovered) / self.sentences if self.sentences else 1.0


def coverage(graph: Graph, vocabulary: Vocabulary, folder: Path) -> list[Coverage]:
    """The coverage of every source document whose file is in the folder."""
    spans = _spans(graph, vocabulary)
    digests = {
        str(graph.value(document, vocabulary.sha256)): document
        for document in graph.subjects(RDF.type, vocabulary.source_document)
    }
    found = []
    for path in sorted(folder.glob("*.txt")):
        source = SourceText.read(path)
        if source.sha256 in digests:
            found.append(_cover(source, spans[str(digests[source.sha256])]))
    return found


def sentences(text: str) -> Iterable[tuple[int, int]]:
    """Start and end of every sentence, heading or list item that holds a word."""
    for match in _SENTENCE.finditer(text):
        if _LETTERS.search(match.group()):
            yield match.start(), match.end()


def _cover(source: SourceText, spans: list[tuple[int, int]]) -> Coverage:
    found = list(sentences(source.text))
    uncovered = tuple(
        (start, " ".join(source.text[start:end].split()))
        for start, end in found
        if not any(a < end and start < z for a, z in spans)
    )
    return Coverage(source.name, len(found), uncovered)


def _spans(graph: Graph, vocabulary: Vocabulary) -> Mapping[str, list[tuple[int, int]]]:
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for evidence in graph.subjects(RDF.type, vocabulary.evidence):
        document = str(graph.value(evidence, OA.hasSource))
        for selector in graph.objects(evidence, OA.hasSelector):
            start = graph.value(selector, URIRef(OA["start"]))
            end = graph.value(selector, URIRef(OA["end"]))
            if start is not None and end is not None:
                spans[document].append((int(str(start)), int(str(end))))
    return spans
