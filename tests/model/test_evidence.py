"""Evidence is held against the words of its document, character by character."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF

from migkg.errors import BadFile
from migkg.model.evidence import (
    EvidenceCheck,
    Passage,
    SourceText,
    claim_name,
    split_passages,
    word_count,
)
from migkg.model.namespaces import OA, Vocabulary
from migkg.resources import Project
from migkg.services.project_files import ProjectFiles
from migkg.services.source_evidence import add_evidence
from migkg.settings import Settings

# An astral character, combining marks, CRLF, a blank line of spaces, and a tab.
TEXT = (
    "\U0001f30d Cafe\u0301 in São Paulo\r\nhosts the event.\r\n"
    " \t\r\n"
    "The event is in Quito\u0303, the event.\n\n\n"
    "one two three four five six seven eight nine ten eleven twelve thirteen\n"
)
TERMS = Vocabulary("https://example.org/")
DOCUMENT = "https://example.org/id/document/7"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "document.txt").write_bytes(TEXT.encode())
    (tmp_path / "another.txt").write_bytes(b"Another text.")
    return tmp_path


@pytest.fixture
def source(folder: Path) -> SourceText:
    return SourceText.read(folder / "document.txt")


@pytest.fixture
def graph(source: SourceText) -> Graph:
    """The evidence for every place of "the event"."""
    graph = Graph()
    graph.add((URIRef(DOCUMENT), TERMS.sha256, Literal(source.sha256)))
    for span in source.spans("the event"):
        add_evidence(graph, TERMS, DOCUMENT, source, span)
    return graph


def only(graph: Graph, predicate: URIRef, starts: str):
    """The one triple of a predicate whose subject's IRI starts so."""
    found = [t for t in graph.triples((None, predicate, None)) if str(t[0]).startswith(starts)]
    assert len(found) == 1
    return found[0]


def problems(graph: Graph, folder: Path) -> list[str]:
    return [mismatch.why for mismatch in EvidenceCheck(graph, TERMS).run(folder)]


def test_a_passage_is_a_run_of_lines_that_are_not_blank(source: SourceText) -> None:
    texts = [TEXT[p.start : p.end] for p in source.passages]
    assert [p.number for p in source.passages] == [1, 2, 3]
    assert texts[0] == "\U0001f30d Cafe\u0301 in São Paulo\r\nhosts the event.\r"
    assert texts[1] == "The event is in Quito\u0303, the event."
    assert texts[2].startswith("one two")


@pytest.mark.parametrize("text", ["", "\n", " \t\n \r\n"])
def test_blank_text_has_no_passage(text: str) -> None:
    assert list(split_passages(text)) == []


def test_text_without_line_ends_is_one_passage() -> None:
    assert list(split_passages(" a b ")) == [Passage(1, 0, 5)]


def test_positions_are_code_points(source: SourceText) -> None:
    (span,) = source.spans("São Paulo")
    assert (span.start, span.end) == (11, 20)
    assert TEXT[span.start : span.end] == "São Paulo"
    (quito,) = source.spans("Quito\u0303")
    assert quito.end - quito.start == 6


def test_every_place_of_a_phrase_is_found_in_order(source: SourceText) -> None:
    spans = list(source.spans("event"))
    assert [span.passage.number for span in spans] == [1, 2, 2]
    assert spans == sorted(spans, key=lambda span: span.start)


@pytest.mark.parametrize(
    "phrase", ["", "event.\r\n \t\r\nThe event", "absent", "EVENT", "Caf\u00e9"]
)
def test_a_phrase_that_is_not_in_one_paragraph_has_no_place(
    source: SourceText, phrase: str
) -> None:
    assert list(source.spans(phrase)) == []


def test_context_ends_with_the_text(source: SourceText) -> None:
    (first,) = source.spans("\U0001f30d")
    assert source.context(first) == ("", " Cafe\u0301 in São Paulo\r\nhos")
    (last,) = source.spans("thirteen")
    assert source.context(last) == (" nine ten eleven twelve ", "\n")


def test_the_digest_is_of_the_bytes(source: SourceText) -> None:
    assert source.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()


def test_a_file_that_is_not_utf8_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("São".encode("latin-1"))
    with pytest.raises(BadFile, match="not UTF-8 at byte 1"):
        SourceText.read(path)


@pytest.mark.parametrize(("phrase", "count"), [("", 0), ("a", 1), (" a\tb\r\nc\u00a0d ", 4)])
def test_words_are_runs_between_white_space(phrase: str, count: int) -> None:
    assert word_count(phrase) == count


def test_a_claim_is_named_after_its_triple_and_its_document() -> None:
    parts = ("<s>", "<p>", '"o"@en', "<d>")
    name = claim_name(*parts)
    assert name == hashlib.sha256(b'<s> <p> "o"@en <d>').hexdigest()[:16]
    assert len({name, *(claim_name(*parts[:n], "<x>", *parts[n + 1 :]) for n in range(4))}) == 5


def test_evidence_that_was_cited_is_borne_out(graph: Graph, folder: Path) -> None:
    assert len(EvidenceCheck(graph, TERMS).evidence()) == 2
    assert problems(graph, folder) == []


