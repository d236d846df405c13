"""The quality report as text."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from migkg.engine.scratch import ScratchStore
from migkg.model.namespaces import shorten
from migkg.services.project_files import ProjectFiles
from migkg.services.quality import MEASURES, coverage


def print_quality(files: ProjectFiles, sources: Path | None, output: TextIO) -> None:
    """Writes every measure as a table, and the uncovered sentences if the documents are there."""
    store = ScratchStore(files.triples("ontology", "data"))
    for measure in MEASURES:
        output.write(f"{measure.title}\n")
        count = 0
        for row in store.select(measure.text(files.vocabulary)):
            cells = (shorten(str(value), files.prefixes) for value in row.values())
            output.write("  " + "  ".join(cells) + "\n")
            count += 1
        output.write(f"  ({count} rows)\n\n")
    if sources is not None:
        _print_coverage(files, sources, output)


def _print_coverage(files: ProjectFiles, sources: Path, output: TextIO) -> None:
    output.write("Sentences that support at least one fact\n")
    for document in coverage(files.graph("data"), files.vocabulary, sources):
        covered = document.sentences - len(document.uncovered)
        output.write(
            f"  {document.name}: {covered} of {document.sentences} ({document.share:.0%})\n"
        )
        for start, text in document.uncovered:
            output.write(f"    {start:6}  {text}\n")
