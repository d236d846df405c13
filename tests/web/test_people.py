"""Every kind of page reads well for people, and stays a page whatever the data says."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.conftest import Service
from tests.hostile import HOSTILE
from tests.web.client import ask
from tests.web.page import BROWSER, Page

PAGES = [
    "/",
    "/search?q=Quito",
    "/search?document=document:2",
    "/sdg",
    "/disagreements",
    "/ontology",
    "/shapes",
    "/quality",
    "/queries",
    "/browse/Event",
    "/page/city/quito-ec",
    "/page/document/2",
    "/page/document/2?paragraphs=3",
    "/page/disagreement/quito-located",
    "/page/country/ECU",
    "/page/code/reported?page=2",
    "/describe?iri=http://metadata.un.org/sdg/10",
]


def browse(service: Service, path: str) -> Page:
    reply = ask(service, path, headers={"Accept": BROWSER})
    assert reply.status == 200, (path, reply.text[:500])
    return Page(reply.text)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_one_heading_landmarks_and_no_level_left_out(
    service: Service, path: str
) -> None:
    page = browse(service, path)
    assert page.language == "en"
    for landmark in ("h1", "main", "header", "footer"):
        assert page.tags.count(landmark) == 1, landmark
    assert "nav" in page.tags
    assert "content" in page.ids
    assert "#content" in page.links
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for link in page.links:
        assert not link.lower().startswith(("javascript:", "data:", "//")), link


def test_links_of_pages_lead_somewhere(service: Service) -> None:
    found: set[str] = set()
    for path in PAGES:
        for link in browse(service, path).links:
            found.add(urljoin(service.url + path, link).partition("#")[0])
    inner = sorted(link.removeprefix(service.url) for link in found if link.startswith(service.url))
    things = ("/page/", "/describe", "/id/")
    chosen = [
        link
        for place, link in enumerate(inner)
        if place % 15 == 0 or not link.startswith((*things, "/queries/", "/browse/", "/data/"))
    ]
    assert len(chosen) > 100
    replies = {link: ask(service, link, headers={"Accept": BROWSER}) for link in chosen}
    assert {link: r.status for link, r in replies.items() if r.status >= 400} == {}


def test_fragments_on_a_page_are_there(service: Service) -> None:
    for path in PAGES:
        page = browse(service, path)
        wanted = {link[1:] for link in page.links if link.startswith("#")}
        assert wanted <= page.ids, path


def test_the_start_page_shows_places_events_and_how_to_cite(service: Service) -> None:
    page = browse(service, "/")
    assert {"/page/city/quito-ec", "/static/world.svg#land"} <= set(page.links)
    assert "Habitat III October 2016 , Quito , planned" in page.text
    assert (
        "3rd International Cities of Migration Conference March 2016 , Toronto , held" in page.text
    )
    assert f"Release {service.release.id}." in page.text


def test_a_thing_shows_its_place_words_differences_neighbours_and_query(service: Service) -> None:
    page = browse(service, "/page/city/quito-ec")
    assert "/static/world.svg#land" in page.links
    assert "/page/document/2" in page.links
    assert "Quito in Ecuador and in Pichincha" in page.text
    assert page.tags.count("blockquote") > 5
    assert page.tags.count("svg") == 2
    (query,) = [link for link in page.links if link.startswith("/sparql?query=")]
    assert ask(service, query, headers={"Accept": "text/turtle"}).status == 200


def test_a_document_shows_all_paragraphs_page_by_page(service: Service) -> None:
    numbers: list[int] = []
    for number in (1, 2, 3):
        page = browse(service, f"/page/document/2?paragraphs={number}")
        numbers += [int(i[1:]) for i in page.ids if re.fullmatch(r"p\d+", i)]
    assert sorted(numbers) == list(range(1, 65))
    for wrong in ("0", "x", "1&paragraphs=2", "9" * 9):
        ask(service, f"/page/document/2?paragraphs={wrong}").problem(400, "bad-parameter")


def test_goals_and_disagreements_are_all_there(service: Service) -> None:
    goals = browse(service, "/sdg")
    assert {f"/describe?iri=http%3A%2F%2Fmetadata.un.org%2Fsdg%2F{n}" for n in range(1, 18)} <= set(
        goals.links
    )
    cases = {link for link in browse(service, "/disagreements").links if "/disagreement/" in link}
    assert len(cases) == 114


def test_names_in_other_scripts_say_their_language(service: Service) -> None:
    text = ask(service, "/page/country/ECU", headers={"Accept": BROWSER}).text
    assert re.search(r'<bdi lang="ar">[^<]*[\u0600-\u06ff]', text)


def test_every_shape_has_a_place_and_every_rule_its_words(service: Service) -> None:
    page = browse(service, "/shapes")
    shapes = ask(service, "/shapes", headers={"Accept": "application/n-triples"}).text
    names = set(re.findall(r"^<[^>]+/shapes#([^>]+)> <[^>]+#type> <[^>]+Shape>", shapes, re.M))
    assert len(names) > 200
    assert names <= page.ids
    assert {"City", "City-inCountry", "Country-name-rule"} <= page.ids
    assert "A city lies in exactly one country" in page.text
    assert "svg" in page.tags


def test_the_ontology_shows_what_lies_between_classes(service: Service) -> None:
    page = browse(service, "/ontology")
    assert page.tags.count("svg") == 2
    assert {"/ontology#inCountry", "/ontology#Country"} <= set(page.links)


# A project whose labels are hostile


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_label_is_text(hostile: Service, name: str) -> None:
    text = HOSTILE[name]
    page = browse(hostile, f"/page/book/{name}")
    assert " ".join(text.split()) in page.text
    assert not {"img", "style", "iframe"} & set(page.tags)
    assert page.tags.count("script") == len(page.scripts) == 2  # its JSON-LD
    assert not any("alert(1)" in script and "<" in script for script in page.scripts)
    assert not [link for link in page.links if link.lower().startswith("javascript")]
    assert len(page.titles[0]) < 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/browse/Book",
        "/search?kind=Book",
        "/queries/titles",
        "/disagreements",
        "/describe?iri=javascript:alert%25284%2529",
    ],
)
def test_hostile_labels_are_text_in_lists(hostile: Service, path: str) -> None:
    page = browse(hostile, path)
    assert "img" not in page.tags
    assert not [link for link in page.links if link.lower().startswith("javascript")]


def test_a_project_without_queries_for_pages_lacks_only_these(hostile: Service) -> None:
    assert not Path(str(hostile.settings.project), "pages", "sdg.rq").exists()
    ask(hostile, "/sdg").problem(404, "not-found")
    assert "svg" not in browse(hostile, "/").tags
