"""In front of an engine that holds several releases, each answer is from the release it names."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from migkg.engine import published
from migkg.engine.http_client import HttpClient
from migkg.engine.rdf_server import KINDS, Addresses, RdfServer
from migkg.engine.release import Release
from migkg.services.building import build
from migkg.services.publishing import Publisher, Wishes
from migkg.settings import Settings
from tests.conftest import Service, serve
from tests.engines import empty_oxigraph
from tests.processes import eventually, runs
from tests.tiny import BASE, TITLES_CSV, make_project
from tests.web.client import accept, ask, sparql
from tests.web.test_switching import PAUSE, SWITCHES, Load, numbered, wait_for

GIVEN = {"MIGKG_BASE_IRI": BASE, "MIGKG_WORKERS": "2", "MIGKG_RELEASE_POLL": "0.05"}
NUMBER = f"SELECT ?n {{ <{BASE}> <{BASE}number> ?n }}"


@dataclass
class Place:
    """An Oxigraph server, and a project whose releases it is to hold."""

    url: str
    settings: Settings
    plain: Release
    server: RdfServer

    def publish(self, release: Release) -> None:
        wishes = Wishes(grace=0, keep=SWITCHES + 1)
        Publisher(release, self.server, BASE, wishes, lambda _: None).run()

    def serving(self) -> AbstractContextManager[Service]:
        return serve(self.settings, self.plain, **GIVEN, MIGKG_ENGINE_URL=f"{self.url}/query")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    settings = make_project(tmp_path)
    with empty_oxigraph() as url, closing(HttpClient(deadline=20)) as client:
        server = RdfServer(Addresses.of(url, KINDS["oxigraph"]), client)
        yield Place(url, settings, build(settings, lambda _: None), server)


def test_a_change_at_the_engine_loses_nothing_and_older_releases_answer(place: Place) -> None:
    made = [numbered(place.plain, 0)]
    place.publish(made[0])
    with place.serving() as service:
        load = Load(service, {made[0].id: 0})
        with load.on():
            for number in range(1, SWITCHES + 1):
                made.append(numbered(place.plain, number))
                load.order[made[-1].id] = number
                place.publish(made[-1])
                wait_for(service, made[-1])
                time.sleep(4 * PAUSE)
        assert load.wrong == []
        assert load.newest == SWITCHES
        for number in (0, SWITCHES - 1):
            reply = sparql(service, NUMBER, accept("csv"), release=made[number].id)
            assert reply.headers["Migkg-Release"] == made[number].id
            assert reply.text.split() == ["n", str(number)]


def test_a_client_sees_our_names_and_nothing_else_that_the_engine_holds(place: Place) -> None:
    for number in range(2):
        place.publish(numbered(place.plain, number))
    place.server.add(f"{BASE}graph/number", b"<http://e/a> <http://e/b> <http://e/c> .\n")
    with place.serving() as service:
        every = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
        counted = dict(
            line.split(",") for line in sparql(service, every, accept("csv")).text.splitlines()[1:]
        )
        expected = numbered(place.plain, 1).manifest
        assert {name: int(n) for name, n in counted.items()} == expected["graphs"]
        whole = sparql(service, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", accept("csv"))
        assert whole.text.split() == ["n", str(expected["triples"])]
        record = f"ASK {{ GRAPH <{BASE}releases> {{ ?s ?p ?o }} }}"
        assert sparql(service, record, accept("csv")).text.strip() == "false"
        assert ask(service, "/queries/titles", headers=accept("csv")).body == TITLES_CSV
        for path in ("/page/book/a", "/data/book/a.ttl", "/graph/number", "/dumps/migkg.nt"):
            assert ask(service, path).status == 200, path
        sparql(service, r"SELECT * { G\u0052APH ?g {} }").problem(400, "query-refused")


def test_what_the_engine_holds_no_more_is_not_answered_from_graphs_that_seem_empty(
    place: Place,
) -> None:
    old, new = (numbered(place.plain, number) for number in range(2))
    place.publish(old)
    place.publish(new)
    with place.serving() as service:
        assert sparql(service, NUMBER, accept("csv"), release=old.id).status == 200
        published.retire(place.server, BASE, old.id)
        eventually(lambda: sparql(service, NUMBER, release=old.id).status != 200)
        sparql(service, NUMBER, release=old.id).problem(502, "engine-unavailable")
        assert sparql(service, NUMBER, accept("csv")).text.split() == ["n", "1"]
        published.retire(place.server, BASE, new.id)
        eventually(lambda: not is_alive(service))


def is_alive(service: Service) -> bool:
    stat = Path(f"/proc/{service.pid}/stat")
    return runs(service.pid) and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_release_that_is_not_here_does_not_come_into_service(place: Place) -> None:
    here, elsewhere = (numbered(place.plain, number) for number in range(2))
    place.publish(here)
    with place.serving() as service:
        away = elsewhere.folder.rename(elsewhere.folder.with_name("away"))
        place.publish(Release(away, elsewhere.manifest))
        time.sleep(0.5)
        assert ask(service, "/readyz").json()["release"] == here.id
        assert sparql(service, NUMBER, accept("csv")).text.split() == ["n", "0"]
