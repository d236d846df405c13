"""The quality report counts what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Graph

from migkg.engine.scratch import ScratchStore
from migkg.model.evidence import SourceText
from migkg.model.namespaces import Vocabulary
from migkg.resources import Project
from migkg.services.project_files import ProjectFiles
from migkg.services.quality import MEASURES, coverage, sentences
from migkg.services.source_evidence import add_evidence, find_spans
from tests.conftest import BASE

TEXT = "A heading\n\nAnn wrote A. Bob read it in 2.5 hours!\nAnd then?\n\n* * *\n\n3.\n"


def test_sentences_are_sentences_headings_and_items_with_words() -> None:
    assert [TEXT[start:end] for start, end in sentences(TEXT)] == [
        "A heading",
        "Ann wrote A.",
        "Bob read it in 2.5 hours!",
        "And then?",
    ]


def test_coverage_names_the_sentences_without_evidence(tmp_path: Path) -> None:
    vocabulary = Vocabulary(BASE)
    path = tmp_path / "text.txt"
    path.write_text(TEXT, "utf-8")
    source = SourceText.read(path)
    document = f"{BASE}id/document/1"
    graph = Graph().parse(
        data=f"<{document}> a <{vocabulary.source_document}> ; "
        f'<{vocabulary.sha256}> "{source.sha256}" .',
        format="turtle",
    )
    for span in find_spans(source, "Bob read"):
        add_evidence(graph, vocabulary, document, source, span)
    (found,) = coverage(graph, vocabulary, tmp_path)
    assert found.sentences == 4
    assert [text for _, text in found.uncovered] == ["A heading", "Ann wrote A.", "And then?"]
    assert found.share == pytest.approx(0.25)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.name)
def test_every_measure_can_be_asked_of_the_project(
    measure: object, project: Project, store: ScratchStore
) -> None:
    rows = list(store.select(measure.text(Vocabulary(BASE))))
    assert rows or measure.name in ("unlabelled", "unlinked")


@pytest.fixture(scope="module")
def store(project: Project) -> ScratchStore:
    return ScratchStore(ProjectFiles(project, Vocabulary(BASE)).triples("ontology", "data"))
