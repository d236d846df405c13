"""Spans of source documents: how they are numbered, named and checked.

Positions are Unicode code points of the decoded UTF-8 file, unnormalised, from 0; ``end`` is the
position after the last character (Web Annotation Data Model, sections 4.2.4 and 4.2.5,
https://www.w3.org/TR/annotation-model/#text-position-selector).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rdflib import Graph, URIRef
from rdflib.namespace import RDF
from rdflib.term import Node

from migkg.errors import BadFile
from migkg.model.namespaces import OA, Vocabulary

MAX_WORDS = 12
CONTEXT = 24
_PASSAGE = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")


@dataclass(frozen=True)
class Passage:
    """A paragraph: a run of lines that are not blank; ``number`` counts from 1."""

    number: int
    start: int
    end: int


@dataclass(frozen=True)
class Span:
    """A phrase at its place in a text."""

    start: int
    end: int
    passage: Passage


@dataclass(frozen=True)
class SourceText:
    """A source document as it was read."""

    name: str
    text: str
    sha256: str
    passages: tuple[Passage, ...]

    @classmethod
    def read(cls, path: Path) -> SourceText:
        """The document in a file; raises :class:`BadFile` if it is not UTF-8."""
        data = path.read_bytes()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadFile(f"{path} is not UTF-8 at byte {error.start}.") from None
        return cls(path.name, text, hashlib.sha256(data).hexdigest(), tuple(split_passages(text)))

    def spans(self, phrase: str) -> Iterator[Span]:
        """Every place of the phrase that lies in one paragraph, in order."""
        position = self.text.find(phrase) if phrase else -1
        while position >= 0:
            passage = self.passage_at(position, position + len(phrase))
            if passage:
                yield Span(position, position + len(phrase), passage)
            position = self.text.find(phrase, position + 1)

    def passage_at(self, start: int, end: int) -> Passage | None:
        """The paragraph that holds the whole range, if one does."""
        return next((p for p in self.passages if p.start <= start and end <= p.end), None)

    def context(self, span: Span) -> tuple[str, str]:
        """The text just before and after a span, at most 24 characters each."""
        return (
            self.text[max(0, span.start - CONTEXT) : span.start],
            self.text[span.end : span.end + CONTEXT],
        )


def split_passages(text: str) -> Iterator[Passage]:
    """The paragraphs of a text, in order."""
    for number, match in enumerate(_PASSAGE.finditer(text), start=1):
        yield Passage(number, match.start(), match.end())


def word_count(phrase: str) -> int:
    """Words of a phrase: runs of characters that are not white space."""
    return len(phrase.split())


def claim_name(subject: str, predicate: str, obj: str, document: str) -> str:
    """The last part of a claim's IRI, from the N-Triples forms of the triple and its document."""
    line = " ".join((subject, predicate, obj, document))
    return hashlib.sha256(line.encode("utf-8")).hexdigest()[:16]


@dataclass(frozen=True)
class Mismatch:
    """A piece of evidence that its document does not bear out, and why."""

    evidence: str
    why: str


class EvidenceCheck:
    """Holds the evidence of a graph against the texts it speaks of."""

    def __init__(self, graph: Graph, vocabulary: Vocabulary) -> None:
        self._graph = graph
        self._terms = vocabulary

    def evidence(self) -> list[Node]:
        """Every piece of evidence, sorted by IRI."""
        return sorted(set(self._graph.subjects(RDF.type, self._terms.evidence)), key=str)

    def run(self, folder: Path) -> list[Mismatch]:
        """What is wrong, of all evidence; a file is found by its digest, not by its name."""
        if not folder.is_dir():
            raise BadFile(f"{folder} is not a folder; give the one that holds the documents.")
        texts = {t.sha256: t for t in map(SourceText.read, sorted(folder.glob("*.txt")))}
        problems = []
        for node in self.evidence():
            why = self._why_wrong(node, texts)
            if why:
                problems.append(Mismatch(str(node), why))
        return problems

    def _why_wrong(self, node: Node, texts: dict[str, SourceText]) -> str | None:
        document = self._graph.value(node, OA.hasSource)
        digest = self._graph.value(document, self._terms.sha256) if document else None
        source = texts.get(str(digest))
        if source is None:
            return f"no file in the folder has the sha256 of its document <{document}>"
        values = self._selectors(node)
        start, end, exact = values.get("start"), values.get("end"), values.get("exact")
        if start is None or end is None or exact is None:
            return "it lacks a start, an end or a phrase"
        if not (start.isdecimal() and end.isdecimal()):
            return f"its start {start!r} or its end {end!r} is not a number"
        return self._span_problem(node, source, int(start), int(end), exact) or _context_problem(
            values, source, int(start), int(end)
        )

    def _span_problem(
        self, node: Node, source: SourceText, start: int, end: int, exact: str
    ) -> str | None:
        found = source.text[start:end]
        if found != exact:
            return f"characters {start} to {end} of {source.name} read {found!r}, not {exact!r}"
        if word_count(exact) > MAX_WORDS:
            return f"its phrase has {word_count(exact)} words; {MAX_WORDS} are allowed"
        passage = source.passage_at(start, end)
        named = self._graph.value(node, self._terms.in_passage)
        if passage is None:
            return "its phrase does not lie in one paragraph"
        if named is None or self._passage(named) != (passage.number, passage.start, passage.end):
            return f"its phrase lies in paragraph {passage.number}, not in <{named}>"
        return None

    def _passage(self, node: Node) -> tuple[int, int, int]:
        terms = self._terms
        numbers = [
            self._graph.value(node, p) for p in (terms.number, terms.char_start, terms.char_end)
        ]
        number, start, end = (-1 if n is None else int(str(n)) for n in numbers)
        return number, start, end

    def _selectors(self, node: Node) -> dict[str, str]:
        values: dict[str, str] = {}
        for selector in self._graph.objects(node, OA.hasSelector):
            for name in ("start", "end", "exact", "prefix", "suffix"):
                value = self._graph.value(selector, URIRef(OA[name]))
                if value is not None:
                    values[name] = str(value)
        return values


def _context_problem(
    values: dict[str, str], source: SourceText, start: int, end: int
) -> str | None:
    if not source.text[:start].endswith(values.get("prefix", "")):
        return "its prefix is not what stands before the phrase"
    if not source.text[end:].startswith(values.get("suffix", "")):
        return "its suffix is not what stands after the phrase"
    return None
