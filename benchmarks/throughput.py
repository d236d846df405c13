"""All workloads on all systems, in rounds: each system in turn, the medians over the rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from subprocess import SubprocessError

from benchmarks import workloads
from benchmarks.load import Load, Run, Summary, summary
from benchmarks.place import Dataset, Place
from benchmarks.processes import OtherWork, idle_after
from benchmarks.requests import Expected, Reply, Requests, Wrong, check, requests_for
from benchmarks.systems import Running, System
from benchmarks.workloads import HELLO, Workload

LONG = 0.05  # seconds; from here on a fixed number of answers is timed, not a fixed time
SLOW = 1.0  # seconds; from here on one answer is timed, when it is checked
LONGEST = 12.0  # seconds that the answers of one run may take if they come one after the other
_ANSWERS = 3
_SETTLE = 10.0
_HELLO = Workload(name=HELLO, label="1.5 KB without work", queries=[""])

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Cell:
    """Where a figure stands: which system, which workload, over how many connections."""

    system: str
    workload: str
    connections: int


@dataclass
class Results:
    """What was measured, and why a system or one of its workloads was not."""

    runs: dict[Cell, list[Run]] = field(default_factory=dict)
    wrong: dict[tuple[str, str], str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    other_work: list[float] = field(default_factory=list)  # cores, one figure a run
    rounds: int = 0

    def summaries(self) -> dict[Cell, Summary]:
        """The medians of every cell that was measured."""
        return {cell: summary(runs) for cell, runs in self.runs.items()}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured: at most ``rounds`` rounds, and none that might end after ``budget``
    seconds. Every second round measures with ``usual`` connections alone.
    """

    usual: int
    others: Sequence[int] = ()
    rounds: int
    seconds: int
    budget: float

    def connections(self, of_round: int) -> list[int]:
        """The numbers of connections in a round, counted from 1."""
        return sorted({self.usual, *(self.others if of_round % 2 else ())})


@dataclass(frozen=True)
class _Task:
    """A workload on a system, with the seconds that one answer takes."""

    system: Running
    workload: Workload
    requests: Requests
    answer: float

    def run(self, load: Load, *, connections: int, seconds: int) -> Run | None:
        """A run of fixed time, or of a fixed number of long answers; None if it would last."""
        if self.answer <= LONG:
            return load.run(self.system, self.requests, connections=connections, seconds=seconds)
        if connections > 1 and self.answer * connections > LONGEST:
            return None
        answers = max(connections, _ANSWERS)
        return load.batch(self.system, self.requests, connections=connections, answers=answers)


def measure(
    place: Place,
    data: Dataset,
    systems: Sequence[System],
    plan: Plan,
    progress: Progress,
    *,
    names: Sequence[str] = (),
) -> Results:
    """Starts the systems, checks their answers, and measures what is right.

    ``names`` are those of the workloads to measure; none: all.
    """
    results = Results()
    chosen = [
        workload
        for workload in (*workloads.workloads(data), _HELLO)
        if not names or workload.name in names
    ]
    with ExitStack() as stack:
        started = _start(stack, systems, (place, data), results, progress)
        progress(f"read {data.triples} triples, to know the right answers")
        expected = Expected.of(data)
        tasks = []
        for workload in chosen:
            progress(f"check {workload.label}")
            found = [_checked(system, workload, expected, results) for system in started]
            tasks.append([task for task in found if task is not None])
        _rounds(tasks, plan, Load(place.scratch("load")), results, progress)
    return results


def _start(
    stack: ExitStack,
    systems: Sequence[System],
    on: tuple[Place, Dataset],
    results: Results,
    progress: Progress,
) -> list[Running]:
    started = []
    for system in systems:
        results.labels[system.key] = system.label
        why = system.missing(on[0])
        if why is None:
            progress(f"start {system.label}")
            try:
                started.append(stack.enter_context(system.start(*on)))
            except (OSError, SubprocessError) as error:
                why = f"did not start: {error}"
        if why is not None:
            results.absent[system.key] = why
    return started


def _checked(
    system: Running, workload: Workload, expected: Expected, results: Results
) -> _Task | None:
    requests = requests_for(system, workload)
    if requests is None:
        return None
    try:
        answer = check(system, workload, requests, expected)
    except Wrong as wrong:
        results.wrong[system.key, workload.name] = str(wrong)
        return None
    if answer.seconds > SLOW:
        results.runs[Cell(system.key, workload.name, 1)] = [_alone(answer)]
        return None
    return _Task(system, workload, requests, answer.seconds)


def _alone(answer: Reply) -> Run:
    """The check of a long answer as a run, since waiting for it again would show no more."""
    return Run(
        per_second=1 / answer.seconds,
        p50=answer.seconds * 1000,
        p99=answer.seconds * 1000,
        requests=1,
        bytes_each=len(answer.body),
        errors={},
    )


def _rounds(
    tasks: Sequence[Sequence[_Task]], plan: Plan, load: Load, results: Results, progress: Progress
) -> None:
    end, longest = time.monotonic() + plan.budget, 0.0
    while results.rounds < plan.rounds and time.monotonic() + longest < end:
        begin, now = time.monotonic(), results.rounds + 1
        for of_one_workload in tasks:
            for connections in plan.connections(now):
                for task in _turned(of_one_workload, now):
                    progress(
                        f"round {now} of {plan.rounds}: {task.workload.label}, "
                        f"{connections} connections, {task.system.label}"
                    )
                    _measure_once(task, connections, plan, load, results)
        results.rounds = now
        longest = max(longest, time.monotonic() - begin)


def _turned(tasks: Sequence[_Task], by: int) -> list[_Task]:
    """Each system in turn is the first, so that none always follows the same one."""
    start = by % len(tasks) if tasks else 0
    return [*tasks[start:], *tasks[:start]]


def _measure_once(task: _Task, connections: int, plan: Plan, load: Load, results: Results) -> None:
    cell = Cell(task.system.key, task.workload.name, connections)
    others = OtherWork(task.system.pid)
    run = task.run(load, connections=connections, seconds=plan.seconds)
    if run is not None:
        results.other_work.append(others.cores())
        results.runs.setdefault(cell, []).append(run)
        # What a system goes on with after its clients have left must not slow the next one.
        idle_after(task.system.pid, _SETTLE)
