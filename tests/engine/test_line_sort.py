"""Runs of lines in files come together in order, whatever their sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migkg.engine import line_sort
from migkg.engine.line_sort import merge, write_run
from migkg.engine.workers import Workers

LINES = st.lists(
    st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"\0"))
    | st.sampled_from([b"same", b"same line", b"s" * 300, b"s" * 299 + b"t", b"s" * 256]),
    max_size=60,
)


def merged(folder: Path, runs: list[list[bytes]], processes: int = 0) -> bytes:
    written = [write_run(folder / f"run-{number}", lines) for number, lines in enumerate(runs)]
    with Workers(processes, memory=0) as workers:
        return b"".join(path.read_bytes() for path in merge(written, folder, workers))


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks and ranges so narrow that a few lines need many of them."""
    monkeypatch.setattr(line_sort, "_GAP", 8)
    monkeypatch.setattr(line_sort, "_SMALLEST", 16)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=5))
def test_all_lines_come_once_and_in_order(tmp_path: Path, runs: list[list[bytes]]) -> None:
    expected = sorted({line for run in runs for line in run})
    assert merged(tmp_path, runs) == b"".join(line + b"\n" for line in expected)


def test_other_processes_do_the_same(tmp_path: Path) -> None:
    runs = [[b"%d" % (number * 7 % 1000) for number in range(start, 3000, 3)] for start in range(3)]
    assert merged(tmp_path, runs, processes=2) == merged(tmp_path, runs)


def test_long_lines_that_begin_alike_are_in_the_right_range(tmp_path: Path) -> None:
    alike = b"x" * line_sort._KEY
    lines = [alike + b"%03d" % number for number in range(200)]
    runs = [lines[::2], lines[1::2], lines[50:150]]
    assert merged(tmp_path, runs).split() == lines
