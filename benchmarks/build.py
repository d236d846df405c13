"""How long a release takes, beside what the engine and rdflib need for the same files.

``python -m benchmarks.build`` makes graphs of several sizes as N-Triples and loads each with
``migkg load``. Everything is measured as a process of its own, from its start to its end, several
times; seconds are medians. Memory is the largest sum, seen every 50 ms, of what all processes of a
command have in memory. What is compared:

* a load with all dumps, and one with N-Quads only (``--formats nq``), with ``Store.bulk_load`` of
  pyoxigraph on the same file, once into a store on disk and once into one in memory;
* Turtle of the triples in memory, by the engine's writer and by rdflib, parsing left out.

Then loads and builds are killed (tests/cli/test_kills.py), and the gate of shapes is measured as by
``python -m benchmarks.gate``. The first table holds all of it against what should be reached.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import pyoxigraph as ox

from benchmarks import gate, graph, report
from benchmarks.build_targets import Found, targets
from benchmarks.place import ROOT
from benchmarks.processes import tree
from benchmarks.report import table

_DOCUMENT = ROOT / "docs" / "performance.md"
_LOOK = 0.05
_PAGE = os.sysconf("SC_PAGE_SIZE")
_GIB = 1024**3
_SERIALIZED = 100_000
_COMPARED = 1_000_000
_DISK = "import sys, pyoxigraph as o; o.Store(sys.argv[2]).bulk_load(path=sys.argv[1], format=F)"
_MEMORY = "import sys, pyoxigraph as o; o.Store().bulk_load(path=sys.argv[1], format=F)"
_LOOKUP = "SELECT * {{ <{subject}> ?p ?o }}"


@dataclass(frozen=True)
class Measured:
    """Seconds and bytes of one command."""

    seconds: float
    memory: int


@dataclass(frozen=True)
class Turtle:
    """Seconds to write the same triples, by the engine's writer and by rdflib."""

    triples: int
    ours: float
    theirs: float


@dataclass(frozen=True)
class Row:
    """The measurements of one graph."""

    triples: int
    everything: Measured
    nquads: Measured
    opened: tuple[Measured, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints Markdown, and puts it into the documentation if that is asked for."""
    options = _options(arguments)
    with TemporaryDirectory(dir=options.folder) as folder:
        bench = Bench(Path(folder), options.rounds)
        rows = [bench.row(size) for size in sorted(options.sizes)]
        compared = min(_COMPARED, max(options.sizes))
        engine = bench.engine(compared)
        turtle = bench.turtle(min(_SERIALIZED, max(options.sizes)))
    jobs = [
        *(gate.Job(triples=size) for size in options.gate),
        *(gate.Job(triples=size, by_pyshacl=True) for size in options.pyshacl),
    ]
    row = next(row for row in rows if row.triples == compared)
    found = Found(
        load=engine["a store on disk"].seconds / row.nquads.seconds,
        turtle=turtle.theirs / turtle.ours,
        growth=_growth(rows) if len(rows) > 1 else None,
        memory={row.triples: row.everything.memory for row in rows},
        kills=options.kills,
        clean=_clean_after(options.kills),
        gates=[gate.apart(job) for job in jobs],
    )
    parts = _conditions(), targets(found), _sizes(rows), _loads(row, engine), _turtle(turtle)
    text = "\n".join([line for part in parts for line in part] + _gates(found.gates))
    print(text)
    if options.write_docs:
        report.write_document(_DOCUMENT, text, mark="bench-build")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.build", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=3, help="for graphs up to a million")
    parser.add_argument("--gate", type=int, nargs="*", default=list(gate.SIZES), help="triples")
    parser.add_argument("--pyshacl", type=int, nargs="*", default=[], help="triples, of --gate")
    parser.add_argument("--kills", type=int, default=20, help="of loads, and of builds")
    parser.add_argument("--folder", type=Path, help="where the files are; none: a temporary folder")
    parser.add_argument("--write-docs", action="store_true", help="renew docs/performance.md")
    return parser.parse_args(arguments)


class Bench:
    """Files in one folder, and what is measured with them."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self._folder = folder
        self._rounds = rounds

    def row(self, triples: int) -> Row:
        """The loads of one size, and a lookup in the release by a process of its own, twice."""
        path = self.ntriples(triples)
        rounds = self._rounds if triples <= _COMPARED else 1
        everything = _median(lambda: self._load(path), rounds)
        opened = tuple(self._lookup() for _ in range(2))
        return Row(triples, everything, _median(lambda: self._load(path, "nq"), rounds), opened)

    def ntriples(self, triples: int) -> Path:
        """The generated graph, its named graphs left out."""
        path = self._folder / f"{triples}.nt"
        if not path.exists():
            lines = (line.rpartition(" <")[0] for line in graph.lines(triples))
            with path.open("w", encoding="utf-8") as output:
                output.writelines(f"{line} .\n" for line in lines)
        return path

    def engine(self, triples: int) -> dict[str, Measured]:
        """The engine's own loads."""
        path = self.ntriples(triples)
        return {
            "a store on disk": _median(lambda: self._bulk(_DISK, path), self._rounds),
            "a store in memory": _median(lambda: self._bulk(_MEMORY, path), self._rounds),
        }

    def turtle(self, triples: int) -> Turtle:
        """Turtle by rdflib and by the engine's writer, of the same triples in memory."""
        command = [sys.executable, "-m", "benchmarks.build_turtle", str(self.ntriples(triples))]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        ours, theirs = (float(part) for part in done.stdout.split())
        return Turtle(triples, ours, theirs)

    def _load(self, path: Path, formats: str = "") -> Measured:
        releases = self._folder / "releases"
        shutil.rmtree(releases, ignore_errors=True)
        wishes = ("--formats", formats, "--current", "--releases", str(releases))
        return _run("load", str(path), *wishes)

    def _lookup(self) -> Measured:
        query = _LOOKUP.format(subject=graph.thing(1))
        releases = str(self._folder / "releases")
        return _run("query", query, "--release", "current", "--releases", releases)

    def _bulk(self, code: str, path: Path) -> Measured:
        store = self._folder / "store"
        shutil.rmtree(store, ignore_errors=True)
        program = code.replace("F)", "o.RdfFormat.N_TRIPLES)")
        return _measure([sys.executable, "-c", program, str(path), str(store)])


def _run(*arguments: str) -> Measured:
    return _measure([sys.executable, "-m", "migkg", *arguments])


def _measure(command: Sequence[str]) -> Measured:
    started = time.perf_counter()
    with TemporaryFile() as complaints:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=complaints)
        most = 0
        while process.poll() is None:
            most = max(most, sum(map(_resident, tree(process.pid))))
            time.sleep(_LOOK)
        seconds = time.perf_counter() - started
        complaints.seek(0)
        if process.returncode:
            raise ChildProcessError(f"{command}: {complaints.read().decode()}")
    return Measured(seconds, most)


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _median(measure: Callable[[], Measured], rounds: int) -> Measured:
    found = [measure() for _ in range(rounds)]
    seconds = statistics.median(item.seconds for item in found)
    return Measured(seconds, max(item.memory for item in found))


