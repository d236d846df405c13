"""In front of an engine that holds several releases, each answer is from the release it names."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from migkg.engine import published
from migkg.engine.http_client import HttpClient
from migkg.engine.rdf_server import KINDS, Addresses, RdfServer
from migkg.engine.release import Release
from migkg.services.building import build
from migkg.services.publishing import Publisher, Wishes
from migkg.settings import Settings
from tests.conftest import Service, free_port, serve
from tests.engines import empty_oxigraph
from tests.processes import children, eventually, runs
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


def everywhere(condition: Callable[[], bool]) -> None:
    """Waits until the condition holds whichever front answers; the kernel spreads connections."""
    eventually(lambda: all(condition() for _ in range(12)))


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
        cut = sparql(service, "SELECT * { GRAPH ?g { ?s ?p ?o } }", accept("csv"), truncate="2")
        assert (len(cut.text.splitlines()), cut.headers["Migkg-Truncated"]) == (3, "2")
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
        everywhere(lambda: sparql(service, NUMBER, release=old.id).status == 502)
        sparql(service, NUMBER, release=old.id).problem(502, "engine-unavailable")
        assert sparql(service, NUMBER, accept("csv")).text.split() == ["n", "1"]
        published.retire(place.server, BASE, new.id)
        everywhere(lambda: ask(service, "/readyz").status == 503)
        problem = sparql(service, f"{NUMBER} # anew").problem(502, "engine-unavailable")
        assert "does not hold the release" in problem["detail"]
        (endpoint,) = ask(service, "/readyz").problem(503, "not-ready")["endpoints"]
        assert endpoint["state"] == "lagging"
        place.publish(new)
        everywhere(lambda: ask(service, "/readyz").status == 200)
        assert sparql(service, f"{NUMBER} # again", accept("csv")).text.split() == ["n", "1"]


def test_a_release_that_is_not_here_does_not_come_into_service(place: Place) -> None:
    here, elsewhere = (numbered(place.plain, number) for number in range(2))
    place.publish(here)
    with place.serving() as service:
        away = elsewhere.folder.rename(elsewhere.folder.with_name("away"))
        place.publish(Release(away, elsewhere.manifest))
        time.sleep(0.5)
        assert ask(service, "/readyz").json()["release"] == here.id
        assert sparql(service, NUMBER, accept("csv")).text.split() == ["n", "0"]
        away.rename(elsewhere.folder)
        wait_for(service, elsewhere)


@dataclass
class Cluster:
    """Some Oxigraph servers that keep what they hold when they end."""

    folder: Path
    settings: Settings
    plain: Release
    ports: list[int]
    running: dict[int, ExitStack] = field(default_factory=dict)

    def start(self, number: int) -> None:
        stack = ExitStack()
        stack.enter_context(empty_oxigraph(self.folder / str(number), self.ports[number]))
        self.running[number] = stack

    def stop(self, number: int) -> None:
        self.running.pop(number).close()

    def publish(self, release: Release, number: int) -> None:
        url = f"http://127.0.0.1:{self.ports[number]}"
        with closing(HttpClient(deadline=20)) as client:
            server = RdfServer(Addresses.of(url, KINDS["oxigraph"]), client)
            Place(url, self.settings, self.plain, server).publish(release)

    def serving(self) -> AbstractContextManager[Service]:
        urls = " ".join(f"http://127.0.0.1:{port}/query" for port in self.ports)
        return serve(self.settings, self.plain, **GIVEN, MIGKG_ENGINE_URL=urls)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    settings = make_project(tmp_path)
    plain = build(settings, lambda _: None)
    found = Cluster(tmp_path, settings, plain, [free_port() for _ in range(3)])
    try:
        for number in range(3):
            found.start(number)
        yield found
    finally:
        for number in list(found.running):
            found.stop(number)


def revisions(service: Service) -> set[str]:
    return {item["revision"] for item in ask(service, "/readyz").json()["endpoints"]}


def states(service: Service) -> list[str]:
    return [item["state"] for item in ask(service, "/readyz").json()["endpoints"]]


def test_an_endpoint_that_lags_costs_no_request_and_comes_back_when_it_has_caught_up(
    cluster: Cluster,
) -> None:
    """A client asks all the time while each endpoint is away once and is published to in turn."""
    made = [numbered(cluster.plain, number) for number in range(3)]
    for number in range(3):
        cluster.publish(made[0], number)
    with cluster.serving() as service:
        load = Load(service, {release.id: n for n, release in enumerate(made)}, cached=False)
        well = ["in service"] * 3
        with load.on():
            cluster.stop(2)
            cluster.publish(made[1], 0)
            assert ask(service, "/readyz").json()["release"] == made[0].id
            cluster.publish(made[1], 1)
            wait_for(service, made[1])
            cluster.start(2)  # with what it held before
            eventually(lambda: states(service) == ["in service", "in service", "lagging"])
            time.sleep(10 * PAUSE)
            assert ask(service, "/readyz").json()["release"] == made[1].id
            cluster.publish(made[1], 2)
            eventually(lambda: states(service) == well)
            for number in range(3):
                cluster.publish(made[2], number)
            wait_for(service, made[2])
            eventually(lambda: states(service) == well)
            time.sleep(4 * PAUSE)
        assert load.wrong == []
        assert load.newest == 2
        eventually(lambda: revisions(service) == {made[2].id})  # each front looks for itself


def test_one_that_lags_does_not_bring_an_older_release_back(cluster: Cluster) -> None:
    old, new = (numbered(cluster.plain, number) for number in range(2))
    for release, numbers in ((old, range(3)), (new, range(2))):
        for number in numbers:
            cluster.publish(release, number)
    with cluster.serving() as service:
        assert sparql(service, NUMBER, accept("csv")).text.split() == ["n", "1"]
        cluster.stop(0)
        cluster.stop(1)
        everywhere(lambda: ask(service, "/readyz").status == 503)
        fresh = f"{NUMBER} # anew"
        time.sleep(0.5)  # ten looks at the records
        reply = sparql(service, fresh, accept("csv"))
        assert (reply.status, reply.headers["Migkg-Release"]) == (502, new.id)
        reply = sparql(service, NUMBER, accept("csv"), release=old.id)
        assert reply.text.split() == ["n", "0"], "what it holds, it answers"
        cluster.start(1)
        eventually(lambda: sparql(service, fresh, accept("csv")).text.split() == ["n", "1"])


def test_a_service_that_starts_before_its_endpoint_waits_for_what_it_can_serve(
    tmp_path: Path,
) -> None:
    settings = make_project(tmp_path)
    first = numbered(build(settings, lambda _: None), 0)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    given = {**GIVEN, "MIGKG_ENGINE_URL": f"{url}/query"}

    def waits(service: Service, why: str) -> None:
        assert ask(service, "/livez").json() == {"status": "live"}
        for path, method in (("/readyz", "GET"), ("/sparql?query=ASK%7B%7D", "POST"), ("/", "GET")):
            reply = ask(service, path, method=method)
            assert why in reply.problem(503, "not-ready")["detail"]
            assert reply.headers["Retry-After"] == "2"

    with serve(settings, first, "/livez", **given) as service:
        waits(service, "No endpoint answers.")
        with empty_oxigraph(port=port), closing(HttpClient(deadline=20)) as client:
            time.sleep(0.3)
            waits(service, "holds nothing yet")  # which is no engine to serve from
            server = RdfServer(Addresses.of(url, KINDS["oxigraph"]), client)
            published.claim(server, BASE, "urn:run", first.id)
            time.sleep(0.3)
            waits(service, "no release in service yet")
            published.withdraw(server, BASE, "urn:run")
            Place(url, settings, first, server).publish(first)
            eventually(lambda: ask(service, "/readyz").status == 200)
            assert sparql(service, NUMBER, accept("csv")).text.split() == ["n", "0"]


def test_a_service_that_waits_ends_when_it_is_told_to(tiny: Settings) -> None:
    release = build(tiny, lambda _: None)
    away = f"http://127.0.0.1:{free_port()}/"
    with serve(tiny, release, "/livez", **GIVEN, MIGKG_ENGINE_URL=away) as service:
        (answering,) = children(service.pid)
        os.kill(service.pid, signal.SIGTERM)
        assert os.waitstatus_to_exitcode(os.waitpid(service.pid, 0)[1]) == 0
        assert not runs(answering)