@pytest.mark.parametrize("shift", [-1, 1, 1000])
def test_a_shifted_span_is_found(graph: Graph, folder: Path, shift: int) -> None:
    evidence = str(EvidenceCheck(graph, TERMS).evidence()[0])
    for predicate in (OA.start, OA.end):
        subject, _, value = only(graph, predicate, evidence)
        graph.set((subject, predicate, Literal(int(value) + shift)))
    (why,) = problems(graph, folder)
    assert "not 'the event'" in why


def test_another_phrase_is_found(graph: Graph, folder: Path) -> None:
    evidence = str(EvidenceCheck(graph, TERMS).evidence()[0])
    subject, _, _ = only(graph, OA.exact, evidence)
    graph.set((subject, OA.exact, Literal("The event")))
    (why,) = problems(graph, folder)
    assert "'the event', not 'The event'" in why


def test_a_phrase_of_thirteen_words_is_found(
    graph: Graph, folder: Path, source: SourceText
) -> None:
    passage = source.passages[2]
    (span,) = source.spans(TEXT[passage.start : passage.end])
    add_evidence(graph, TERMS, DOCUMENT, source, span)
    assert problems(graph, folder) == ["its phrase has 13 words; 12 are allowed"]


@pytest.mark.parametrize(
    "predicate", [TERMS.number, TERMS.char_start, TERMS.char_end], ids=["number", "start", "end"]
)
def test_a_wrong_passage_is_found(graph: Graph, folder: Path, predicate: URIRef) -> None:
    subject, _, value = only(graph, predicate, f"{DOCUMENT}/p/2")
    graph.set((subject, predicate, Literal(int(value) + 1)))
    (why,) = problems(graph, folder)
    assert why == f"its phrase lies in paragraph 2, not in <{DOCUMENT}/p/2>"


def test_a_passage_of_another_phrase_is_found(graph: Graph, folder: Path) -> None:
    evidence = EvidenceCheck(graph, TERMS).evidence()[0]
    other = graph.value(EvidenceCheck(graph, TERMS).evidence()[1], TERMS.in_passage)
    graph.set((evidence, TERMS.in_passage, other))
    (why,) = problems(graph, folder)
    assert f"not in <{other}>" in why


def test_a_span_across_paragraphs_is_found(graph: Graph, folder: Path, source: SourceText) -> None:
    evidence = str(EvidenceCheck(graph, TERMS).evidence()[0])
    start, end = TEXT.index("event."), TEXT.index("The event") + 3
    for predicate, value in ((OA.start, start), (OA.end, end), (OA.exact, TEXT[start:end])):
        graph.set((only(graph, predicate, evidence)[0], predicate, Literal(value)))
    assert problems(graph, folder) == ["its phrase does not lie in one paragraph"]


@pytest.mark.parametrize("change", ["remove", "other"])
def test_a_document_that_is_not_there_is_found(graph: Graph, folder: Path, change: str) -> None:
    graph.remove((URIRef(DOCUMENT), TERMS.sha256, None))
    if change == "other":
        graph.add((URIRef(DOCUMENT), TERMS.sha256, Literal("0" * 64)))
    assert (
        problems(graph, folder)
        == [f"no file in the folder has the sha256 of its document <{DOCUMENT}>"] * 2
    )


@pytest.mark.parametrize("part", ["prefix", "suffix"])
def test_a_wrong_context_is_found(graph: Graph, folder: Path, part: str) -> None:
    evidence = str(EvidenceCheck(graph, TERMS).evidence()[0])
    subject, _, _ = only(graph, OA[part], evidence)
    graph.set((subject, OA[part], Literal("The event is in")))
    (why,) = problems(graph, folder)
    assert why.startswith(f"its {part} is not what stands")


@pytest.mark.parametrize("name", ["start", "end", "exact"])
@pytest.mark.parametrize("value", [None, "nowhere"])
def test_evidence_without_a_place_is_found(
    graph: Graph, folder: Path, name: str, value: str | None
) -> None:
    evidence = str(EvidenceCheck(graph, TERMS).evidence()[0])
    subject, _, _ = only(graph, OA[name], evidence)
    graph.remove((subject, OA[name], None))
    if value:
        graph.add((subject, OA[name], Literal(value)))
    assert len(problems(graph, folder)) == 1


def test_a_folder_that_is_not_there_is_refused(graph: Graph, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="is not a folder"):
        EvidenceCheck(graph, TERMS).run(tmp_path / "absent")


def test_the_type_is_what_makes_evidence(graph: Graph) -> None:
    graph.remove((None, RDF.type, TERMS.evidence))
    assert EvidenceCheck(graph, TERMS).evidence() == []


@pytest.mark.sources
def test_all_evidence_of_the_project_is_borne_out(
    project: Project, settings: Settings, sources: Path
) -> None:
    vocabulary = Vocabulary(settings.base_iri)
    check = EvidenceCheck(ProjectFiles(project, vocabulary).graph("data"), vocabulary)
    assert len(check.evidence()) > 0
    assert check.run(sources) == []
