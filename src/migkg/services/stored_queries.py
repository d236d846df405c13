"""Stored queries: a question, its SPARQL text, and the answer that is expected of it.

``name.rq`` holds the query; its opening comment is the question, and declares the parameters
(:mod:`migkg.services.parameters`). ``name.csv`` beside it holds the expected answer where nothing
is given, in the SPARQL 1.1 CSV format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path

from migkg.engine.scratch import ScratchStore
from migkg.errors import BadDeclaration, BadQuery, BrokenFile
from migkg.model.report import Finding, Report
from migkg.model.sparql_text import Form, QueryText, read_query
from migkg.resources import Project
from migkg.services.parameters import Bound, Choices, Parameter, bind, bound_defaults
from migkg.services.parameters.checking import check as check_parameters
from migkg.services.parameters.declarations import MARK, declared

_ADVICE = "A parameter is replaced by a term: it can stand only where an IRI or a literal can."
_WORD = re.compile(r"[^\W_]+")
_NAME = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


@dataclass(frozen=True)
class StoredQuery:
    """One stored query; ``text`` is what is asked where nothing is given for its parameters."""

    name: str
    question: str
    text: str
    path: Path
    source: str
    parameters: tuple[Parameter, ...] = ()

    @property
    def expected(self) -> Path:
        """The file with the expected answer."""
        return self.path.with_suffix(".csv")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(item.name for item in self.parameters)

    @cached_property
    def form(self) -> Form:
        """Its query form."""
        return self.parsed().form

    def has_words(self, text: str) -> bool:
        """True if a word of its question, name or parameters begins as each word of a text."""
        labels = [item.label for item in self.parameters]
        found = _WORD.findall(" ".join((self.question, self.name, *labels)).casefold())
        wanted = _WORD.findall(text.casefold())
        return all(any(word.startswith(start) for word in found) for start in wanted)

    def parsed(self) -> QueryText:
        """The query, ready for an engine."""
        return read_query(self.text)

    async def bound(self, given: Mapping[str, str], choices: Choices) -> Bound:
        """The query with what was given; raises :class:`migkg.errors.BadParameters`."""
        return await bind(_undeclared(self.source), self.parameters, given, choices)


def load(project: Project) -> dict[str, StoredQuery]:
    """Every stored query by name; raises :class:`BrokenFile` for one without name or question."""
    return read_folder(project.queries)


def find(project: Project, name: str) -> StoredQuery | None:
    """The stored query of a name, if there is one; raises :class:`BrokenFile`."""
    path = project.queries / f"{name}.rq"
    return read_file(path) if _NAME.fullmatch(name) and path.is_file() else None


def read_folder(folder: Path) -> dict[str, StoredQuery]:
    """Every query of a folder by name; raises :class:`BrokenFile`."""
    queries = (read_file(path) for path in sorted(folder.glob("*.rq")))
    return {query.name: query for query in queries}


def read_file(path: Path) -> StoredQuery:
    """The query of one file; raises :class:`BrokenFile` with the place of what is wrong."""
    try:
        return _parse(path)
    except BadDeclaration as error:
        raise BrokenFile(f"{path}:{error.line}:{error.column}: {error}") from None


def _parse(path: Path) -> StoredQuery:
    if not _NAME.fullmatch(path.stem):
        raise BrokenFile(f"{path}: the name must be snake_case, such as cities_by_country.rq.")
    source = _text_of(path)
    comments = [line.lstrip("# ").strip() for line in _opening(source) if line[:2] != MARK]
    if not comments:
        raise BrokenFile(f"{path}:1: the first line must be a comment with the question.")
    parameters = declared(source)
    check_parameters(source, parameters)
    text = bound_defaults(_undeclared(source), parameters)
    return StoredQuery(path.stem, " ".join(comments), text, path, source, parameters)


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise BrokenFile(f"{path} is not UTF-8 at byte {error.start}.") from None


def _opening(source: str) -> list[str]:
    """The lines of the opening comment."""
    return list(takewhile(lambda line: line.startswith("#"), source.splitlines()))


def _undeclared(source: str) -> str:
    """The query without the lines that declare its parameters."""
    end = len(_opening(source))
    lines = source.splitlines(keepends=True)
    return "".join([line for line in lines[:end] if line[:2] != MARK] + lines[end:])


def check(project: Project) -> Report:
    """Finds stored queries that are not SPARQL, declare their parameters wrongly, or have no
    expected answer."""
    findings: list[Finding] = []
    stored = list(_readable(project.queries, findings))
    engine = ScratchStore([])
    for query in (*stored, *_readable(project.pages, findings)):
        try:
            query.parsed()
            engine.check(bound_defaults(query.source, query.parameters))
        except BadQuery as error:
            findings.append(_finding(query.path, error, _ADVICE if query.parameters else ""))
    for query in stored:
        if not query.expected.is_file():
            findings.append(
                Finding(
                    file=f"queries/{query.path.name}",
                    focus=query.name,
                    message="The query has no expected answer beside it.",
                    advice=f"Write queries/{query.expected.name}.",
                )
            )
    return Report(tuple(findings), {"stored queries": len(stored)})


def _readable(folder: Path, findings: list[Finding]) -> Iterator[StoredQuery]:
    """The queries of a folder; those that declare parameters wrongly are findings instead."""
    for path in sorted(folder.glob("*.rq")):
        try:
            yield _parse(path)
        except BadDeclaration as error:
            findings.append(_finding(path, error))


def _finding(path: Path, error: BadDeclaration | BadQuery, advice: str = "") -> Finding:
    place = f"{path.parent.name}/{path.name}:{error.line}:{error.column}"
    return Finding(file=place, focus=path.stem, message=str(error), advice=advice)
