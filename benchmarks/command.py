"""All measurements, one after the other, and what is written about them."""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import growth, hostile, plot, report, throughput
from benchmarks.install import install
from benchmarks.load import PROGRAM, Load
from benchmarks.place import ROOT, Dataset, Place, prepare
from benchmarks.systems import BY_KEY, SYSTEMS, has_workers
from benchmarks.throughput import Cell, Plan, Results
from benchmarks.workloads import HELLO, workloads
from migkg import __version__
from migkg.engine import release
from migkg.errors import BadFile

_DOCUMENT = ROOT / "docs" / "performance.md"
_PICTURE = ROOT / "docs" / "performance.svg"
_SMALLEST = 1000
_BUDGET = 720.0
_QUICK_BUDGET = 60.0
_LIBRARIES = ("pyoxigraph", "rdflib", "fastapi", "uvicorn", "uvloop", "httptools")

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to measure, and how long."""

    triples: int = 100_000
    sizes: Sequence[int] = (3_000, 30_000, 100_000)
    rounds: int = 3
    seconds: int = 1
    connections: Sequence[int] = (1, 64)  # beside the usual number
    systems: Sequence[str] = ()
    hostile_seconds: int = 20
    same_address: bool = False
    install: bool = False
    write_docs: bool = False
    output: Path = ROOT / "build" / "bench"
    budget: float = _BUDGET

    @classmethod
    def quick(cls, **values: object) -> Options:
        """About two minutes."""
        short: dict[str, object] = {
            "triples": 10_000,
            "sizes": (3_000,),
            "rounds": 1,
            "connections": (),
            "hostile_seconds": 10,
            "budget": _QUICK_BUDGET,
        }
        return cls(**{**short, **values})  # type: ignore[arg-type]


def run(options: Options, progress: Progress) -> int:
    """Measures, writes ``results.json`` and prints the tables; 0 if nothing of ours was wrong."""
    _check(options)
    # The systems are ended on the way out of their blocks, so an end by signal must take that way.
    signal.signal(signal.SIGTERM, _interrupt)
    place = Place(options.output.resolve())
    if options.install:
        install(place, progress)
    found = _measure(place, options, progress)
    _write(found, place, options)
    ours = [key for key in found.throughput.wrong if key[0].startswith("migkg")]
    return 1 if ours else 0


def _check(options: Options) -> None:
    """Raises :class:`migkg.errors.BadFile` for what cannot be measured here."""
    unknown = [key for key in options.systems if key not in BY_KEY]
    if unknown:
        raise BadFile(f"There is no system {unknown[0]}; there are: {', '.join(BY_KEY)}.")
    if min(options.triples, *options.sizes) < _SMALLEST:
        raise BadFile(f"The smallest graph that can be measured has {_SMALLEST} triples.")
    if not Load.available():
        raise BadFile(f"The load generator {PROGRAM} is not installed (Debian: {PROGRAM}).")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _measure(place: Place, options: Options, progress: Progress) -> report.Report:
    data = prepare(place, options.triples, progress)
    chosen = [BY_KEY[key] for key in options.systems] or list(SYSTEMS)
    before = os.getloadavg()
    plan = Plan(
        usual=growth.CONNECTIONS,
        others=options.connections,
        rounds=options.rounds,
        seconds=options.seconds,
        budget=options.budget,
    )
    found = report.Report(
        machine={},
        triples=data.triples,
        names={item.name: item.label for item in workloads(data)},
        throughput=throughput.measure(place, data, chosen, plan, progress),
    )
    _grow(found, place, data, options, progress)
    if options.hostile_seconds:
        mix = hostile.Mix(seconds=options.hostile_seconds, same_address=options.same_address)
        for workers in _worker_counts()[:2]:
            progress(f"hostile mix, {mix.seconds} s, {workers} front")
            found.hostile.append(hostile.measure(place, data, mix, workers=workers))
    found.machine |= _machine(before)
    return found


def _grow(
    found: report.Report, place: Place, data: Dataset, options: Options, progress: Progress
) -> None:
    """What grows with the data and with the front processes."""
    progress("release of the project's own files")
    releases = growth.shipped(place)
    triples = int(release.open_current(releases).manifest["triples"])
    progress("start to first answer")
    found.starts.append(growth.start(place, releases, name=report.SHIPPED, triples=triples))
    datasets = [
        data if size == data.triples else prepare(place, size, progress) for size in options.sizes
    ]
    for item in datasets:
        progress(f"start to first answer, {item.triples} triples")
        found.starts.append(
            growth.start(place, item.releases, name="generated", triples=item.triples)
        )
    plan = Plan(usual=growth.CONNECTIONS, rounds=options.rounds, seconds=1, budget=_QUICK_BUDGET)
    found.by_size = growth.by_size(place, datasets, plan, progress)
    if len(_worker_counts()) > 1:
        found.by_workers = growth.by_workers(place, data, _worker_counts(), plan, progress)


def _worker_counts() -> list[int]:
    """Numbers of front processes that are worth a measurement on this machine."""
    return [1, 2, 4] if has_workers() else [1]


def _machine(before: tuple[float, float, float]) -> dict[str, str]:
    return {
        "Processor": f"{_processor()}, {os.cpu_count()} cores",
        "System": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "Load of the machine": f"{before[0]:.1f} before, {os.getloadavg()[0]:.1f} after",
        "migkg": f"{__version__}, {', '.join(_versions(_LIBRARIES))}",
        "Peers": "versions in benchmarks/requirements.txt; Virtuoso as Debian has it",
    }


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _versions(names: Sequence[str]) -> list[str]:
    found = []
    for name in names:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return found


def _write(found: report.Report, place: Place, options: Options) -> None:
    tables = report.markdown(found)
    picture = _picture(found)
    results = place.folder / "results.json"
    results.write_text(json.dumps(report.as_json(found), indent=1) + "\n", "utf-8")
    (place.folder / "results.md").write_text(tables, "utf-8")
    (place.folder / "results.svg").write_text(picture, "utf-8")
    if options.write_docs:
        report.write_document(_DOCUMENT, tables)
        _PICTURE.write_text(picture, "utf-8")
    sys.stdout.write(f"{tables}\n{results}\n")


def _picture(found: report.Report) -> str:
    results, medians = found.throughput, found.throughput.summaries()
    labels = {key: label for key, label in results.labels.items() if key != report.STACK}
    shown = [label for key, label in labels.items() if key not in results.absent]
    rows = {
        name: {
            label: medians[cell].per_second
            for key, label in labels.items()
            if (cell := _shown_cell(results, key, workload)) in medians
        }
        for workload, name in found.names.items()
    }
    hello = medians.get(Cell(report.STACK, HELLO, growth.CONNECTIONS))
    return plot.svg(
        f"{found.triples:,} triples, {growth.CONNECTIONS} connections",
        rows,
        shown,
        limit=("bare ASGI", hello.per_second) if hello else None,
    )


def _shown_cell(results: Results, system: str, workload: str) -> Cell:
    """The cell at the usual number of connections, else that of the answers timed alone."""
    cell = Cell(system, workload, growth.CONNECTIONS)
    return cell if cell in results.runs else Cell(system, workload, 1)
