"""What harms a service is answered with a problem, and harms nobody else."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest

from migkg.engine.release import Release
from migkg.settings import Settings
from tests.conftest import BASE, Service, serve
from tests.web.client import Reply, ask, sparql
from tests.web.poison import POISONS, Poison

THEMES = f"{BASE}graph/themes"
COUNT = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{THEMES}> {{ ?s ?p ?o }} }}"
SENDERS = 4
PROCESSES = 6  # more than senders, so that the others need not wait


@pytest.fixture(scope="module")
def strict_service(settings: Settings, release: Release) -> Iterator[Service]:
    """A service with a short deadline, little memory and small answers."""
    limits = {
        "MIGKG_QUERY_DEADLINE": "0.8",
        "MIGKG_QUERY_MEMORY": str(100 * 1024**2),
        "MIGKG_QUERY_PROCESSES": str(PROCESSES),
        "MIGKG_ANSWER_BYTES": str(4 * 1024**2),
        "MIGKG_SLOW_QUERIES": str(SENDERS + 1),  # else one client may not have so many
    }
    with serve(settings, release, **limits) as running_service:
        yield running_service


def direct_children(pid: int) -> set[int]:
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(child) for path in listed for child in path.read_text("ascii").split()}


def send(service: Service, poison: Poison) -> Reply:
    return ask(service, poison.path, method=poison.method, headers=poison.headers, body=poison.body)


def is_problem(reply: Reply) -> bool:
    """True if the reply is a whole problem document (RFC 9457)."""
    if reply.media_type != "application/problem+json":
        return False
    problem = reply.json()
    return bool(
        problem["status"] == reply.status
        and problem["type"].startswith("/docs#")
        and problem["title"] == HTTPStatus(reply.status).phrase
        and problem["detail"]
        and reply.headers["Cache-Control"] == "no-store"
    )


def test_poison_harms_only_its_sender(strict_service: Service, dataset: ox.Store) -> None:
    expected = str(
        sum(1 for _ in dataset.quads_for_pattern(None, None, None, ox.NamedNode(THEMES)))
    )
    before = direct_children(strict_service.pid)
    done = Event()

    def count_all_the_time() -> list[Reply]:
        replies = []
        while not done.is_set():
            replies.append(sparql(strict_service, COUNT))
        return replies

    order = random.Random(1).sample(POISONS, len(POISONS))
    with ThreadPoolExecutor(SENDERS + 1) as pool:
        counting = pool.submit(count_all_the_time)
        try:
            replies = list(pool.map(lambda poison: send(strict_service, poison), order))
        finally:
            done.set()
        counts = counting.result()

    wrong = [
        f"{poison.name}: {reply.status} {reply.text[:200]}"
        for poison, reply in zip(order, replies, strict=True)
        if reply.status not in poison.statuses or not is_problem(reply)
    ]
    assert not wrong, "\n".join(wrong)
    assert len(counts) > SENDERS
    assert {reply.status for reply in counts} == {200}
    values = {reply.json()["results"]["bindings"][0]["n"]["value"] for reply in counts}
    assert values == {expected}
    assert direct_children(strict_service.pid) == before, "a process of the service has ended"
    assert ask(strict_service, "/readyz").status == 200


def test_there_is_enough_poison() -> None:
    assert len(POISONS) >= 60
    assert len({poison.name for poison in POISONS}) == len(POISONS)


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 100\r\n\r\nASK {}",
        b"Content-Length: 3\r\n\r\nASK {}",
        b"Content-Length: -1\r\n\r\nASK {}",
        b"Content-Length: 1e3\r\n\r\nASK {}",
        b"Content-Length: 6\r\nContent-Length: 7\r\n\r\nASK {}",
        b"Transfer-Encoding: chunked\r\n\r\nASK {}",
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nASK {}",
        b"Transfer-Encoding: chunked\r\n\r\n10\r\nASK {}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n6\r\nASK {}\r\n0\r\n\r\nxxx",
        b"Content-Length: 6",
        b"\0: 6\r\n\r\nASK {}",
    ],
)
def test_a_body_of_another_length_is_never_answered_200(
    strict_service: Service, rest: bytes
) -> None:
    address = urlsplit(strict_service.url)
    head = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    with socket.create_connection((address.hostname, address.port), 10) as connection:
        connection.sendall(head + rest)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received == b"" or received.startswith(b"HTTP/1.1 4"), received
    assert sparql(strict_service, "ASK {}").status == 200
