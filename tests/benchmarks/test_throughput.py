"""Systems are started, checked and measured; what cannot be measured is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks import throughput, workloads
from benchmarks.load import Load
from benchmarks.place import Dataset, Place, prepare
from benchmarks.systems import Running, System, migkg_with
from benchmarks.throughput import Cell, Plan, Results
from tests.benchmarks.conftest import Endpoint

SIZE = 1000
pytestmark = pytest.mark.skipif(not Load.available(), reason="wrk is not installed")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def data(place: Place) -> Dataset:
    return prepare(place, SIZE, lambda _: None)


def system(name: str, running: Running | Exception, missing: str | None = None) -> System:
    @contextmanager
    def start(*_: object) -> Iterator[Running]:
        if isinstance(running, Exception):
            raise running
        yield running

    return System(key=name, label=name, start=start, missing=lambda _: missing)


def measure(place: Place, data: Dataset, *systems: System, rounds: int = 1) -> Results:
    plan = Plan(usual=1, rounds=rounds, seconds=1, budget=60)
    names = (workloads.POINT,)
    return throughput.measure(place, data, systems, plan, lambda _: None, names=names)


def test_migkg_is_measured_on_the_generated_graph(place: Place, data: Dataset) -> None:
    results = measure(place, data, migkg_with(1), rounds=2)
    assert (results.wrong, results.absent, results.rounds) == ({}, {}, 2)
    (found,) = results.summaries().values()
    assert found.per_second > 0
    assert (found.runs, found.errors) == (2, {})


def test_a_second_call_finds_the_release_there(place: Place, data: Dataset) -> None:
    steps: list[str] = []
    assert prepare(place, SIZE, steps.append) == data
    assert not [step for step in steps if step.startswith("release")]


def test_a_wrong_system_is_not_measured(place: Place, data: Dataset, endpoint: Endpoint) -> None:
    endpoint.body = b'{"results": {"bindings": []}}'
    results = measure(place, data, system("peer", endpoint.system))
    ((key, why),) = results.wrong.items()
    assert key == ("test", workloads.POINT)
    assert why.startswith("0 rows, not ")
    assert results.runs == {}


def test_a_system_that_is_not_there_or_does_not_start_is_left_out(
    place: Place, data: Dataset
) -> None:
    gone = system("gone", RuntimeError(), missing="not installed")
    broken = system("broken", ChildProcessError("it ended"))
    results = measure(place, data, gone, broken)
    assert results.absent == {"gone": "not installed", "broken": "did not start: it ended"}


@pytest.mark.parametrize(
    ("answer", "connections", "answers"),
    [(0.1, 1, 3), (0.1, 16, 16), (0.1, 64, 64), (0.2, 64, None), (0.7, 16, 16), (0.8, 16, None)],
)
def test_long_answers_are_counted_out_or_left_out(
    endpoint: Endpoint, answer: float, connections: int, answers: int | None
) -> None:
    workload = workloads.Workload(name="w", label="w", queries=["ASK {}"])
    requests = throughput.requests_for(endpoint.system, workload)
    assert requests
    task = throughput._Task(endpoint.system, workload, requests, answer)
    asked: list[int] = []

    class Counted(Load):
        def __init__(self) -> None:
            """Needs no folder."""

        def batch(self, *_: object, answers: int, **__: object) -> None:
            asked.append(answers)

    assert task.run(Counted(), connections=connections, seconds=1) is None
    assert asked == ([] if answers is None else [answers])


def test_every_system_comes_first_in_turn() -> None:
    cells = [Cell(name, "w", 1) for name in "abc"]
    turned = [throughput._turned(cells, number)[0].system for number in (1, 2, 3)]
    assert sorted(turned) == ["a", "b", "c"]


def test_every_second_round_keeps_to_the_usual_connections() -> None:
    plan = Plan(usual=16, others=(1, 64), rounds=3, seconds=1, budget=1)
    assert [plan.connections(number) for number in (1, 2, 3)] == [[1, 16, 64], [16], [1, 16, 64]]


def test_a_long_answer_is_not_waited_for_again(
    place: Place, data: Dataset, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throughput, "SLOW", 0.0)
    monkeypatch.setattr(throughput.Expected, "rows", lambda *_: 0)
    endpoint.body = b'{"results": {"bindings": []}}'
    results = measure(place, data, system("peer", endpoint.system), rounds=2)
    ((cell, (run,)),) = results.runs.items()
    assert cell == Cell("test", workloads.POINT, 1)
    assert (run.requests, run.bytes_each) == (1, len(endpoint.body))
    assert run.per_second == pytest.approx(1000 / run.p99)
