"""What is counted of hostile clients, and that they do what they are meant to."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.attacks import KINDS, Client, Outcome
from benchmarks.hostile import Kind, by_kind
from migkg.errors import BadQuery
from migkg.model.sparql_text import read_query
from migkg.settings import Settings
from tests.benchmarks.conftest import Endpoint
from tests.conftest import ROOT


def test_only_a_stopped_query_is_late() -> None:
    found = [
        Outcome("cross", 504, 2.1),
        Outcome("cross", 504, 2.5),
        Outcome("cross", 503, 9.0),
        Outcome("nested", 400, 0.1),
        Outcome("leaves", 0, 0.5),
    ]
    kinds = by_kind(found, 2.0)
    assert kinds["cross"].statuses == {"503": 1, "504": 2}
    assert kinds["cross"].late == pytest.approx(0.3)
    assert kinds["cross"].latest == pytest.approx(0.5)
    assert kinds["nested"] == Kind(statuses={"400": 1}, late=None, latest=None)
    assert kinds["leaves"].statuses == {"left": 1}


def test_a_client_reads_the_status_from_an_address_of_its_own(endpoint: Endpoint) -> None:
    endpoint.status, endpoint.body = 504, b"too late"
    assert Client(endpoint.port, "127.0.0.2").query("ASK {}") == 504
    assert endpoint.asked == [("/sparql?query=ASK%20%7B%7D", None)]


def test_a_client_that_leaves_or_finds_nobody_has_no_status(endpoint: Endpoint) -> None:
    assert Client(endpoint.port, "127.0.0.1").leave("ASK {}", 0.01) == 0
    assert Client(9, "127.0.0.1").query("ASK {}") == 0


def test_a_slow_reader_takes_what_it_is_given(endpoint: Endpoint) -> None:
    endpoint.body = b"x" * 100_000
    assert Client(endpoint.port, "127.0.0.1").sip("ASK {}", 0.3) == 200


@pytest.mark.parametrize("kind", KINDS)
def test_the_attacks_are_sparql_that_the_guard_reads_or_refuses_for_their_depth(
    endpoint: Endpoint, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    for name in ("query", "leave", "sip"):
        monkeypatch.setattr(Client, name, lambda _, text, *rest, **named: sent.append(text) or 0)
    KINDS[kind](Client(endpoint.port, "127.0.0.1"))
    (text,) = sent
    if kind == "deep nesting":
        with pytest.raises(BadQuery):
            read_query(text, Settings().query_limits)
    else:
        assert read_query(text, Settings().query_limits).text == text


def test_the_attackers_stop_by_themselves(endpoint: Endpoint) -> None:
    endpoint.status = 400
    command = [sys.executable, "-m", "benchmarks.attacks"]
    done = subprocess.run(
        [*command, str(endpoint.port), "127.0.0.2", "0.5", "cross product", "deep nesting"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=30,
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert {outcome["kind"] for outcome in outcomes} == {"cross product", "deep nesting"}
    assert {outcome["status"] for outcome in outcomes} == {400}
