"""``/releases``, and ``?release=`` on every path."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from migkg.engine.release import Release
from migkg.services.building import build
from tests.conftest import Service, serve
from tests.processes import children, eventually
from tests.tiny import BASE, edit, make_project
from tests.web.client import GRAPHS, MEDIA_TYPES, accept, ask, triples

BROWSER = {"Accept": "text/html"}
BOOK = "/data/book/b.nt"


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, list[Release]]]:
    """A service with four releases, in each of which the book has another title."""
    settings = make_project(tmp_path_factory.mktemp("releases"))
    made = [build(settings, lambda _: None)]
    for old, new in ("BC", "CD", "DE"):
        edit(settings, "data/books.ttl", f'"{old}"@en', f'"{new}"@en')
        made.append(build(settings, lambda _: None))
    given = {
        "MIGKG_BASE_IRI": BASE,
        "MIGKG_WORKERS": "2",
        "MIGKG_OPEN_RELEASES": "2",
        "MIGKG_RELEASE_IDLE": "1",
    }
    with serve(settings, made[-1], **given) as service:
        yield service, made


Releases = tuple[Service, list[Release]]


def closed(service: Service) -> bool:
    """True if only the current release is open."""
    return len(children(service.pid)) == 3  # two fronts, one process that holds a release


@pytest.mark.parametrize("path", ["/", "/queries", "/dumps/", "/livez", "/data/none", "/nowhere"])
def test_every_answer_names_its_release(releases: Releases, path: str) -> None:
    service, made = releases
    for method in ("GET", "HEAD", "PUT"):
        assert ask(service, path, method=method).headers["Migkg-Release"] == made[-1].id


def test_a_repeat_and_what_the_client_has_name_it_too(releases: Releases) -> None:
    service, made = releases
    for _ in range(2):
        reply = ask(service, BOOK)
        again = ask(service, BOOK, headers={"If-None-Match": reply.headers["ETag"]})
        assert (reply.status, again.status) == (200, 304)
        assert reply.headers["Migkg-Release"] == again.headers["Migkg-Release"] == made[-1].id


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_release_answers_what_it_held(releases: Releases, number: int) -> None:
    service, made = releases
    eventually(lambda: closed(service))
    release, title = made[number], "BCDE"[number]
    for name in (release.id, release.id[:9]):
        reply = ask(service, f"{BOOK}?release={name}")
        assert (reply.status, reply.headers["Migkg-Release"]) == (200, release.id)
        assert f'"{title}"@en' in reply.text
    reply = ask(service, f"/queries/titles?format=csv&release={release.id}")
    assert reply.text.split()[-1] == title
    reply = ask(service, f"/dumps/migkg.nq?release={release.id}")
    assert reply.body == release.store.read_bytes()


def test_a_redirect_stays_in_the_release(releases: Releases) -> None:
    service, made = releases
    reply = ask(service, f"/id/book/b?release={made[0].id}", headers=BROWSER)
    assert reply.status == 303
    page = ask(service, reply.headers["Location"], headers=BROWSER)
    assert page.headers["Migkg-Release"] == made[0].id
    assert "not the current one" in page.text


def test_links_of_an_older_page_stay_in_the_release(releases: Releases) -> None:
    service, made = releases
    page = ask(service, f"/page/shelf/1?release={made[0].id}", headers=BROWSER).text
    assert f'href="/page/book/a?release={made[0].id}"' in page


@pytest.mark.parametrize("name", ["ffffffffffffffff0", "", "..", "%2e%2e%2f", "x" * 5000])
def test_an_unknown_release_is_404_and_names_those_that_are_kept(
    releases: Releases, name: str
) -> None:
    service, made = releases
    found = ask(service, f"/data/book/b?release={name}").problem(404, "not-found")
    assert set(found["available"]) == {release.id for release in made}
    assert len(found["detail"]) < 200


def test_a_release_given_twice_is_refused(releases: Releases) -> None:
    service, made = releases
    path = f"{BOOK}?release={made[0].id}&release={made[0].id}"
    ask(service, path).problem(400, "bad-parameter")


def test_a_query_that_speaks_of_releases_names_none(releases: Releases) -> None:
    service, made = releases
    reply = ask(service, "/sparql?query=ASK%7B%3Frelease%3Fp%22release=x%22%7D")
    assert (reply.status, reply.headers["Migkg-Release"]) == (200, made[-1].id)


def test_no_more_are_opened_than_the_setting_says(releases: Releases) -> None:
    service, made = releases
    eventually(lambda: closed(service))
    for release in made[:2]:
        assert ask(service, f"{BOOK}?release={release.id}").status == 200
    problem = ask(service, f"{BOOK}?release={made[2].id}")
    problem.problem(503, "busy")
    assert problem.headers["Retry-After"]
    assert ask(service, BOOK).status == 200
    eventually(lambda: closed(service))
    assert ask(service, f"{BOOK}?release={made[2].id}").status == 200


def test_many_may_ask_for_a_closed_release_at_once(releases: Releases) -> None:
    service, made = releases
    eventually(lambda: closed(service))
    path = f"{BOOK}?release={made[1].id}"
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: ask(service, path), range(32)))
    assert {(reply.status, reply.body) for reply in replies} == {(200, replies[0].body)}


def test_the_list_has_every_release_with_its_changes(releases: Releases) -> None:
    service, made = releases
    listed = ask(service, "/releases").json()["releases"]
    assert [item["id"] for item in listed] == [release.id for release in reversed(made)]
    assert [item["current"] for item in listed] == [True, False, False, False]
    assert [item["before"] for item in listed] == [*(r.id for r in reversed(made[:-1])), None]
    newest = listed[0]
    book = f"{BASE}ontology#Book"
    assert (newest["added"], newest["removed"]) == ({book: 1}, {book: 1})
    assert newest["triples"] == made[-1].manifest["triples"]
    assert newest["report"].startswith("Conforms.")
    for item in listed:
        one = ask(service, item["url"]).json()
        assert one == item
    eventually(lambda: closed(service))
    assert ask(service, listed[-1]["dumps"], headers=BROWSER).status == 200


def test_the_list_is_a_page_and_rdf_too(releases: Releases) -> None:
    service, made = releases
    for path in ("/releases", f"/releases/{made[0].id[:10]}"):
        page = ask(service, path, headers=BROWSER)
        assert (page.status, page.media_type) == (200, "text/html")
        assert made[0].id in page.text
        first = triples(ask(service, path, headers=accept("nt")).body, "nt")
        assert f"{BASE}release/{made[0].id}" in {t.subject.value for t in first}
        for name in GRAPHS:
            reply = ask(service, path, headers=accept(name))
            assert (reply.media_type, triples(reply.body, name)) == (MEDIA_TYPES[name], first)


def test_a_release_that_is_not_there_is_404(releases: Releases) -> None:
    service, made = releases
    found = ask(service, "/releases/zzz").problem(404, "not-found")
    assert made[0].id in found["available"]


def test_a_remote_engine_has_one_release(remote_service: Service) -> None:
    own = remote_service.release.id
    assert ask(remote_service, f"/livez?release={own}").status == 200
    found = ask(remote_service, "/livez?release=0000").problem(404, "not-found")
    assert own in found["available"]


def test_to_people_an_unknown_release_is_a_page_with_those_that_are_kept(
    releases: Releases,
) -> None:
    service, made = releases
    for path in (f"{BOOK}?release=f{'0' * 15}", "/?release=x&lang=fr", "/page/shelf/1?release=x"):
        reply = ask(service, path, headers={"Accept": "text/html"})
        assert (reply.status, reply.media_type) == (404, "text/html")
        assert all(release.id in reply.text for release in made)
    assert ask(service, "/?release=x&release=y", headers=BROWSER).media_type == "text/html"
    ask(service, f"{BOOK}?release=x").problem(404, "not-found")
