"""Releases are switched under load: no request is lost, and nobody goes back to an older one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import pyoxigraph as ox

from migkg.engine.compiling import compile_release
from migkg.engine.release import Release, make_current
from migkg.services.building import build
from tests.conftest import Service, serve
from tests.processes import children, eventually
from tests.tiny import BASE, make_project
from tests.web.client import ask

SWITCHES = int(os.environ.get("MIGKG_SWITCHES", "4"))
CLIENTS = 4
PAUSE = 0.08  # seconds between two requests of a client: 50 requests a second in all
NUMBER = f"{BASE}number"
QUERY = quote(f"SELECT ?n {{ <{BASE}> <{NUMBER}> ?n }}")


def numbered(first: Release, number: int) -> Release:
    """A release that says its number, with all that the first one has."""
    quads = list(ox.parse(path=str(first.store), format=ox.RdfFormat.N_QUADS))
    value = ox.Literal(str(number))
    graph = ox.NamedNode(f"{BASE}graph/number")
    quads.append(ox.Quad(ox.NamedNode(BASE), ox.NamedNode(NUMBER), value, graph))
    return compile_release(
        quads, first.folder.parent, prefixes={}, extra={}, progress=lambda _: None
    )


@dataclass
class Load:
    """Clients that ask all the time; each answer is held against what anybody has seen before."""

    service: Service
    order: dict[str, int]
    newest: int = 0
    asked: int = 0
    cached: bool = True  # else each asks what nobody has asked before
    wrong: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, *, lasting: bool) -> None:
        address = urlsplit(self.service.url)
        connection = HTTPConnection(str(address.hostname), address.port, timeout=30)
        while not self._over.wait(PAUSE):
            floor = self.newest
            try:
                text = QUERY if self.cached else f"{QUERY}%23{lasting}{self.asked}"
                connection.request("GET", f"/sparql?query={text}", headers={"Accept": "text/csv"})
                reply = connection.getresponse()
                body = reply.read().decode()
            except OSError as error:
                self.wrong.append(repr(error))
                connection.close()
                continue
            if not lasting:
                connection.close()
            self.asked += 1
            seen = self.order.get(reply.headers["Migkg-Release"], -1)
            if reply.status != 200 or body.split() != ["n", str(seen)]:
                self.wrong.append(f"{reply.status} {seen} {body}")
            if seen < floor:
                self.wrong.append(f"{seen} after {floor}")
            with self._lock:
                self.newest = max(self.newest, seen)
        connection.close()

    @contextmanager
    def on(self) -> Iterator[None]:
        threads = [
            threading.Thread(target=self.client, kwargs={"lasting": number % 2 == 0})
            for number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()


def wait_for(service: Service, release: Release) -> None:
    end = time.monotonic() + 30
    while ask(service, "/readyz").json()["release"] != release.id:
        assert time.monotonic() < end, "the release did not come into service"
        time.sleep(0.02)


def test_switches_under_load_lose_nothing_and_never_step_back(tmp_path: Path) -> None:
    settings = make_project(tmp_path)
    plain = build(settings, lambda _: None)
    first = numbered(plain, 0)
    make_current(first, settings.releases)
    (settings.releases / ".inputs.json").write_text(
        (settings.releases / ".inputs.json").read_text().replace(plain.id, first.id)
    )
    given = {"MIGKG_WORKERS": "2", "MIGKG_RELEASE_POLL": "0.05", "MIGKG_BASE_IRI": BASE}
    with serve(settings, first, **given) as service:
        load = Load(service, {first.id: 0})
        with load.on():
            for number in range(1, SWITCHES + 1):
                release = numbered(plain, number)
                load.order[release.id] = number
                make_current(release, settings.releases)
                wait_for(service, release)
                time.sleep(4 * PAUSE)
        assert load.wrong == []
        assert load.newest == SWITCHES
        assert load.asked > SWITCHES * CLIENTS
        eventually(lambda: holding(service) == 1)


def holding(service: Service) -> int:
    """The number of processes that hold a release: the watcher's children that are no fronts."""
    return sum("migkg.engine.zygote" in command(pid) for pid in children(service.pid))


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def test_a_damaged_release_does_not_come_into_service(tmp_path: Path) -> None:
    settings = make_project(tmp_path)
    good = build(settings, lambda _: None)
    bad, better = numbered(good, 1), numbered(good, 2)
    (bad.dumps / "migkg.nq").write_bytes(bad.store.read_bytes()[:-2])
    given = {"MIGKG_WORKERS": "2", "MIGKG_RELEASE_POLL": "0.05", "MIGKG_BASE_IRI": BASE}
    with serve(settings, good, **given) as service:
        make_current(bad, settings.releases)
        time.sleep(0.5)
        assert ask(service, "/readyz").json()["release"] == good.id
        make_current(better, settings.releases)
        wait_for(service, better)
