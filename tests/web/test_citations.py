"""``/q``: what is cited is answered the same, from its release, and says how to cite it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from migkg.engine import kept
from migkg.engine.release import Release
from migkg.services.building import build
from migkg.services.citations import Citations, Request
from migkg.settings import Settings
from tests.conftest import Service, serve
from tests.processes import children, eventually
from tests.tiny import BASE, edit, make_project
from tests.web.client import FORM, GRAPHS, MEDIA_TYPES, RESULTS, Reply, accept, ask

TITLES = f"# Which {{titles}} & 50% ~ are there?\nSELECT ?t {{ ?b <{BASE}ontology#title> ?t }}"
BROWSER = {"Accept": "text/html"}
GIVEN = {
    "MIGKG_BASE_IRI": BASE,
    "MIGKG_WORKERS": "1",
    "MIGKG_RELEASE_IDLE": "0.5",
    "MIGKG_RELEASE_POLL": "0.1",
}


def cite(service: Service, query: str, **more: str | list[str]) -> Reply:
    fields = {"query": query, **{name.replace("_", "-"): value for name, value in more.items()}}
    return post(service, urlencode(fields, doseq=True).encode(), FORM)


def post(service: Service, body: bytes, media_type: str, **headers: str) -> Reply:
    given = {"Content-Type": media_type, "Accept": "application/json", **headers}
    return ask(service, "/q", method="POST", headers=given, body=body)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_project(tmp_path_factory.mktemp("citations"))


@pytest.fixture(scope="module")
def old(project: Settings) -> Release:
    return build(project, lambda _: None)


@pytest.fixture(scope="module")
def service(project: Settings, old: Release) -> Iterator[Service]:
    """A service whose current release is not the first."""
    edit(project, "data/books.ttl", '"B"@en', '"C"@en')
    with serve(project, build(project, lambda _: None), **GIVEN, MIGKG_CITATION_RATE="1000") as one:
        yield one


def test_making_the_same_twice_gives_the_same_id(service: Service) -> None:
    one, other = cite(service, TITLES), cite(service, TITLES.replace("\n", "\r\n") + "\r\n")
    assert one.status == other.status == 201
    assert one.json() == other.json()
    assert one.headers["Location"] == f"/q/{one.json()['id']}"
    assert re.fullmatch("[a-z2-7]{10}", one.json()["id"])
    by_json = post(service, json.dumps({"query": TITLES}).encode(), "application/json")
    assert by_json.json() == one.json()
    assert cite(service, TITLES, default_graph_uri=f"{BASE}graph/books").json() != one.json()


def test_what_is_cited_is_answered_from_its_release(service: Service, old: Release) -> None:
    new = cite(service, TITLES)
    former = cite(service, TITLES, release=old.id[:8])
    assert former.json()["release"] == old.id
    for reply, title in ((new, "C"), (former, "B")):
        answer = ask(service, reply.headers["Location"], headers=accept("csv"))
        assert answer.status == 200
        assert title in answer.text.split()
        assert answer.headers["Migkg-Release"] == reply.json()["release"]
        assert answer.headers["Memento-Datetime"].endswith("GMT")
        assert 'rel="original"' in answer.headers["Link"]


def test_it_is_answered_byte_by_byte_after_a_restart_and_a_new_release(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    query = "SELECT * { ?s ?p ?o } LIMIT 30"
    with serve(project, build(project, lambda _: None), **GIVEN) as service:
        where = cite(service, query).headers["Location"]
        first = {name: ask(service, where, headers=accept(name)).body for name in RESULTS}
    for old, new in ("BX", "XY", "YZ"):  # more releases than are kept
        edit(project, "data/books.ttl", f'"{old}"@en', f'"{new}"@en')
        current = build(Settings(**{**vars(project), "keep_releases": 1}), lambda _: None)
    assert len(kept.identifiers(project.releases)) == 2
    with serve(project, current, **GIVEN) as service:
        for name in RESULTS:
            reply = ask(service, where, headers=accept(name))
            assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name])
            assert reply.body == first[name]
            assert reply.headers["Migkg-Release"] != current.id


def test_triples_are_cited_too(service: Service) -> None:
    where = cite(service, "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }").headers["Location"]
    for name in GRAPHS:
        reply = ask(service, f"{where}?format={name}")
        assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name])


def test_the_page_shows_the_query_the_release_and_the_citations(service: Service) -> None:
    made = post(service, urlencode({"query": TITLES}).encode(), FORM, **BROWSER)
    assert (made.status, made.media_type) == (201, "text/html")
    page = ask(service, made.headers["Location"], headers=BROWSER)
    assert (page.status, page.media_type) == (200, "text/html")
    for text in ("Which {titles}", "SELECT ?t", service.release.id, "@dataset{migkg-"):
        assert text in page.text
    for link in re.findall(r'href="(/q/[^"]+)"', page.text):
        assert ask(service, link).status == 200


def test_it_says_how_to_cite_it(service: Service) -> None:
    made = cite(service, TITLES).json()
    path = f"/q/{made['id']}"
    bibtex = ask(service, path, headers={"Accept": "application/x-bibtex"})
    assert bibtex.body == ask(service, f"{path}?cite=bibtex").body
    assert r"Which \{titles\} \& 50\% \textasciitilde{} are there?" in bibtex.text
    assert bibtex.text.count("{") - bibtex.text.count(r"\{") == bibtex.text.count(
        "}"
    ) - bibtex.text.count(r"\}")
    csl = ask(service, path, headers={"Accept": "application/vnd.citationstyles.csl+json"}).json()
    assert (csl[0]["type"], csl[0]["version"]) == ("dataset", service.release.id)
    assert csl[0]["URL"] == made["url"] == service.url + path
    crate = ask(service, f"{path}?cite=ro-crate").json()
    nodes = {node["@id"]: node for node in crate["@graph"]}
    assert nodes["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert nodes[made["url"]]["sha256"] == made["sha256"]
    assert nodes["#query"]["text"] == TITLES
    assert service.release.id in ask(service, f"{path}?cite=text").text


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("ASK { ?s a ?class }", "Answer to a SPARQL query."),
        ("# All titles\nASK { ?s ?p ?o }", "All titles."),
        ("# Is there any?\nASK {}", "Is there any?"),
    ],
)
def test_the_sentence_ends_the_title_with_one_mark(
    service: Service, query: str, title: str
) -> None:
    assert f"). {title} Answer from " in cite(service, query).json()["text"]


@pytest.mark.parametrize("query", ["release=zzz", "cite=csl&cite=text", "format=csv&format=xml"])
def test_of_what_is_cited_nothing_else_can_be_asked(service: Service, query: str) -> None:
    path = f"/q/{cite(service, TITLES).json()['id']}"
    assert ask(service, f"{path}?release={service.release.id[:6]}").status == 200
    ask(service, f"{path}?{query}").problem(400, "bad-parameter")


NOT_JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "media_type", "status", "name"),
    [
        (b"", FORM, 400, "bad-parameter"),
        (b"query=", FORM, 400, "bad-parameter"),
        (b"query=ASK%7B%7D&query=ASK%7B%7D", FORM, 400, "bad-parameter"),
        (b"query=ASK%7B%7D&release=a&release=b", FORM, 400, "bad-parameter"),
        (b"query=ASK%7B%7D&release=zzz", FORM, 404, "not-found"),
        (b"query=ASK%7B%7D&default-graph-uri=x", FORM, 400, "bad-parameter"),
        (b"query=ASK+WHERE", FORM, 400, "bad-query"),
        (b"query=SELECT+(NOW()+AS+%3Fn)%7B%7D", FORM, 400, "bad-parameter"),
        (b"query=ASK%7BSERVICE+%3Ca:b%3E%7B%7D%7D", FORM, 400, "query-refused"),
        (b"query=%FF", FORM, 400, "bad-encoding"),
        (b"query=" + b"a" * 17_000, FORM, 413, "too-large"),
        (b"query=" + b"a" * 60_000, FORM, 413, "too-large"),
        (b"ASK {}", "application/sparql-query", 415, "unsupported-media-type"),
        (b"{", NOT_JSON, 400, "bad-parameter"),
        (b"[" * 10_000, NOT_JSON, 400, "bad-parameter"),
        (b"[]", NOT_JSON, 400, "bad-parameter"),
        (b'{"query": 1}', NOT_JSON, 400, "bad-parameter"),
        (b'{"query": "ASK {} # \\ud800"}', NOT_JSON, 400, "bad-parameter"),
        (b'{"query": ["ASK {}", "ASK {}"]}', NOT_JSON, 400, "bad-parameter"),
    ],
)
def test_what_cannot_be_cited_is_refused(
    service: Service, body: bytes, media_type: str, status: int, name: str
) -> None:
    before = len(list((service.settings.releases / "citations").glob("*.json")))
    post(service, body, media_type).problem(status, name)
    assert len(list((service.settings.releases / "citations").glob("*.json"))) == before


@pytest.mark.parametrize(
    "path", ["/q/aaaaaaaaaa", "/q/a", "/q/..%2f..%2fmanifest", "/q/%2e%2e", "/q/", "/q/a/b"]
)
def test_an_unknown_citation_is_404(service: Service, path: str) -> None:
    ask(service, path).problem(404, "not-found")


def test_a_form_that_is_not_there_is_refused(service: Service) -> None:
    path = cite(service, TITLES).headers["Location"]
    ask(service, f"{path}?cite=endnote").problem(400, "bad-parameter")
    ask(service, f"{path}?format=ttl").problem(406, "not-acceptable")
    ask(service, path, headers={"Accept": "image/png"}).problem(406, "not-acceptable")


def test_a_release_that_has_gone_is_said(service: Service, old: Release, tmp_path: Path) -> None:
    path = cite(service, "ASK { ?gone ?p ?o }", release=old.id).headers["Location"]
    eventually(lambda: len(children(service.pid)) == 2)
    old.folder.rename(tmp_path / "away")
    try:
        ask(service, path).problem(410, "release-gone")
        assert ask(service, f"{path}?cite=bibtex").status == 200
        assert ask(service, path, headers=BROWSER).status == 200
    finally:
        (tmp_path / "away").rename(old.folder)


def test_another_answer_than_the_cited_one_is_never_given(service: Service) -> None:
    made = cite(service, "ASK { ?changed ?p ?o }").json()
    file = service.settings.releases / "citations" / f"{made['id']}.json"
    file.write_text(file.read_text().replace(made["sha256"], "0" * 64))
    path = f"/q/{made['id']}"
    ask(service, path, headers=accept("json")).problem(500, "answer-changed")


def test_a_client_that_makes_too_many_waits(project: Settings, service: Service) -> None:
    with serve(project, service.release, **GIVEN, MIGKG_CITATION_RATE="2") as limited:
        statuses = [cite(limited, TITLES).status for _ in range(3)]
        assert statuses == [201, 201, 429]
        refused = cite(limited, TITLES)
        refused.problem(429, "too-many-requests")
        assert 0 < int(refused.headers["Retry-After"]) <= 61


def test_they_are_bounded_in_number_and_can_be_switched_off(
    project: Settings, service: Service, tmp_path: Path
) -> None:
    given = {**GIVEN, "MIGKG_CITATIONS_FOLDER": str(tmp_path / "few")}
    with serve(project, service.release, **given, MIGKG_CITATIONS="1") as one:
        assert cite(one, "ASK {}").status == cite(one, "ASK {}").status == 201
        cite(one, "ASK { ?s ?p ?o }").problem(507, "citations-full")
    with serve(project, service.release, **given, MIGKG_CITATIONS="0") as none:
        cite(none, "ASK {}").problem(403, "no-citations")


def test_a_folder_that_cannot_be_written_is_said(
    project: Settings, service: Service, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    given = {**GIVEN, "MIGKG_CITATIONS_FOLDER": str(tmp_path / "file" / "folder")}
    with serve(project, service.release, **given) as one:
        cite(one, "ASK {}").problem(503, "citations-unavailable")


def test_requests_whose_short_ids_are_the_same_get_longer_ones(tmp_path: Path) -> None:
    citations = Citations(tmp_path, 10)
    asked = Request(query="ASK {}", release="0" * 16)
    first = citations.add(asked, made="2026-01-01T00:00:00Z", answer_format="json", sha256="0")
    other = Request(query="ASK { }", release="0" * 16)
    taken = tmp_path / f"{first.id}.json"
    taken.write_bytes(taken.read_bytes().replace(b"ASK {}", b"ASK {1}"))
    longer = citations.add(asked, made="2026-01-01T00:00:00Z", answer_format="json", sha256="0")
    assert longer.id.startswith(first.id)
    assert len(longer.id) > len(first.id)
    assert citations.find(asked) == longer
    assert citations.find(other) is None
    assert citations.get(longer.id.upper()) == longer
