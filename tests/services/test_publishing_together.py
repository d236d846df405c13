"""Of several runs for one server one goes on, whatever becomes of the others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from migkg.engine import published
from migkg.engine.http_client import HttpClient
from migkg.engine.published_lock import PublishedLock
from migkg.engine.rdf_server import KINDS, Addresses, RdfServer
from migkg.engine.release import Release
from migkg.engine.remote.credentials import Credentials
from migkg.errors import PublishFailed
from migkg.services.publishing import Publisher
from tests.engines import empty_oxigraph, empty_virtuoso, faulty
from tests.processes import eventually
from tests.services.test_publishing import (
    BASE,
    NEW,
    NEWER,
    OLD,
    WISHES,
    graphs_of,
    publish,
    release,
)

RUN = """
import json, sys
from pathlib import Path
from migkg.engine.http_client import HttpClient
from migkg.engine.rdf_server import KINDS, Addresses, RdfServer
from migkg.engine.remote.credentials import Credentials
from migkg.engine.release import Release
from migkg.engine.remote.credentials import Credentials
from migkg.errors import MigkgError
from migkg.services.publishing import Publisher, Wishes
url, kind, folder, manifest, silence, base = sys.argv[1:]
user = Credentials(user="dba", password="dba") if kind == "virtuoso" else None
server = RdfServer(Addresses.of(url, KINDS[kind]), HttpClient(user, deadline=20))
wishes = Wishes(grace=0, silence=float(silence))
try:
    Publisher(Release(Path(folder), json.loads(manifest)), server, base, wishes, print).run()
except MigkgError as error:
    sys.exit(str(error))
