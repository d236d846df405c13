"""A file's statements about our things enter a graph of their own, or nothing changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from migkg.settings import Settings
from tests.cli.conftest import Run
from tests.tiny import BASE

QUERY = f"""# The official titles.
PREFIX tiny: <{BASE}ontology#>
CONSTRUCT {{ ?book tiny:officialTitle ?title }} WHERE {{ ?book tiny:called ?title }}
"""
CALLED = f"<{BASE}ontology#called>"


@pytest.fixture
def titles(tiny: Settings) -> Path:
    """The folder of the project, with one import."""
    folder = Path(str(tiny.project))
    (folder / "imports").mkdir()
    (folder / "imports" / "titles.rq").write_text(QUERY, "utf-8")
    return folder


def given(tmp_path: Path, text: str, name: str = "given.ttl") -> str:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return str(path)


def test_statements_stand_in_a_graph_of_their_own(titles: Path, tmp_path: Path, migkg: Run) -> None:
    before = {path: path.read_bytes() for path in titles.rglob("*.ttl")}
    text = f'<{BASE}id/book/a> {CALLED} "The A"@en, "Das A"@de .'
    result = migkg("import", "titles", given(tmp_path, text))
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(b"2 statements in ")
    imported = titles / "data" / "titles-imported.ttl"
    assert '"Das A"@de' in imported.read_text("utf-8")
    assert {p: p.read_bytes() for p in before} == before
    assert migkg("format", "--check").returncode == 0


def test_a_second_import_takes_the_place_of_the_first(
    titles: Path, tmp_path: Path, migkg: Run
) -> None:
    for title in ("One", "Two"):
        text = f'<{BASE}id/book/a> {CALLED} "{title}"@en .'
        assert migkg("import", "titles", given(tmp_path, text)).returncode == 0
    text = (titles / "data" / "titles-imported.ttl").read_text("utf-8")
    assert "Two" in text
    assert "One" not in text


@pytest.mark.parametrize(
    ("name", "text", "file", "sentence"),
    [
        ("titles", f'<{BASE}id/book/z> {CALLED} "Z" .', "g.ttl", "no file describes"),
        ("titles", f'<{BASE}id/book/a> <x:y> "Z" .', "g.ttl", "holds nothing"),
        ("titles", "<a", "g.ttl", "not Turtle"),
        ("titles", "", "g.txt", "not known as RDF"),
        ("nothing", "", "g.ttl", "There is no import nothing; there is titles."),
    ],
)
def test_what_cannot_be_imported_changes_nothing(
    titles: Path, tmp_path: Path, migkg: Run, name: str, text: str, file: str, sentence: str
) -> None:
    result = migkg("import", name, given(tmp_path, text, file))
    assert result.returncode == 2
    assert sentence in result.stderr.decode()
    assert not list(titles.rglob("*-imported.ttl"))


def test_what_breaks_a_rule_is_taken_back(titles: Path, tmp_path: Path, migkg: Run) -> None:
    (titles / "imports" / "titles.rq").write_text(QUERY.replace("officialTitle", "title"), "utf-8")
    text = f'<{BASE}id/book/a> {CALLED} "Another"@en .'
    result = migkg("import", "titles", given(tmp_path, text))
    assert result.returncode == 1
    assert b"Give the book a title." in result.stderr
    assert not list(titles.rglob("*-imported.ttl"))
