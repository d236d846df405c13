"""``/search`` for people and for programs, and its limits."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urljoin

import pytest
from starlette.requests import Request

from migkg.errors import EngineBusy, SearchTimeout
from migkg.settings import Settings
from migkg.web import similar
from migkg.web.negotiation import languages
from migkg.web.search_threads import Searching
from tests.conftest import BASE, Service
from tests.web.client import Reply, ask
from tests.web.page import BROWSER, Page

JSON = {"Accept": "application/json"}


def browse(service: Service, path: str, **headers: str) -> Page:
    reply = ask(service, path, headers={"Accept": BROWSER, **headers})
    assert reply.status == 200, reply.text
    return Page(reply.text)


def found(service: Service, path: str, **headers: str) -> Reply:
    reply = ask(service, path, headers={**JSON, **headers})
    assert (reply.status, reply.media_type) == (200, "application/json"), reply.text
    return reply


def test_programs_get_json_ranked_with_facets(service: Service) -> None:
    document = found(service, "/search?q=Quito").json()
    assert document["release"] == service.release.id
    assert document["results"][0]["iri"] == f"{BASE}id/city/quito-ec"
    assert document["results"][0]["url"] == "/page/city/quito-ec"
    assert len(document["results"]) == 20 < document["total"]
    scores = [item["score"] for item in document["results"]]
    assert scores == sorted(scores, reverse=True)
    for values in document["facets"].values():
        for value in values:
            assert value["label"]
            assert found(service, value["url"]).json()["total"] == value["count"]


def test_next_leads_to_the_end(service: Service) -> None:
    path, seen = "/search?q=integration&limit=50", 0
    while path:
        document = found(service, path).json()
        seen += len(document["results"])
        path = document.get("next", "")
    assert seen == document["total"] > 50


def test_people_get_a_page_whose_links_lead_somewhere(service: Service) -> None:
    start = "/search?q=conferense"
    page = browse(service, start)
    assert page.tags.count("h1") == page.tags.count("main") == 1
    assert "words like them" in page.text
    targets = {urljoin(service.url + start, link).partition("#")[0] for link in page.links}
    inner = [t.removeprefix(service.url) for t in targets if t.startswith(service.url)]
    assert len(inner) > 20
    statuses = {path: ask(service, path, headers={"Accept": BROWSER}).status for path in inner}
    assert {path: status for path, status in statuses.items() if status != 200} == {}


def test_a_chosen_facet_can_be_left_again(service: Service) -> None:
    page = browse(service, "/search?q=Quito&kind=City&country=country%3AECU")
    assert "Kind: city" in page.text
    assert "Country: Ecuador" in page.text
    assert "/search?q=Quito&kind=City" in page.links


def test_the_form_is_there_without_a_question(service: Service) -> None:
    page = browse(service, "/search")
    assert "/search" in page.links
    ask(service, "/search", headers=JSON).problem(400, "bad-parameter")


def test_every_page_has_a_form_for_search(service: Service) -> None:
    for path in ("/", "/queries", "/page/city/quito-ec"):
        page = browse(service, path)
        assert {"/search", "/static/search.js"} <= set(page.links)


def test_labels_follow_the_language_and_are_kept_apart(service: Service) -> None:
    for _ in range(2):
        for language, label in (("fr-CH,en;q=0.5", "Équateur"), ("en", "Ecuador")):
            reply = found(service, "/search?q=Ecuador", **{"Accept-Language": language})
            assert reply.json()["results"][0]["label"] == label
            assert reply.headers["Vary"] == "Accept, Accept-Language"
    assert found(service, "/search?q=Ecuador&lang=fr").json()["results"][0]["label"] == "Équateur"
    assert (
        'lang="fr"' in ask(service, "/search?q=Ecuador&lang=fr", headers={"Accept": BROWSER}).text
    )


def test_suggestions_are_names(service: Service) -> None:
    listed = found(service, "/search/suggestions?q=Quit").json()["suggestions"]
    assert {
        "label": "Quito",
        "kind": "city",
        "iri": f"{BASE}id/city/quito-ec",
        "url": "/page/city/quito-ec",
    } in listed
    assert found(service, "/search/suggestions?q=+").json() == {"suggestions": []}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("q=a&q=b", "bad-parameter"),
        ("q=" + "a" * 201, "bad-parameter"),
        ("q=a&page=0", "bad-parameter"),
        ("q=a&page=51", "bad-parameter"),
        ("q=a&page=%C2%B2", "bad-parameter"),
        ("q=a&limit=101", "bad-parameter"),
        ("q=a&limit=9" + "9" * 5000, "bad-parameter"),
        ("q=a&kind=A&kind=B", "bad-parameter"),
        ("q=%21%21", "bad-search"),
        ("q=" + "+".join(f"w{n}" for n in range(17)), "bad-search"),
    ],
)
def test_what_cannot_be_asked_is_said(service: Service, query: str, name: str) -> None:
    assert ask(service, f"/search?{query}", headers=JSON).problem(400, name)["detail"]


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", '"><img src=x onerror=1>', "\u202egnp", "{{7*7}}", "=cmd|' /C"],
)
def test_a_hostile_question_is_text_on_the_page(service: Service, text: str) -> None:
    page = browse(service, f"/search?q={quote(text)}")
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "{{7*7}}" not in page.text or "49" not in page.text


def test_a_value_of_no_thing_finds_nothing(service: Service) -> None:
    path = f"/search?q=Quito&theme={quote('javascript:alert(1)')}"
    assert found(service, path).json()["total"] == 0
    assert not [link for link in browse(service, path).links if link.startswith("javascript")]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", ("fr", "en")),
        ("en;q=0.1,ar", ("ar", "en")),
        ("de;q=0", ()),
        ("", ()),
        (";;;,=,q=1" + ",x" * 5000, ("x",)),
    ],
)
def test_languages_are_read_as_a_browser_sends_them(header: str, expected: tuple[str, ...]) -> None:
    assert languages([header]) == expected


# The bound on what runs


def searching(**settings: float) -> tuple[Searching, threading.Event]:
    """Searches that end when an event is set."""
    values = Settings(workers=1, **settings)  # type: ignore[arg-type]
    made = Searching(SimpleNamespace(id="x", folder=Path("/none")), {}, values)  # type: ignore[arg-type]
    gate = threading.Event()
    made.__dict__["_search"] = SimpleNamespace(
        ask=lambda _: gate.wait(10), suggest=lambda *_: gate.wait(10)
    )
    return made, gate


def test_a_search_beyond_its_deadline_is_given_up_and_keeps_its_place() -> None:
    async def run() -> None:
        made, gate = searching(searches=1, search_deadline=0.05, query_wait=0.05)
        with pytest.raises(SearchTimeout, match=r"0\.05 seconds"):
            await made.suggest("a", ())
        with pytest.raises(EngineBusy):
            await made.suggest("b", ())
        gate.set()
        while made._places.locked():
            await asyncio.sleep(0.01)
        assert await made.suggest("c", ())

    asyncio.run(run())


def meant(made: Searching) -> list[dict[str, str]]:
    """What an unknown IRI may have meant, while one search is under way."""
    scope = {"type": "http", "headers": [], "state": {"migkg": SimpleNamespace(searching=made)}}

    async def run() -> list[dict[str, str]]:
        running = asyncio.ensure_future(made.suggest("a", ()))
        await asyncio.sleep(0)
        found = await asyncio.wait_for(similar.things(Request(scope), f"{BASE}id/city/quit"), 60)
        running.cancel()
        return found

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("searches", "patience"), [(1, 3600), (2, 0.01)], ids=["no place is free", "it takes long"]
)
def test_help_for_an_unknown_iri_is_left_out(
    monkeypatch: pytest.MonkeyPatch, searches: int, patience: float
) -> None:
    monkeypatch.setattr(similar, "_PATIENCE", patience)
    made, gate = searching(searches=searches, search_deadline=3600, query_wait=3600)
    try:
        assert meant(made) == []
    finally:
        gate.set()