"""
CLEAR = ("Another run has been bringing", "Other runs started", "Another run took the place")
PATIENT, IMPATIENT = 60, 0.5


@dataclass
class Place:
    """A server, and what is to be brought there."""

    kind: str
    url: str
    at: RdfServer
    releases: dict[str, Release]

    def begin(self, name: str, *, url: str = "", silence: float = PATIENT) -> subprocess.Popen[str]:
        one = self.releases[name]
        arguments = [url or self.url, self.kind, str(one.folder), json.dumps(one.manifest)]
        return subprocess.Popen(
            [sys.executable, "-c", RUN, *arguments, str(silence), BASE],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def check(self) -> published.Published:
        """The record; all that it names as complete is there, and nothing else is."""
        record = published.read(self.at, BASE)
        assert record.current in record.complete
        assert record.runs == ()
        expected = {f"{BASE}releases"}
        for name in record.complete:
            manifest = self.releases[name].manifest
            names = published.names_of(BASE, name, manifest["graphs"])
            assert self.at.count(names.names) == len(names.graphs)
            assert self.at.count(names.whole) == manifest["triples"]
            for ours, theirs in names.graphs.items():
                assert self.at.count(theirs) == manifest["graphs"][ours]
            expected |= set(names.all())
        assert {graph for graph in graphs_of(self.at) if graph.startswith(BASE)} == expected
        return record


@contextmanager
def server(kind: str, folder: Path) -> Iterator[tuple[str, RdfServer]]:
    user = Credentials(user="dba", password="dba") if kind == "virtuoso" else None
    with empty_oxigraph() if kind == "oxigraph" else empty_virtuoso(folder) as url:
        client = HttpClient(user, deadline=20)
        yield url, RdfServer(Addresses.of(url, KINDS[kind]), client)
        client.close()


@pytest.fixture(scope="module", params=["oxigraph", "virtuoso"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("together")
    releases = {
        name: release(folder, name, [f'<http://e/n> <http://e/n> "{n}" <{BASE}graph/{n}> .'])
        for n, name in enumerate((OLD, NEW, NEWER))
    }
    with server(request.param, folder) as (url, at):
        publish(at, releases[OLD])
        yield Place(request.param, url, at, releases)


def test_two_that_start_at_once_do_one_after_the_other_or_say_why_not(place: Place) -> None:
    for names in ((NEW, NEWER), (NEW, NEW)):
        begun = [place.begin(name) for name in names]
        ends = [run.communicate(timeout=60)[1] for run in begun]
        done = [name for name, run in zip(names, begun, strict=True) if run.returncode == 0]
        assert done, ends
        for run, said in zip(begun, ends, strict=True):
            assert run.returncode == 0 or said.startswith(CLEAR), said
        assert place.check().current in done


@contextmanager
def at_write(
    place: Place, number: int, process: list[subprocess.Popen[str]], sent: int
) -> Iterator[str]:
    """A proxy that sends a signal to a process when it is about to write for so many times."""
    writes = 0

    def inject(handler: BaseHTTPRequestHandler, _: int) -> bool:
        nonlocal writes
        writes += handler.command in ("PUT", "DELETE") or "update" in handler.path
        writes += handler.command == "POST" and "graph=" in handler.path
        writes += "sparql-auth" in handler.path
        if writes == number:
            writes += 1
            process[0].send_signal(sent)
        return False

    with faulty(place.url, inject) as url:
        yield url


@pytest.mark.parametrize("number", [2, 10])
def test_after_one_that_was_killed_the_next_goes_on(place: Place, number: int) -> None:
    """It is killed when it has made its claim, and in the last writes."""
    publish(place.at, place.releases[OLD])
    process: list[subprocess.Popen[str]] = []
    with at_write(place, number, process, signal.SIGKILL) as url:
        process.append(place.begin(NEW, url=url))
        process[0].communicate(timeout=60)
    assert process[0].returncode == -signal.SIGKILL
    assert published.read(place.at, BASE).current is not None
    publish(place.at, place.releases[NEWER], replace(WISHES, silence=IMPATIENT))
    assert place.check().current == NEWER


def takes_the_place(place: Place, name: str) -> bool:
    """True if the release was brought; not while a sign of one that stopped is on its way."""
    with suppress(PublishFailed):
        publish(place.at, place.releases[name], replace(WISHES, silence=IMPATIENT))
    return published.read(place.at, BASE).current == name


def test_one_that_wakes_up_after_another_took_its_place_changes_nothing(place: Place) -> None:
    publish(place.at, place.releases[OLD])
    process: list[subprocess.Popen[str]] = []
    with at_write(place, 5, process, signal.SIGSTOP) as url:
        process.append(place.begin(NEW, url=url, silence=IMPATIENT))
        stat = Path(f"/proc/{process[0].pid}/stat")
        eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")
        eventually(lambda: takes_the_place(place, NEWER))
        os.kill(process[0].pid, signal.SIGCONT)
        said = process[0].communicate(timeout=60)[1]
    assert process[0].returncode == 1
    assert said.startswith("Another run took the place"), said
    assert place.check().current == NEWER


def test_while_one_is_alive_another_is_refused_and_says_what_is_under_way(place: Place) -> None:
    lock = PublishedLock(place.at, BASE, NEW, progress=lambda _: None, silence=IMPATIENT)
    with lock:
        published.begin(place.at, BASE, NEW, [f"{BASE}release/{NEW}/all"])
        plan = Publisher(place.releases[NEWER], place.at, BASE, WISHES, lambda _: None).plan()
        assert [run.release for run in plan.before.runs] == [NEW]
        assert NEW not in plan.cleaned
        with pytest.raises(PublishFailed, match=f"Another run .* release {NEW}"):
            publish(place.at, place.releases[NEWER], replace(WISHES, silence=PATIENT))
    assert published.read(place.at, BASE).runs == ()


def test_never_two_hold_the_lock(place: Place) -> None:
    holders = most = held = 0

    def hold() -> None:
        nonlocal holders, most, held
        for _ in range(3):
            with (
                suppress(PublishFailed),
                PublishedLock(place.at, BASE, NEW, progress=lambda _: None, silence=6),
            ):
                holders += 1
                most, held = max(most, holders), held + 1
                time.sleep(0.02)
                holders -= 1

    threads = [threading.Thread(target=hold) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, held > 0) == (1, True)