def _conditions() -> Iterator[str]:
    text = Path("/proc/cpuinfo").read_text("utf-8")
    model = next((line.split(": ")[1] for line in text.splitlines() if "model name" in line), "?")
    processors = len(os.sched_getaffinity(0))
    command = " ".join(("python -m benchmarks.build", *sys.argv[1:]))
    yield f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, {model}, {processors} processors,"
    yield f"Python {platform.python_version()}, pyoxigraph {ox.__version__}."
    yield ""


def _sizes(rows: Sequence[Row]) -> Iterator[str]:
    head = ("triples", "all dumps s", "µs a triple", "GiB", "N-Quads only s", "µs a triple", "GiB")
    lookups = ("first lookup s", "GiB", "next lookup s", "GiB")
    yield from table(
        (*head, *lookups),
        (
            (
                f"{row.triples:,}",
                *_cells(row.everything, row.triples),
                *_cells(row.nquads, row.triples),
                *(cell for found in row.opened for cell in _cells(found)),
            )
            for row in rows
        ),
    )
    yield f"Time per triple from {rows[0].triples:,} to {rows[-1].triples:,} triples:"
    yield f"{_growth(rows):.2f} times with all dumps."


def _growth(rows: Sequence[Row]) -> float:
    """The time per triple with all dumps, of the last graph by that of the first."""
    first, last = rows[0], rows[-1]
    share = first.triples / last.triples
    return last.everything.seconds / first.everything.seconds * share


def _loads(row: Row, engine: Mapping[str, Measured]) -> Iterator[str]:
    """The loads beside the engine's own."""
    yield f"\nSpeed of `migkg load` of {row.triples:,} N-Triples as a part of `bulk_load`'s into"
    yield ""
    yield from table(
        ("", "s", "all dumps", "N-Quads only"),
        (
            (
                name,
                f"{found.seconds:.2f}",
                f"{found.seconds / row.everything.seconds:.2f}",
                f"{found.seconds / row.nquads.seconds:.2f}",
            )
            for name, found in engine.items()
        ),
    )


def _turtle(found: Turtle) -> Iterator[str]:
    yield f"Turtle of {found.triples:,} triples in memory, which say the same:"
    yield f"rdflib {found.theirs:.2f} s, the engine's writer {found.ours:.3f} s."


def _gates(found: Sequence[gate.Measured]) -> list[str]:
    if not found:
        return []
    text = "\nThe gate of shapes, and the longest of ten changes of ten entities each:\n"
    return [text, *gate.markdown(found)]


def _clean_after(kills: int) -> bool:
    """True if the next start is clean whenever a load or a build is killed."""
    if not kills:
        return True
    command = [sys.executable, "-m", "pytest", "-q", "tests/cli/test_kills.py"]
    environment = os.environ | {"MIGKG_LOAD_KILLS": str(kills)}
    return not subprocess.run(
        command, check=False, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    ).returncode


def _cells(found: Measured, triples: int = 0) -> Iterator[str]:
    yield f"{found.seconds:.2f}"
    if triples:
        yield f"{found.seconds / triples * 1e6:.1f}"
    yield f"{found.memory / _GIB:.2f}"


if __name__ == "__main__":
    sys.exit(main())
