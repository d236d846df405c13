"""Evidence for a phrase of a source document, ready to be put into the data."""

from __future__ import annotations

from pathlib import Path

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF

from migkg.errors import BadFile
from migkg.model.evidence import MAX_WORDS, SourceText, Span, word_count
from migkg.model.namespaces import OA, Vocabulary
from migkg.model.turtle import write_turtle
from migkg.services.project_files import ProjectFiles


def as_turtle(files: ProjectFiles, document: str, phrase: str, folder: Path) -> str:
    """Turtle with the evidence for every place of a phrase in a document."""
    source = find_source(files, URIRef(document), folder)
    graph = Graph()
    for span in find_spans(source, phrase):
        add_evidence(graph, files.vocabulary, document, source, span)
    return write_turtle(graph, files.prefixes)


def find_source(files: ProjectFiles, document: URIRef, folder: Path) -> SourceText:
    """The text of a source document, found by its digest among the files of a folder."""
    digest = files.graph("data").value(document, files.vocabulary.sha256)
    if digest is None:
        raise BadFile(f"<{document}> is not a source document of this project.")
    for path in sorted(folder.glob("*.txt")):
        source = SourceText.read(path)
        if source.sha256 == str(digest):
            return source
    raise BadFile(f"No file in {folder} has the sha256 of <{document}>.")


def find_spans(source: SourceText, phrase: str) -> list[Span]:
    """Every place of a phrase that may be evidence; raises :class:`BadFile` if there is none."""
    if word_count(phrase) > MAX_WORDS:
        raise BadFile(
            f"The phrase has {word_count(phrase)} words; at most {MAX_WORDS} are allowed."
        )
    spans = list(source.spans(phrase))
    if not spans:
        raise BadFile(f"The phrase does not occur within one paragraph of {source.name}.")
    return spans


def add_evidence(
    graph: Graph, terms: Vocabulary, document: str, source: SourceText, span: Span
) -> URIRef:
    """Adds the evidence for a span, its selectors and its passage; returns the evidence's IRI."""
    number = document.rsplit("/", 1)[1]
    evidence = URIRef(f"{terms.base_iri}id/evidence/{number}-{span.start}-{span.end}")
    passage = URIRef(f"{document}/p/{span.passage.number}")
    position, quotation = URIRef(f"{evidence}#position"), URIRef(f"{evidence}#quote")
    before, after = source.context(span)
    for subject, predicate, value in (
        (evidence, RDF.type, terms.evidence),
        (evidence, OA.hasSource, URIRef(document)),
        (evidence, terms.in_passage, passage),
        (evidence, OA.hasSelector, position),
        (evidence, OA.hasSelector, quotation),
        (position, RDF.type, OA.TextPositionSelector),
        (position, OA.start, _number(span.start)),
        (position, OA.end, _number(span.end)),
        (quotation, RDF.type, OA.TextQuoteSelector),
        (quotation, OA.exact, Literal(source.text[span.start : span.end])),
        (quotation, OA.prefix, Literal(before)),
        (quotation, OA.suffix, Literal(after)),
        (passage, RDF.type, terms.passage),
        (passage, terms.in_document, URIRef(document)),
        (passage, terms.number, Literal(span.passage.number)),
        (passage, terms.char_start, _number(span.passage.start)),
        (passage, terms.char_end, _number(span.passage.end)),
    ):
        graph.add((subject, predicate, value))
    return evidence


def _number(value: int) -> Literal:
    # xsd:integer, not xsd:nonNegativeInteger: some engines keep only the former (decision 0011).
    return Literal(value)
