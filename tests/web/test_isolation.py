"""A hostile query costs its sender an error, and everybody else nothing."""

from __future__ import annotations

import http.client
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import pytest

from tests.conftest import DEADLINE, Service, serve

CROSS_PRODUCT = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def ask(service: Service, query: str) -> tuple[int, dict[str, object]]:
    try:
        with urlopen(f"{service.sparql}?query={quote(query)}", timeout=30) as response:
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


def test_cross_product_is_504_at_the_deadline_and_others_are_served(service: Service) -> None:
    with ThreadPoolExecutor(1) as pool:
        started = time.monotonic()
        hostile = pool.submit(ask, service, CROSS_PRODUCT)
        served = 0
        while not hostile.done():
            assert ask(service, "ASK {}") == (200, {"head": {}, "boolean": True})
            served += 1
        status, problem = hostile.result()
        elapsed = time.monotonic() - started
    assert status == 504
    assert problem["type"] == "/docs#query-timeout"
    assert elapsed >= DEADLINE
    assert served > 10


def test_answer_after_every_process_was_killed(service: Service) -> None:
    with ThreadPoolExecutor(4) as pool:
        statuses = {s for s, _ in pool.map(lambda _: ask(service, CROSS_PRODUCT), range(4))}
    assert 504 in statuses
    assert statuses <= {429, 504}  # of one client no more wait than there are slow places
    assert ask(service, "ASK {}")[0] == 200


DOUBLING = (
    'SELECT * { BIND("xxxxxxxxxxxxxxxx" AS ?a0) '
    + " ".join(f"BIND(CONCAT(?a{n},?a{n},?a{n},?a{n}) AS ?a{n + 1})" for n in range(20))
    + "}"
)


def test_a_query_that_kills_its_process_is_a_problem_of_its_own(settings, release) -> None:
    # With time enough, so that only the memory can end it.
    with serve(settings, release, MIGKG_QUERY_DEADLINE="120", MIGKG_QUERY_MEMORY="67108864") as own:
        for number in range(2):
            status, problem = ask(own, f"{DOUBLING} # {number}")
            assert (status, problem["type"]) == (507, "/docs#query-crashed")
            assert ask(own, "ASK {}")[0] == 200


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


def test_a_query_is_killed_when_its_client_goes_away(service: Service) -> None:
    def processor_seconds() -> float:
        total = 0
        for pid in children(service.pid):
            with suppress(OSError):
                fields = stat_fields(Path(f"/proc/{pid}/stat"))
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    address = urlsplit(service.url)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    connection.request("GET", f"/sparql?query={quote(CROSS_PRODUCT)}")
    time.sleep(0.4)
    before = set(children(service.pid))
    connection.close()
    end = time.monotonic() + DEADLINE * 0.6
    while time.monotonic() < end and before <= set(children(service.pid)):
        time.sleep(0.05)
    assert not before <= set(children(service.pid)), "the process of the query still runs"
    assert processor_seconds() >= 0


def test_no_process_outlives_a_killed_service(settings, release) -> None:
    with serve(settings, release) as own:
        family = children(own.pid)
        assert family
        os.kill(own.pid, 9)
        end = time.monotonic() + 5
        while time.monotonic() < end and any(Path(f"/proc/{pid}").exists() for pid in family):
            time.sleep(0.05)
        assert [pid for pid in family if Path(f"/proc/{pid}").exists()] == []


def test_the_children_are_found(service: Service) -> None:
    assert ask(service, "ASK {}")[0] == 200
    assert len(children(service.pid)) >= 2
