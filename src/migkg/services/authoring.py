"""A fact written into the files, with its claim and its evidence, or not at all."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rdflib import Graph, URIRef
from rdflib.namespace import RDF
from rdflib.term import Node

from migkg.engine import rdf_io
from migkg.errors import BadFile, BadUpload, InvalidData
from migkg.model import formats
from migkg.model.evidence import SourceText, Span, claim_name
from migkg.model.report import Report
from migkg.model.turtle import comment_block, write_turtle
from migkg.services.formatting import replace_text
from migkg.services.project_files import GraphFile, ProjectFiles
from migkg.services.source_evidence import add_evidence, find_source, find_spans


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A triple in Turtle terms, and the words of a document that state it.

    ``occurrence`` counts from 1 and is needed where the phrase stands more than once.
    """

    subject: str
    predicate: str
    object: str
    document: str
    phrase: str
    modality: str = "reported"
    occurrence: int | None = None


@dataclass
class Addition:
    """What a fact changes: the new text of each file, and the lines it adds."""

    texts: dict[Path, str] = field(default_factory=dict)

    def difference(self) -> str:
        """The change as a unified diff without context."""
        lines: list[str] = []
        for path, text in self.texts.items():
            before = path.read_text("utf-8").splitlines() if path.exists() else []
            lines += difflib.unified_diff(
                before, text.splitlines(), str(path), str(path), lineterm="", n=0
            )
        return "\n".join(lines)

    def write(self, check: Callable[[], Report]) -> None:
        """Writes the files and checks the project; what breaks a rule is taken back.

        Raises :class:`InvalidData` with the report if the check fails.
        """
        before = {p: p.read_text("utf-8") if p.exists() else None for p in self.texts}
        try:
            _write_all(self.texts)
            report = check()
            if not report.conforms:
                raise InvalidData("The fact breaks a rule; nothing was changed.", report=report)
        except BaseException:
            _write_all(before)
            raise


def add_fact(files: ProjectFiles, fact: Fact, sources: Path) -> Addition:
    """The change that puts a fact into the files; nothing is written yet."""
    terms = files.vocabulary
    subject, predicate, value = _triple(files, fact)
    document = URIRef(_expand(files, fact.document))
    source = find_source(files, document, sources)
    span = _span(source, fact)
    home = _home(files, subject)
    record = _file(files, f"{terms.base_iri}graph/{_path(str(document), terms.base_iri)}")
    graphs = {file.content.path: rdf_io.to_rdflib(file.content.triples) for file in (home, record)}
    graphs[home.content.path].add((subject, predicate, value))
    claims = graphs[record.content.path]
    name = claim_name(subject.n3(), predicate.n3(), value.n3(), str(document))
    claim = URIRef(f"{terms.base_iri}id/claim/{name}")
    modality = claims.value(claim, terms.modality) or terms.code(fact.modality)
    assessment = claims.value(claim, terms.assessment) or terms.code("accepted")
    for p, o in (
        (RDF.type, terms.claim),
        (RDF.subject, subject),
        (RDF.predicate, predicate),
        (RDF.object, value),
        (terms.claimed_in, document),
        (terms.modality, modality),
        (terms.assessment, assessment),
        (terms.has_evidence, add_evidence(claims, terms, str(document), source, span)),
    ):
        claims.add((claim, p, o))
    return _addition(files, (home, record), graphs)


def _addition(
    files: ProjectFiles, changed: tuple[GraphFile, ...], graphs: dict[Path, Graph]
) -> Addition:
    addition = Addition()
    for file in changed:
        path = file.content.path
        head = comment_block(path.read_text("utf-8"))
        body = write_turtle(graphs[path], {**files.prefixes, **file.content.prefixes})
        addition.texts[path] = head + body
    return addition


def _triple(files: ProjectFiles, fact: Fact) -> tuple[Node, Node, Node]:
    head = "".join(f"@prefix {p}: <{ns}> .\n" for p, ns in files.prefixes.items())
    text = f"{head}{fact.subject} {fact.predicate} {fact.object} ."
    try:
        triples = rdf_io.parse_upload(text.encode(), formats.TURTLE, files.vocabulary.base_iri)
    except BadUpload as error:
        raise BadFile(f"The fact is not a Turtle triple: {error}") from None
    if len(triples) != 1:
        raise BadFile("Give exactly one triple, its object a single term.")
    subject, predicate, value = next(iter(rdf_io.to_rdflib(triples)))
    return subject, predicate, value


def _expand(files: ProjectFiles, name: str) -> str:
    prefix, colon, local = name.partition(":")
    if colon and prefix in files.prefixes and not local.startswith("//"):
        return files.prefixes[prefix] + local
    return name.strip("<>")


def _span(source: SourceText, fact: Fact) -> Span:
    spans = find_spans(source, fact.phrase)
    if fact.occurrence is None and len(spans) > 1:
        raise BadFile(
            f"The phrase stands {len(spans)} times in {source.name}; "
            "give more of its words, or --occurrence."
        )
    number = fact.occurrence or 1
    if not 1 <= number <= len(spans):
        raise BadFile(f"The phrase stands {len(spans)} times in {source.name}, not {number}.")
    return spans[number - 1]


def _home(files: ProjectFiles, subject: Node) -> GraphFile:
    """The file that gives the subject its type."""
    for file in files.files:
        for triple in file.content.triples:
            named = getattr(triple.subject, "value", "") == str(subject)
            if named and triple.predicate.value == str(RDF.type) and file.folder == "data":
                return file
    raise BadFile(
        f"No file describes <{subject}>: write its type and its label into a file of data/ first."
    )


def _file(files: ProjectFiles, graph_iri: str) -> GraphFile:
    for file in files.files:
        if file.graph_iri == graph_iri:
            return file
    raise BadFile(f"No file of data/ holds the graph <{graph_iri}>.")


def _path(document: str, base_iri: str) -> str:
    return document.removeprefix(f"{base_iri}id/")


def _write_all(texts: Mapping[Path, str | None]) -> None:
    """Writes each file in one step; a text of None removes the file."""
    for path, text in texts.items():
        if text is None:
            path.unlink(missing_ok=True)
        else:
            replace_text(path, text)
