"""Search finds things by their words, forgives typing errors, ranks, and is made once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migkg.engine.release import Release
from migkg.errors import BadSearch, NoIndex
from migkg.resources import Project
from migkg.services import page_queries
from migkg.services.building import build
from migkg.services.opening import open_or_build
from migkg.services.search.asking import MOST_WORDS, Question, Results, Search
from migkg.services.search.making import ensure_index, find_index
from migkg.services.search.words import fold, words
from migkg.settings import Settings
from tests.conftest import BASE, ROOT
from tests.tiny import BASE as TINY
from tests.tiny import edit

FACETS = page_queries.facets(page_queries.load(Project(ROOT)))
HOSTILE = (
    "<script>alert(1)</script>",
    "\u202egnp.exe",
    "=1+1",
    "' OR 1=1 --",
    '"',
    "*",
    "label:* AND (",
    "a" * 200,
    "\\",
    "x:y^5~2",
)


@pytest.fixture(scope="module")
def search(release: Release) -> Search:
    return Search(find_index(release, BASE, FACETS), FACETS)


def ask(search: Search, text: str, **named: object) -> Results:
    return search.ask(Question(text=text, **named))  # type: ignore[arg-type]


def first(search: Search, text: str) -> str:
    return ask(search, text).hits[0].iri.removeprefix(f"{BASE}id/")


# Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("São Paulo", ["sao", "paulo"]),
        ("ŁÓDŹ, Straße!", ["lodz", "strasse"]),
        ("l’autre_côté", ["l", "autre", "cote"]),
        ("İstanbul ISTANBUL", ["istanbul", "istanbul"]),
        ("أسرة", ["اسرة"]),
        ("减少 国家x", ["减少", "国家", "x"]),
        ("移民者", ["移民", "民者"]),
        ("한국", ["한국"]),
        ("10.7.2", ["10", "7", "2"]),
        ("\u202e\u0000 -- !", []),
        ("b" * 70, ["b" * 64]),
    ],
)
def test_texts_are_cut_into_words_of_any_script(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected


def test_folding_takes_nothing_from_what_is_folded() -> None:
    for text in ("São Paulo", "Straße", "한국", "İ", "ǅ"):
        assert fold(fold(text)) == fold(text)


# Finding


@pytest.mark.parametrize(
    ("text", "expected", "matched"),
    [
        ("quito", "city/quito-ec", "all"),
        ("QUITO", "city/quito-ec", "all"),
        ("Quit", "city/quito-ec", "all"),
        ("Qiuto", "city/quito-ec", "similar"),
        ("sedhiou", "region/SN-SE", "all"),
        ("IOM", "org/iom", "all"),
        ("Ecuador", "country/ECU", "all"),
        ("Équateur", "country/ECU", "all"),
        ("厄瓜多尔", "country/ECU", "all"),
        ("xenofobia", "theme/racism-xenophobia", "similar"),
    ],
)
def test_the_thing_that_is_meant_comes_first(
    search: Search, text: str, expected: str, matched: str
) -> None:
    assert first(search, text) == expected
    assert ask(search, text).matched == matched


def test_words_that_never_stand_together_find_things_with_some_of_them(search: Search) -> None:
    found = ask(search, "quito zzzzzzz")
    assert found.matched == "any"
    assert found.hits[0].iri == f"{BASE}id/city/quito-ec"


def test_a_word_of_evidence_finds_the_thing_and_shows_the_words(search: Search) -> None:
    found = ask(search, "scapegoats")
    assert found.hits
    assert found.hits[0].is_evidence
    assert "scapegoats" in found.hits[0].excerpt


def test_what_is_not_there_is_not_found(search: Search) -> None:
    found = ask(search, "qqqqqqqqqqqq")
    assert (found.total, found.hits) == (0, ())
    assert not any(found.facets.values())


def test_labels_come_in_the_language_that_is_wanted_and_there(search: Search) -> None:
    def label(*languages: str) -> tuple[str, str]:
        hit = ask(search, "Ecuador", languages=languages).hits[0]
        return hit.label, hit.language

    assert label("fr") == ("Équateur", "fr")
    assert label("xx", "fr") == ("Équateur", "fr")
    assert label("xx") == label() == ("Ecuador", "en")


def test_facets_count_what_a_filter_gives(search: Search) -> None:
    found = ask(search, "migration", size=1)
    assert set(found.facets) == {"kind", "country", "document", "goal", "theme"}
    for name, values in found.facets.items():
        assert values, name
        assert [v.count for v in values] == sorted((v.count for v in values), reverse=True)
        narrowed = ask(search, "migration", filters={name: values[0].iri})
        assert narrowed.total == values[0].count < found.total
        assert narrowed.facets[name][0].iri == values[0].iri


def test_pages_follow_each_other_without_repetition_or_gap(search: Search) -> None:
    whole = [hit.iri for hit in ask(search, "migration", size=60).hits]
    pages = [hit.iri for n in (1, 2, 3) for hit in ask(search, "migration", page=n, size=20).hits]
    assert pages == whole
    assert len(set(whole)) == 60


def test_suggestions_go_on_from_names_and_forgive(search: Search) -> None:
    for text in ("qui", "quit", "qiut"):
        assert f"{BASE}id/city/quito-ec" in [s.iri for s in search.suggest(text, ("en",))]
    assert ask(search, "explained").total
    assert search.suggest("explained", ("en",)) == ()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_a_search(search: Search, text: str) -> None:
    if list(words(text)):
        assert ask(search, text).total >= len(search.suggest(text, ()))
    else:
        with pytest.raises(BadSearch, match="no word"):
            ask(search, text)


def test_too_many_words_are_refused(search: Search) -> None:
    ask(search, " ".join(f"w{n}" for n in range(MOST_WORDS)))
    with pytest.raises(BadSearch, match=f"at most {MOST_WORDS}"):
        ask(search, " ".join(f"w{n}" for n in range(MOST_WORDS + 1)))


# The index


def test_a_project_of_another_domain_can_be_searched(tiny: Settings) -> None:
    name = "<script>" + "\u202e" + "x" * 10_000
    edit(tiny, "data/books.ttl", '"B"@en', f'"{name}"@en')
    release = build(tiny, lambda _: None)
    tiny_search = Search(find_index(release, TINY, {}), {})
    assert [h.iri for h in ask(tiny_search, "ann").hits] == [f"{TINY}id/book/a"]
    (hit,) = ask(tiny_search, "script").hits
    assert hit.iri == f"{TINY}id/book/b"
    assert len(hit.excerpt) <= 300
    assert hit.label == "b"


def test_claims_and_evidence_are_no_results(search: Search) -> None:
    kinds = {value.iri for value in ask(search, "migration").facets["kind"]}
    assert kinds
    assert not kinds & {f"{BASE}ontology#{name}" for name in ("Claim", "Evidence", "Passage")}


def test_the_index_is_made_once_and_is_no_part_of_the_id(tiny: Settings) -> None:
    release = build(tiny, lambda _: None)
    folder = find_index(release, TINY, {})
    before = (folder / "complete").stat().st_mtime_ns
    steps: list[str] = []
    assert open_or_build(tiny, steps.append).id == release.id
    assert (steps, ensure_index(release, TINY, {})) == ([], folder)
    assert (folder / "complete").stat().st_mtime_ns == before
    assert not [name for name in release.manifest["files"] if name.startswith("search")]


def test_another_facet_needs_another_index(tiny: Settings) -> None:
    release = build(tiny, lambda _: None)
    facets = {"shelf": f"SELECT ?thing ?value {{ ?value <{TINY}ontology#holds> ?thing }}"}
    with pytest.raises(NoIndex, match="migkg build"):
        find_index(release, TINY, facets)
    folder = ensure_index(release, TINY, facets)
    assert folder != find_index(release, TINY, {})
    (value,) = ask(Search(folder, facets), "ann").facets["shelf"]
    assert (value.iri, value.count) == (f"{TINY}id/shelf/1", 1)


def test_an_unfinished_index_is_made_anew(tiny: Settings) -> None:
    release = build(tiny, lambda _: None)
    folder = find_index(release, TINY, {})
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    draft = release.folder / ".search-draft"
    draft.mkdir()
    (draft / "meta.json").write_text("{", "utf-8")
    assert ask(Search(ensure_index(release, TINY, {}), {}), "ann").total == 1
    assert not draft.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_said(tiny: Settings) -> None:
    release = build(tiny, lambda _: None)
    Path(release.folder).chmod(0o500)
    with pytest.raises(NoIndex, match="no index for search can be made"):
        ensure_index(release, TINY, {"x": "SELECT ?thing ?value {}"})
