"""Results as JSON and as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.growth import CONNECTIONS, Start
from benchmarks.hostile import Hostile, Kind
from benchmarks.load import Summary
from benchmarks.throughput import LONGEST, SLOW, Cell, Results
from benchmarks.workloads import AGGREGATE, CACHED, HELLO, POINT, ROWS

RIVAL, STORE, STACK = "rdflib-endpoint", "oxigraph-memory", "bare"
_NONE = "–"
SHIPPED = "the project's"
_START_LIMITS: dict[str | int, float] = {SHIPPED: 1.0, 1_000_000: 5.0}
_MIB = 1024 * 1024


@dataclass(kw_only=True)
class Report:
    """Everything that one call of the benchmarks has found."""

    machine: dict[str, str]
    triples: int
    names: dict[str, str]  # workload to its label, in the order of the tables
    throughput: Results
    starts: list[Start] = field(default_factory=list)
    by_size: dict[int, Results] = field(default_factory=dict)
    by_workers: Results | None = None
    hostile: list[Hostile] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A ratio that the project wants to reach, between two systems in one run."""

    workload: str
    system: str
    other: str
    least: float


AIMS = (
    Aim(workload=POINT, system="migkg-1", other=RIVAL, least=30),
    Aim(workload=POINT, system="migkg-1", other=STACK, least=0.33),
    Aim(workload=POINT, system="migkg-2", other=RIVAL, least=45),
    Aim(workload=POINT, system="migkg-2", other=STORE, least=0.4),
    Aim(workload=CACHED, system="migkg-2", other=STORE, least=1),
    Aim(workload=CACHED, system="migkg-2", other=STACK, least=0.85),
    Aim(workload=AGGREGATE, system="migkg-2", other=STORE, least=1.2),
    Aim(workload=ROWS, system="migkg-2", other=STORE, least=0.8),
)


def ratio(
    summaries: Mapping[Cell, Summary], *, workload: str, system: str, other: str, connections: int
) -> float | None:
    """How many times the throughput of ``other``; bare ASGI has one workload of its own."""
    against = HELLO if other == STACK else workload
    ours = summaries.get(Cell(system, workload, connections))
    theirs = summaries.get(Cell(other, against, connections))
    if ours is None or theirs is None or not theirs.per_second:
        return None
    return ours.per_second / theirs.per_second


def as_json(report: Report) -> dict[str, Any]:
    """Every run of every cell, and the rest as it is."""
    return {
        "machine": report.machine,
        "triples": report.triples,
        "throughput": _results_json(report.throughput),
        "starts": [asdict(start) for start in report.starts],
        "by_size": {str(size): _results_json(found) for size, found in report.by_size.items()},
        "by_workers": _results_json(report.by_workers) if report.by_workers else None,
        "hostile": [asdict(hostile) for hostile in report.hostile],
    }


def _results_json(results: Results) -> dict[str, Any]:
    medians = results.summaries()
    return {
        "rounds": results.rounds,
        "absent": results.absent,
        "other_work": results.other_work,
        "wrong": [
            {"system": system, "workload": workload, "why": why}
            for (system, workload), why in results.wrong.items()
        ],
        "cells": [
            {**asdict(cell), "median": asdict(medians[cell]), "runs": [asdict(run) for run in runs]}
            for cell, runs in results.runs.items()
        ],
    }


def markdown(report: Report) -> str:
    """All tables."""
    parts: Iterable[Iterator[str]] = (
        _conditions(report),
        _throughput(report),
        _ratios(report),
        _aims(report),
        _starts(report),
        _sizes(report),
        _workers(report),
        *(_hostile(hostile) for hostile in report.hostile),
    )
    return "\n".join(chain.from_iterable(parts)) + "\n"


def markers(mark: str) -> tuple[str, str]:
    """What stands before and behind tables in a document."""
    return f"<!-- {mark}:begin -->", f"<!-- {mark}:end -->"


def put_between(text: str, tables: str, *, mark: str = "bench") -> str:
    """A document with the tables between two markers, in place of what stood there."""
    begin, end = markers(mark)
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"The document has no {begin} with {end} after it.")
    return f"{before}{begin}\n\n{tables.strip()}\n\n{end}{after}"


