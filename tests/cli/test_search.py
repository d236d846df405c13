"""``migkg search``: names and IRIs, or JSON; the exit status tells whether something was found."""

from __future__ import annotations

import json

import pytest

from migkg.services.building import build
from migkg.settings import Settings
from tests.cli.conftest import Run
from tests.tiny import BASE, edit


def test_search_prints_what_it_finds(migkg: Run, tiny: Settings) -> None:
    edit(tiny, "data/books.ttl", '"B"@en', '"B red"@en')
    build(tiny, lambda _: None)
    done = migkg("search", "red")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == ["b (Book)", f"    {BASE}id/book/b", "1 of 1"]
    answer = json.loads(migkg("search", "red", "--kind", "Book", "--json").stdout)
    assert [hit["iri"] for hit in answer["hits"]] == [f"{BASE}id/book/b"]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("nothing",), 1, ""),
        (("ann", "--kind", "Shelf"), 1, ""),
        (("!",), 2, "no word"),
        (("ann", "--limit", "0"), 2, "--limit"),
    ],
)
def test_what_is_not_found_or_cannot_be_asked_is_told(
    migkg: Run, tiny: Settings, arguments: tuple[str, ...], status: int, words: str
) -> None:
    build(tiny, lambda _: None)
    done = migkg("search", *arguments)
    assert done.returncode == status
    assert words in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_search_without_a_release_says_how_to_make_one(migkg: Run) -> None:
    done = migkg("search", "ann")
    assert done.returncode == 1
    assert "migkg build" in done.stderr.decode()
