"""Processes that share work give what one would give, and end with whoever asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migkg.engine.workers import Task, Workers, in_order
from migkg.errors import BadFile, WorkerEnded
from tests.processes import children, eventually, runs

ASK = """
import os, sys, time
from migkg.engine.workers import Task, Workers
from tests.engine.test_workers import sleep
with Workers(2, memory=0) as workers:
    for _ in workers.each(sleep, [Task("sleep", ()), Task("sleep", ())]):
        os.write(1, b"R")
"""


def square(number: int) -> Iterator[tuple[int, int]]:
    yield number, number * number


def fail(text: str) -> Iterator[None]:
    raise BadFile(text)
    yield


def end(_: str) -> Iterator[None]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield


def eat(number: int) -> Iterator[int]:
    yield len(bytearray(number))


def sleep() -> Iterator[int]:
    yield 0
    signal.pause()


@pytest.mark.parametrize("count", [0, 2])
def test_every_task_is_done_and_in_order(count: int) -> None:
    tasks = (Task("a square", (number,)) for number in range(20))
    with Workers(count, memory=0) as workers:
        assert list(in_order(workers.each(square, tasks))) == [n * n for n in range(20)]
        again = [Task("a square", (0,))]
        assert list(workers.each(square, again)) == [(0, 0)]


@pytest.mark.parametrize("count", [0, 2])
def test_an_error_of_a_task_is_raised(count: int) -> None:
    with Workers(count, memory=0) as workers, pytest.raises(BadFile, match="so it is"):
        list(workers.each(fail, [Task("x", ("so it is",))]))


def test_a_process_that_ends_is_named_by_what_it_worked_on() -> None:
    with Workers(2, memory=0) as workers, pytest.raises(WorkerEnded, match=r"a\.nt"):
        list(workers.each(end, [Task("a.nt", ("x",))]))


def test_memory_is_limited(capfd: pytest.CaptureFixture[str]) -> None:
    with Workers(2, memory=0) as workers, pytest.raises(WorkerEnded):
        list(workers.each(eat, [Task("x", (2 * 1024**3,))]))
    assert "Traceback" not in capfd.readouterr().err


def test_the_processes_end_with_the_one_that_asked() -> None:
    command = [sys.executable, "-c", ASK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd()) as process:
        assert process.stdout
        assert process.stdout.read(2) == b"RR"
        workers = children(process.pid)
        assert len(workers) == 2
        process.kill()
        process.wait()
    eventually(lambda: not any(runs(pid) for pid in workers))