def write_document(path: Path, tables: str, *, mark: str = "bench") -> None:
    """Puts the tables into a document."""
    path.write_text(put_between(path.read_text("utf-8"), tables, mark=mark), "utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table, and an empty line."""
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join("---" if i == 0 else "--:" for i in range(len(head))) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def number(value: float) -> str:
    """Three figures or more, thousands with commas."""
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def cell_text(results: Results, medians: Mapping[Cell, Summary], cell: Cell) -> str:
    """Requests a second and the 99th percentile, or why there are none."""
    if (cell.system, cell.workload) in results.wrong:
        return "wrong"
    found = medians.get(cell)
    if found is None:
        return _NONE
    text = f"{number(found.per_second)} · {number(found.p99)}" if found.per_second else "no answer"
    return f"{text} **{_errors(found.errors)}**" if found.errors else text


def _errors(errors: Mapping[str, int]) -> str:
    return "errors: " + ", ".join(f"{count} {kind}" for kind, count in sorted(errors.items()))


def _conditions(report: Report) -> Iterator[str]:
    results = report.throughput
    yield from (f"* {name}: {value}" for name, value in report.machine.items())
    yield f"* Graph: {report.triples:,} triples, the same file for all systems"
    yield (
        f"* Rounds: {results.rounds}; every figure is the median over them (with other than "
        f"{CONNECTIONS} connections over every second one)"
    )
    if results.other_work:
        least, most = min(results.other_work), max(results.other_work)
        yield (
            f"* Cores that something else used meanwhile: {median(results.other_work):.1f}, the "
            f"median over all runs ({least:.1f} to {most:.1f})"
        )
    for key, why in results.absent.items():
        yield f"* Left out: {results.labels[key]} ({why})"
    for (system, workload), why in results.wrong.items():
        label = report.names.get(workload, workload)
        yield f"* Wrong: {results.labels[system]}, {label}: {why}"
    yield ""


def _present(results: Results) -> list[str]:
    return [key for key in results.labels if key not in results.absent]


def _connections(results: Results) -> list[int]:
    return sorted({cell.connections for cell in results.runs})


def _throughput(report: Report) -> Iterator[str]:
    results, medians = report.throughput, report.throughput.summaries()
    systems = [key for key in _present(results) if key != STACK]
    for connections in _connections(results):
        plural = "connection" if connections == 1 else "connections"
        yield f"### {connections} {plural}: requests a second · 99th percentile in ms"
        yield ""
        rows = [
            [
                label,
                *(cell_text(results, medians, Cell(key, name, connections)) for key in systems),
            ]
            for name, label in report.names.items()
        ]
        yield from table(["", *(results.labels[key] for key in systems)], rows)
        hello = medians.get(Cell(STACK, HELLO, connections))
        if hello:
            text = f"{number(hello.per_second)} · {number(hello.p99)}"
            yield f"{results.labels[STACK]}: {text}"
            yield ""
    yield (
        f"An answer that takes longer than {SLOW:g} s is timed once, by itself. “{_NONE}”: a "
        "system has nothing like it, or the answers of one run would take longer than "
        f"{LONGEST:g} s one after the other."
    )
    yield ""


def _ratios(report: Report) -> Iterator[str]:
    results, medians = report.throughput, report.throughput.summaries()
    ours = [key for key in _present(results) if key.startswith("migkg")]
    others = [key for key in (RIVAL, STORE, STACK) if key in _present(results)]
    if not (ours and others):
        return
    yield f"### Ratios of throughput at {CONNECTIONS} connections"
    yield ""
    head = [
        "",
        *(f"{results.labels[key]} / {results.labels[other]}" for key in ours for other in others),
    ]
    rows = []
    for name, label in report.names.items():
        values = (
            ratio(medians, workload=name, system=key, other=other, connections=CONNECTIONS)
            for key in ours
            for other in others
        )
        rows.append([label, *(_NONE if v is None else number(v) for v in values)])
    yield from table(head, rows)


def _aims(report: Report) -> Iterator[str]:
    yield f"### Aims, at {CONNECTIONS} connections"
    yield ""
    rows = chain(_throughput_aims(report), _start_aims(report), _hostile_aims(report))
    yield from table(["", "aim", "measured", "met"], rows)


def _throughput_aims(report: Report) -> Iterator[list[str]]:
    results, medians = report.throughput, report.throughput.summaries()
    for aim in AIMS:
        found = ratio(
            medians,
            workload=aim.workload,
            system=aim.system,
            other=aim.other,
            connections=CONNECTIONS,
        )
        label = results.labels.get(aim.system, aim.system)
        other = results.labels.get(aim.other, aim.other)
        what = f"{report.names.get(aim.workload, aim.workload)}: {label} / {other}"
        value, met = (_NONE, _NONE) if found is None else (number(found), found >= aim.least)
        yield _aim_row(what, f"≥ {aim.least:g}", value, met)


def _start_aims(report: Report) -> Iterator[list[str]]:
    for found in report.starts:
        if (limit := _START_LIMITS.get(found.name, _START_LIMITS.get(found.triples))) is not None:
            what = f"start to first answer, {found.name} {found.triples:,} triples"
            yield _aim_row(what, f"< {limit:g} s", f"{found.seconds:.2f} s", found.seconds < limit)


def _hostile_aims(report: Report) -> Iterator[list[str]]:
    for found in report.hostile:
        calm, attacked = found.before, found.during
        if not (calm.per_second and calm.p99):
            continue
        share, slower = attacked.per_second / calm.per_second, attacked.p99 / calm.p99
        what = f"under attack / calm, {found.system}"
        yield _aim_row(f"{what}: throughput", "≥ 0.9", number(share), share >= 0.9)
        yield _aim_row(f"{what}: 99th percentile", "< 2", number(slower), slower < 2)
        late = [kind.latest for kind in found.kinds.values() if kind.latest is not None]
        if late:
            what = f"end of hostile queries after their deadline, {found.system}"
            yield _aim_row(what, "≤ 0.1 s", f"{max(late):.2f} s", max(late) <= 0.1)


def _aim_row(what: str, aim: str, value: str, met: bool | str) -> list[str]:
    return [what, aim, value, met if isinstance(met, str) else ("yes" if met else "no")]


def _starts(report: Report) -> Iterator[str]:
    if report.starts:
        yield "### Start to first answer, one front"
        yield ""
        rows = [[s.name, f"{s.triples:,}", f"{s.seconds:.2f} s"] for s in report.starts]
        yield from table(["", "triples", "seconds"], rows)


def _sizes(report: Report) -> Iterator[str]:
    if not report.by_size:
        return
    yield f"### Growth with the data, {CONNECTIONS} connections"
    yield ""
    first = next(iter(report.by_size.values()))
    columns = [(name, key) for name in (POINT, AGGREGATE) for key in _present(first)]
    head = ["triples", *(f"{report.names[name]}, {first.labels[key]}" for name, key in columns)]
    rows = []
    for size, results in report.by_size.items():
        medians = results.summaries()
        cells = (cell_text(results, medians, Cell(key, name, CONNECTIONS)) for name, key in columns)
        rows.append([f"{size:,}", *cells])
    yield from table(head, rows)


def _workers(report: Report) -> Iterator[str]:
    results = report.by_workers
    if results is None:
        return
    yield f"### Growth with front processes, {CONNECTIONS} connections"
    yield ""
    medians = results.summaries()
    names = (POINT, CACHED)
    rows = [
        [
            results.labels[key],
            *(cell_text(results, medians, Cell(key, name, CONNECTIONS)) for name in names),
        ]
        for key in _present(results)
    ]
    yield from table(["", *(report.names[name] for name in names)], rows)


def _hostile(found: Hostile) -> Iterator[str]:
    yield f"### Hostile mix, {found.system}: {found.mix.seconds} s, {found.fronts} listening"
    yield ""
    calm, attacked = found.before, found.during
    rows = [
        ["calm", *_summary_row(calm)],
        ["under attack", *_summary_row(attacked)],
        [
            "ratio",
            number(attacked.per_second / calm.per_second) if calm.per_second else _NONE,
            number(attacked.p99 / calm.p99) if calm.p99 else _NONE,
            "",
        ],
    ]
    yield from table(["point lookups", "requests a second", "99th percentile, ms", "errors"], rows)
    yield from table(
        ["hostile clients", "answers", "late, median", "late, longest"],
        [
            *(_kind_row(f"{name}, alone", kind) for name, kind in found.alone.items()),
            *(_kind_row(name, kind) for name, kind in sorted(found.kinds.items())),
        ],
    )
    first, last = found.memory[0][1] / _MIB, found.memory[-1][1] / _MIB
    yield (
        f"Deadline {found.deadline:g} s; “late” is the time after it, waiting for a place "
        f"included. Without work again {found.released_after:.2f} s after the hostile clients had "
        f"left. Memory of the front processes: {first:.0f} MiB at the start, {last:.0f} MiB "
        f"{found.memory[-1][0]:.0f} s later; all processes at most {found.peak_all / _MIB:,.0f} "
        "MiB, what they share counted for each."
    )
    yield ""


def _summary_row(found: Summary) -> list[str]:
    return [
        number(found.per_second),
        number(found.p99),
        _errors(found.errors) if found.errors else "none",
    ]


def _kind_row(name: str, kind: Kind) -> list[str]:
    answers = ", ".join(f"{count} × {status}" for status, count in kind.statuses.items())
    late = [_NONE if value is None else f"{value:.2f} s" for value in (kind.late, kind.latest)]
    return [name, answers, *late]
