"""A hostile query costs its sender an error, and everybody else nothing."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import pytest

from migkg.engine.release import Release
from migkg.settings import Settings
from tests.conftest import Service, serve
from tests.processes import eventually, runs, zygotes
from tests.web.edge import ENDLESS

DEADLINE = 2.0
BUSY = 50  # ticks of the processor
CROSS_PRODUCT = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def impatient(settings: Settings, release: Release) -> Iterator[Service]:
    """A service that soon stops a query."""
    limits = {"MIGKG_QUERY_DEADLINE": str(DEADLINE), "MIGKG_SLOW_AFTER": "0.25"}
    with serve(settings, release, **limits) as running:
        yield running


@pytest.fixture(scope="module")
def patient(settings: Settings, release: Release) -> Iterator[Service]:
    """A service that gives a query time enough, but little memory."""
    limits = {"MIGKG_QUERY_DEADLINE": "120", "MIGKG_QUERY_MEMORY": "67108864"}
    with serve(settings, release, **limits) as running:
        yield running


def ask(service: Service, query: str) -> tuple[int, dict[str, object]]:
    try:
        with urlopen(f"{service.sparql}?query={quote(query)}", timeout=120) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def stat_fields(stat: Path) -> list[str]:
    """The fields of a process from its state on."""
    return stat.read_text("utf-8").rpartition(")")[2].split()


def children(pid: int) -> list[int]:
    """Every process below one, found by parent in /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(entry.parent.name)] = int(stat_fields(entry)[1])
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found[1:]


def test_cross_product_is_504_at_the_deadline_and_others_are_served(impatient: Service) -> None:
    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        hostile = pool.submit(ask, impatient, CROSS_PRODUCT)
        served = 0
        while not hostile.done():
            assert ask(impatient, "ASK {}") == (200, {"head": {}, "boolean": True})
            served += 1
        status, problem = hostile.result()
        elapsed = time.monotonic() - started
    assert status == 504
    assert problem["type"] == "/docs#query-timeout"
    assert elapsed >= DEADLINE
    assert served > 10


def test_answer_after_every_process_was_killed(impatient: Service) -> None:
    with ThreadPoolExecutor(4) as pool:
        statuses = {s for s, _ in pool.map(lambda _: ask(impatient, CROSS_PRODUCT), range(4))}
    assert 504 in statuses
    assert statuses <= {429, 504}  # of one client no more wait than there are slow places
    assert ask(impatient, "ASK {}")[0] == 200


DOUBLING = (
    'SELECT * { BIND("xxxxxxxxxxxxxxxx" AS ?a0) '
    + " ".join(f"BIND(CONCAT(?a{n},?a{n},?a{n},?a{n}) AS ?a{n + 1})" for n in range(20))
    + "}"
)


def test_a_query_that_kills_its_process_is_a_problem_of_its_own(patient: Service) -> None:
    for number in range(2):
        status, problem = ask(patient, f"{DOUBLING} # {number}")
        assert (status, problem["type"]) == (507, "/docs#query-crashed")
        assert ask(patient, "ASK {}")[0] == 200


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "SERVICE"),
        ("SELECT * { sErViCe SILENT <http://127.0.0.1:9/> { ?s ?p ?o } }", "SERVICE"),
        ("SELECT * { \\u0053ERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "SERVICE"),
        ("LOAD <http://127.0.0.1:9/>", "LOAD"),
        ("SELECT * " + "{" * 101 + "}" * 101, "nested"),
    ],
)
def test_what_is_never_done_is_refused_with_its_place(
    service: Service, query: str, word: str
) -> None:
    status, problem = ask(service, query)
    assert status == 400
    assert word in str(problem["detail"])
    assert problem["line"] == 1


def query_processes(service: Service) -> list[int]:
    """The processes below the one that holds the release."""
    return [pid for holder in zygotes(service.pid) for pid in children(holder)]


def processor_time(pid: int) -> int:
    """The ticks that a process has used; 0 if it is there no more."""
    with suppress(OSError):
        fields = stat_fields(Path(f"/proc/{pid}/stat"))
        return int(fields[11]) + int(fields[12])
    return 0


def test_a_query_is_killed_when_its_client_goes_away(patient: Service) -> None:
    address = urlsplit(patient.url)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    with closing(connection):
        connection.request("GET", f"/sparql?query={quote(ENDLESS)}")
        eventually(lambda: busy(patient) != [])
        asked = busy(patient)
    eventually(lambda: not any(map(runs, asked)))


def busy(service: Service) -> list[int]:
    """The query processes that have worked for longer than any other query of this file takes."""
    return [pid for pid in query_processes(service) if processor_time(pid) > BUSY]


def test_no_process_outlives_a_killed_service(settings: Settings, release: Release) -> None:
    with serve(settings, release) as own:
        family = children(own.pid)
        assert family
        os.kill(own.pid, 9)
        eventually(lambda: not any(map(runs, family)))


def test_the_children_are_found(service: Service) -> None:
    assert ask(service, "ASK {}")[0] == 200
    assert len(children(service.pid)) >= 2
