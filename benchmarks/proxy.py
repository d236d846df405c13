"""What it costs to ask an endpoint through migkg, with one front and with more.

``python -m benchmarks.proxy URL --releases FOLDER`` asks a running endpoint that holds the current
release of the folder point lookups, directly and through ``migkg serve``, in rounds with ``wrk``
over one connection and over several. No query is asked twice, by a limit that is never reached.
Beside it stands an application that asks nobody, which is what one process of the stack can do.
Everything is on loopback and ends by itself. The figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlsplit

import pyoxigraph as ox

from benchmarks import systems
from benchmarks.load import Load, Run
from benchmarks.place import Place
from benchmarks.report import table
from benchmarks.requests import Requests
from benchmarks.systems import Running
from benchmarks.workloads import UNIQUE
from migkg.engine.release import open_current

_SUBJECTS = 500
_LOOKUP = "SELECT ?p ?o {{ <{subject}> ?p ?o }} LIMIT {unique}"
_ACCEPT = {"Accept": "application/sparql-results+json"}
_FRONTS = (1, 2, 4)


def _requests(path: str, subjects: list[str]) -> Requests:
    texts = (_LOOKUP.format(subject=subject, unique=UNIQUE) for subject in subjects)
    return Requests([f"{path}?query={quote(text, safe='@')}" for text in texts], _ACCEPT)


def _subjects(nquads: Path) -> list[str]:
    found: dict[str, None] = {}
    with nquads.open("rb") as lines:
        for quad in ox.parse(lines, format=ox.RdfFormat.N_QUADS):
            if isinstance(quad.subject, ox.NamedNode):
                found[quad.subject.value] = None
    every = max(1, len(found) // _SUBJECTS)
    return list(found)[::every][:_SUBJECTS]


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("url")
    parser.add_argument("--releases", type=Path, required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    parts = urlsplit(options.url)
    direct = Running(
        key="direct", label="directly", port=parts.port or 80, pid=0, sparql=parts.path
    )
    subjects = _subjects(open_current(options.releases).store)
    settings = {"MIGKG_ENGINE_URL": options.url, "MIGKG_QUERY_PROCESSES": "64"}
    with TemporaryDirectory() as name, ExitStack() as stack:
        place = Place(Path(name))
        through = [
            stack.enter_context(
                systems.migkg(place, options.releases.resolve(), workers=n, settings=settings)
            )
            for n in _FRONTS
        ]
        nothing = stack.enter_context(systems.bare(place, Path(sys.executable)))
        found = _measure([direct, *through, nothing], subjects, Load(Path(name)), options)
    sys.stdout.write("\n".join(_report(found, options.connections)) + "\n")


def _measure(
    asked: list[Running], subjects: list[str], load: Load, options: argparse.Namespace
) -> dict[tuple[str, int], list[Run]]:
    found: dict[tuple[str, int], list[Run]] = {}
    for _ in range(options.rounds):
        for connections in (1, options.connections):
            for system in asked:
                requests = _requests(system.sparql or "/", subjects)
                run = load.run(system, requests, connections=connections, seconds=options.seconds)
                found.setdefault((system.label, connections), []).append(run)
    return found


def _report(found: dict[tuple[str, int], list[Run]], connections: int) -> list[str]:
    direct = median(run.per_second for run in found["directly", connections])
    alone = median(run.p50 for run in found["directly", 1])
    rows = []
    for label in dict.fromkeys(label for label, _ in found):
        many, one = found[label, connections], found[label, 1]
        rate, p50 = median(run.per_second for run in many), median(run.p50 for run in one)
        errors = sum(sum(run.errors.values()) for run in (*many, *one))
        cells = [label, f"{rate:,.0f}", f"{rate / direct:.2f}", f"{p50:.2f}", f"{p50 - alone:.2f}"]
        rows.append([*cells, str(errors)])
    head = ["", f"a second, {connections} connections", "ratio", "median alone, ms", "added, ms"]
    return list(table([*head, "errors"], rows))


if __name__ == "__main__":
    main()
