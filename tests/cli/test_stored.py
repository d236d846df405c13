"""``migkg query`` with a stored query and its parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from migkg.cli.main import main
from migkg.services.building import build
from migkg.settings import Settings
from tests.tiny import BASE, make_project

LIKE = """# Which books have a title like this?
#+ book: {type: entity, class: tiny:Book, label: Book}
#+ words: {type: text, default: "", maximum: 9, label: Words}
#+ rows: {type: integer, minimum: 1, maximum: 5, default: 1, label: Rows}
PREFIX tiny: <https://tiny.example/ontology#>
SELECT ?title {
  VALUES ?book { ?_book }
  ?book tiny:title ?title FILTER(CONTAINS(?title, ?_words))
} ORDER BY ?title LIMIT ?_rows
"""
A, B = '"Ann\'s ""A"""', "B"


@dataclass(frozen=True)
class Done:
    status: int
    output: str
    complaint: str


Run = Callable[..., Done]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small project whose release is built once, with a stored query that takes parameters."""
    settings = make_project(tmp_path_factory.mktemp("stored"))
    build(settings, lambda _: None)
    (Path(str(settings.project)) / "queries" / "like.rq").write_text(LIKE)
    return settings


@pytest.fixture
def migkg(
    project: Settings, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Run:
    """Runs the command in this process."""
    monkeypatch.setenv("MIGKG_BASE_IRI", BASE)
    monkeypatch.setenv("MIGKG_QUERY_PROCESSES", "1")
    places = ("--project", str(project.project), "--releases", str(project.releases))

    def run(*arguments: str) -> Done:
        try:
            status = main(["query", *places, *arguments])
        except SystemExit as end:  # how the parser ends, after its help too
            status = int(end.code or 0)
        output, complaint = capfdbinary.readouterr()
        return Done(status, output.decode(), complaint.decode())

    return run


@pytest.mark.parametrize(
    ("arguments", "titles"),
    [
        ((), [A]),
        (("--rows", "5"), [A, B]),
        (("--rows=5", "--format", "csv", "--words", "B"), [B]),
        (("--rows=5", "--words", '"'), [A]),
        (("--book", "https://tiny.example/id/book/b"), [B]),
    ],
    ids=str,
)
def test_a_stored_query_takes_its_parameters(
    migkg: Run, arguments: tuple[str, ...], titles: list[str]
) -> None:
    done = migkg("like", *arguments)
    assert (done.status, done.output.splitlines()) == (0, ["title", *titles]), done.complaint


def test_a_file_with_parameters_is_a_stored_query(migkg: Run, project: Settings) -> None:
    path = Path(str(project.project)) / "queries" / "like.rq"
    assert migkg(str(path), "--words", "B").output == "title\r\nB\r\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("like", "--rows", "9"), "The parameter 'rows' ('9') is not from 1 to 5."),
        (("like", "--book", "C"), "The parameter 'book' ('C') is no IRI, and no name in the data."),
        (
            ("like", "--author", "A"),
            "The query has no parameter 'author'; there is book, words, rows.",
        ),
        (("titles", "--book", "A"), "The query has no parameter 'book'; it has none."),
        (("like", "--rows"), "The parameter --rows needs a value."),
        (("like", "--rows", "1", "--rows=2"), "The parameter --rows is given twice; give it once."),
        (("like", "more"), "'more' is no parameter; give '--name value' behind the query."),
        (("ASK {}", "--rows", "1"), "Only stored queries take parameters, and this is none."),
    ],
    ids=str,
)
def test_a_parameter_that_cannot_be_is_status_2(
    migkg: Run, arguments: tuple[str, ...], why: str
) -> None:
    assert migkg(*arguments) == Done(2, "", f"migkg: {why}\n")


def test_the_help_of_a_stored_query_tells_its_parameters(migkg: Run) -> None:
    done = migkg("like", "--help")
    assert done.status == 0
    assert "like: Which books have a title like this?" in done.output
    assert "--rows INTEGER\n      Rows; from 1; up to 5; default: 1" in done.output
    assert "default: any" in done.output
    assert "It has no parameters" in migkg("titles", "--help").output
