"""Stored queries: a question, its SPARQL text, and the answer that is expected of it.

``name.rq`` holds the query; its opening comment is the question. ``name.csv`` beside it holds the
expected answer, in the SPARQL 1.1 CSV format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from migkg.errors import BadFile, BadQuery
from migkg.model.report import Finding, Report
from migkg.model.sparql_text import QueryText, read_query
from migkg.resources import Project

_NAME = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


@dataclass(frozen=True)
class StoredQuery:
    """One stored query."""

    name: str
    question: str
    text: str
    path: Path

    @property
    def expected(self) -> Path:
        """The file with the expected answer."""
        return self.path.with_suffix(".csv")

    def parsed(self) -> QueryText:
        """The query, ready for an engine."""
        return read_query(self.text)


def load(project: Project) -> dict[str, StoredQuery]:
    """Every stored query by name; raises :class:`BadFile` for one without name or question."""
    return read_folder(project.queries)


def read_folder(folder: Path) -> dict[str, StoredQuery]:
    """Every query of a folder by name; raises :class:`BadFile`."""
    queries = (_read(path) for path in sorted(folder.glob("*.rq")))
    return {query.name: query for query in queries}


def _read(path: Path) -> StoredQuery:
    if not _NAME.fullmatch(path.stem):
        raise BadFile(f"{path}: the name must be snake_case, such as cities_by_country.rq.")
    text = path.read_text("utf-8")
    comments = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        comments.append(line.lstrip("# ").strip())
    if not comments:
        raise BadFile(f"{path}:1: the first line must be a comment with the question.")
    return StoredQuery(path.stem, " ".join(comments), text, path)


def check(project: Project) -> Report:
    """Finds stored queries that are not SPARQL or have no expected answer."""
    findings = []
    queries = load(project)
    for query in (*queries.values(), *read_folder(project.pages).values()):
        try:
            query.parsed()
        except BadQuery as error:
            place = f"{query.path.parent.name}/{query.path.name}:{error.line}:{error.column}"
            findings.append(Finding(file=place, focus=query.name, message=str(error)))
    for query in queries.values():
        if not query.expected.is_file():
            findings.append(
                Finding(
                    file=f"queries/{query.path.name}",
                    focus=query.name,
                    message="The query has no expected answer beside it.",
                    advice=f"Write queries/{query.expected.name}.",
                )
            )
    return Report(tuple(findings), {"stored queries": len(queries)})
