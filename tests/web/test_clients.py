"""Who a client is, and that nobody is served less because of another."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from migkg.web.clients import client_of
from tests.processes import eventually
from tests.web.client import Reply, sparql
from tests.web.edge import ENDLESS, PATIENCE, Edge, edge

PEER = "192.0.2.9"


def client(*forwarded: str, peer: str | None = PEER, hops: int = 0) -> str:
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return client_of({"client": (peer, 1) if peer else None, "headers": headers}, hops)


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, [], PEER),
        (0, ["10.0.0.1"], PEER),
        (1, ["10.0.0.1"], "10.0.0.1"),
        (1, ["6.6.6.6, 10.0.0.1"], "10.0.0.1"),
        (1, ["6.6.6.6", "10.0.0.1"], "10.0.0.1"),
        (1, ["6.6.6.6,\t10.0.0.1 "], "10.0.0.1"),
        (2, ["6.6.6.6, 10.0.0.1, 10.0.0.2"], "10.0.0.1"),
        (2, ["6.6.6.6, 10.0.0.1", "10.0.0.2"], "10.0.0.1"),
        (2, ["10.0.0.1"], PEER),
        (1, [], PEER),
        (1, [""], PEER),
        (1, ["10.0.0.1,"], PEER),
    ],
)
def test_the_client_is_as_far_from_the_right_as_there_are_proxies(
    hops: int, forwarded: list[str], expected: str
) -> None:
    assert client(*forwarded, hops=hops) == expected


@pytest.mark.parametrize(
    "given",
    ["unknown", "_hidden", "10.0.0", "10.0.0.256", "é", "x" * 30_000, "10.0.0.1 x", "[", "1:2:3"],
)
def test_what_is_no_address_says_nothing(given: str) -> None:
    assert client(given, hops=1) == PEER


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("10.0.0.1:5000", "10.0.0.1"),
        ("[2001:db8:1:2::3]:5000", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::3]", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::1", "::/64"),
    ],
)
def test_an_address_is_the_same_however_it_is_written(given: str, expected: str) -> None:
    assert client(given, hops=1) == expected
    if "]" not in given and ":5000" not in given:
        assert client(peer=given) == expected


def test_a_connection_without_an_address_is_one_client(tmp_path: object) -> None:
    assert client(peer=None) == ""
    assert client("10.0.0.1", peer=None, hops=1) == "10.0.0.1"


# Fairness sees it


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """One place, one slow place and a short queue, behind one proxy."""
    with edge(
        tmp_path_factory.mktemp("clients"),
        PROXY_HOPS="1",
        QUERY_PROCESSES="1",
        SLOW_QUERIES="1",
        SLOW_AFTER="1",
        QUERY_QUEUE="3",
        QUERY_DEADLINE="8",
        QUERY_WAIT="30",
    ) as running:
        yield running


def asked_by(service: Edge, address: str, query: str) -> Reply:
    return sparql(service, query, {"X-Forwarded-For": f"203.0.113.7, {address}"})


def test_of_two_clients_behind_one_proxy_the_greedy_one_waits(service: Edge) -> None:
    with ThreadPoolExecutor(12) as pool:
        greedy = [pool.submit(asked_by, service, "10.0.0.1", f"{ENDLESS}#{n}") for n in range(12)]
        eventually(lambda: any(one.done() for one in greedy), PATIENCE)
        others = [asked_by(service, "10.0.0.2", f"ASK {{}} #{number}") for number in range(4)]
        assert [reply.status for reply in others] == [200] * 4
        statuses = [one.result().status for one in greedy]
    assert statuses.count(429) >= 4
    assert set(statuses) <= {429, 503, 504}


def test_a_client_that_asks_for_too_much_at_once_is_429(service: Edge) -> None:
    with ThreadPoolExecutor(12) as pool:
        found = list(
            pool.map(lambda n: asked_by(service, "10.0.0.3", f"{ENDLESS}# {n}"), range(12))
        )
    refused = [reply for reply in found if reply.status == 429]
    assert refused
    for reply in refused:
        reply.problem(429, "too-many-requests")
        assert int(reply.headers["Retry-After"]) > 0
