"""A fact is added with its claim and its evidence, or the files stay as they were."""

from __future__ import annotations

import hashlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from migkg.settings import Settings
from tests.cli.conftest import Run
from tests.conftest import ROOT
from tests.tiny import BASE, edit

TEXT = "A library.\n\nAnn wrote A in Ghent.\nAnn wrote B later.\n"
BOOK = f"<{BASE}id/book/a>"


@pytest.fixture
def library(tiny: Settings, tmp_path: Path) -> Path:
    """The folder of one source document that the small project describes."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "library.txt").write_text(TEXT, "utf-8")
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    (Path(str(tiny.project)) / "data" / "document-1.ttl").write_text(
        f"""@prefix tiny: <{BASE}ontology#> .

<{BASE}id/document/1>
  a tiny:SourceDocument ;
  tiny:sha256 "{digest}" ;
  .
""",
        "utf-8",
    )
    return folder


def texts(settings: Settings) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path(str(settings.project)).rglob("*.ttl")}


def arguments(
    library: Path, *more: str, phrase: str = "Ann wrote A", obj: str = '"Ann"'
) -> list[str]:
    return [
        *("add", BOOK, "tiny:author", obj, "--document", f"{BASE}id/document/1"),
        *("--phrase", phrase, "--sources", str(library), *more),
    ]


def test_a_fact_stands_in_its_file_and_its_claim_with_the_document(
    tiny: Settings, library: Path, migkg: Run
) -> None:
    before = texts(tiny)
    result = migkg(*arguments(library))
    assert result.returncode == 0, result.stderr
    after = texts(tiny)
    assert {p.name for p in after if after[p] != before[p]} == {"books.ttl", "document-1.ttl"}
    assert '+  tiny:author "Ann" ;' in result.stdout.decode()
    claims = (Path(str(tiny.project)) / "data" / "document-1.ttl").read_text("utf-8")
    assert '"Ann wrote A"' in claims
    assert re.search(r"tiny:charStart \S*12", claims)
    verified = migkg("evidence", "verify", "--sources", str(library))
    assert verified.stdout.decode() == "0 wrong of 1\n"


def test_the_change_of_a_fact_is_lines_of_its_own(
    tiny: Settings, library: Path, migkg: Run
) -> None:
    assert migkg(*arguments(library)).returncode == 0
    second = migkg(*arguments(library, phrase="Ann wrote B later", obj='"An"@nl'))
    removed = [line for line in second.stdout.decode().splitlines() if re.match(r"-(?!--)", line)]
    assert removed == []


def test_a_second_phrase_joins_the_same_claim(tiny: Settings, library: Path, migkg: Run) -> None:
    migkg(*arguments(library))
    migkg(*arguments(library, phrase="Ann wrote B later"))
    claims = (Path(str(tiny.project)) / "data" / "document-1.ttl").read_text("utf-8")
    assert claims.count("a tiny:Claim ;") == 1
    assert claims.count("tiny:evidence ") == 2


def test_a_dry_run_changes_nothing(tiny: Settings, library: Path, migkg: Run) -> None:
    before = texts(tiny)
    result = migkg(*arguments(library, "--dry-run"))
    assert result.returncode == 0
    assert b"tiny:author" in result.stdout
    assert texts(tiny) == before


def test_a_fact_that_breaks_a_rule_is_taken_back(tiny: Settings, library: Path, migkg: Run) -> None:
    before = texts(tiny)
    line = [*arguments(library)]
    line[2], line[3] = "tiny:title", '"A second title"@en'
    result = migkg(*line)
    assert result.returncode == 1
    assert b"Give the book a title." in result.stderr
    assert texts(tiny) == before


@pytest.mark.parametrize(
    ("more", "change", "sentence"),
    [
        ((), {"phrase": "Bob wrote A"}, "does not occur"),
        ((), {"phrase": "Ann wrote"}, "stands 2 times"),
        (("--occurrence", "3"), {"phrase": "Ann wrote"}, "stands 2 times"),
        ((), {"phrase": "one " * 13}, "13 words"),
        ((), {"obj": '"Ann'}, "not a Turtle triple"),
        ((), {"obj": '"Ann", "Bob"'}, "exactly one triple"),
    ],
)
def test_a_fact_that_cannot_be_is_refused_in_one_sentence(
    tiny: Settings,
    library: Path,
    migkg: Run,
    more: tuple[str, ...],
    change: dict[str, str],
    sentence: str,
) -> None:
    before = texts(tiny)
    result = migkg(*arguments(library, *more, **change))
    assert result.returncode == 2
    assert sentence in result.stderr.decode()
    assert texts(tiny) == before


def test_a_subject_that_no_file_describes_is_refused(
    tiny: Settings, library: Path, migkg: Run
) -> None:
    line = arguments(library)
    line[1] = f"<{BASE}id/book/unknown>"
    result = migkg(*line)
    assert result.returncode == 2
    assert b"No file describes" in result.stderr


def test_a_changed_document_is_not_cited(tiny: Settings, library: Path, migkg: Run) -> None:
    edit(tiny, "data/document-1.ttl", 'sha256 "', 'sha256 "0')
    result = migkg(*arguments(library))
    assert result.returncode == 2
    assert b"has the sha256" in result.stderr


def test_the_example_in_the_documentation_works(sources: Path) -> None:
    text = (ROOT / "docs" / "curating.md").read_text("utf-8")
    example = re.search(r"```sh\n(migkg add .*?)```", text, re.DOTALL)
    assert example
    line = shlex.split(example.group(1).replace("\\\n", " ").replace("SOURCES", str(sources)))
    assert line[-1] == "--dry-run"
    result = subprocess.run(
        [sys.executable, "-m", *line], capture_output=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
