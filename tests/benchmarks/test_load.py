"""Runs of load, and the medians over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.load import Load, Run, parse, summary
from benchmarks.requests import Requests
from tests.benchmarks.conftest import Endpoint

LINE = (
    '{"requests":100,"microseconds":2000000,"bytes":5000,"p50":1500,"p99":9000,"connect":0,'
    '"read":2,"write":0,"timeout":0,"status":3}\n'
)


def run(per_second: float, **errors: int) -> Run:
    return Run(
        per_second=per_second, p50=1, p99=per_second, requests=1, bytes_each=1, errors=errors
    )


def test_the_last_line_of_the_output_is_read() -> None:
    assert parse(f"Running 2s test\n{LINE}") == Run(
        per_second=50, p50=1.5, p99=9, requests=100, bytes_each=50, errors={"read": 2, "status": 3}
    )


def test_a_run_without_any_answer_is_no_error() -> None:
    found = parse(LINE.replace('"requests":100', '"requests":0'))
    assert found.per_second == 0


def test_the_median_over_the_runs_stands_and_errors_add_up() -> None:
    found = summary([run(1, read=1), run(100), run(3, read=2, status=1)])
    assert (found.per_second, found.p99, found.runs) == (3, 3, 3)
    assert found.errors == {"read": 3, "status": 1}


@pytest.mark.skipif(not Load.available(), reason="wrk is not installed")
def test_no_number_is_used_twice(endpoint: Endpoint, tmp_path: Path) -> None:
    load = Load(tmp_path)
    requests = Requests(["/a?n=@@&m=@@", "/b?n=@@"], {"Accept": "text/plain"})
    for _ in range(2):
        found = load.run(endpoint.system, requests, connections=4, seconds=1)
        assert found.errors == {}
    load.batch(endpoint.system, requests, connections=2, answers=5)
    paths = [path for path, _ in endpoint.asked]
    assert len(paths) == len(set(paths)) > 10
    assert {path[:3] for path in paths} == {"/a?", "/b?"}
    first = next(path for path in paths if path.startswith("/a"))
    assert first.partition("n=")[2].partition("&")[0] == first.partition("m=")[2]


@pytest.mark.skipif(not Load.available(), reason="wrk is not installed")
def test_a_status_of_failure_is_counted(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.status = 500
    load = Load(tmp_path)
    found = load.run(endpoint.system, Requests(["/"]), connections=1, seconds=1)
    assert found.errors == {"status": found.requests}


def test_a_batch_waits_for_every_answer(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.body = b"x" * 3_000_000
    load = Load(tmp_path)
    found = load.batch(endpoint.system, Requests(["/"]), connections=3, answers=6)
    assert (found.requests, found.bytes_each, found.errors) == (6, 3_000_000, {})
    endpoint.status = 503
    failed = load.batch(endpoint.system, Requests(["/"]), connections=1, answers=2)
    assert (failed.per_second, failed.errors) == (0, {"status": 2})
