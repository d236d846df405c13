"""What changes with the size of the data and with the number of front processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.place import ROOT, Dataset, Place
from benchmarks.requests import get
from benchmarks.systems import BY_KEY, migkg, migkg_environment, migkg_with
from benchmarks.throughput import Plan, Results, measure
from benchmarks.workloads import AGGREGATE, CACHED, POINT

CONNECTIONS = 16
_STARTS = 3
_BUILD = 600.0
_PATIENCE = 300.0
_ANY = "/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20LIMIT%201"

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Start:
    """Seconds from the start of the command to its first answer, the median of several."""

    name: str
    triples: int
    seconds: float


def shipped(place: Place) -> Path:
    """A folder of releases whose current one is that of the project's own files."""
    releases = place.folder.resolve() / "data" / "shipped" / "releases"
    subprocess.run(
        [sys.executable, "-m", "migkg", "build", "--releases", str(releases)],
        env=migkg_environment(MIGKG_PROJECT=str(ROOT)),
        check=True,
        capture_output=True,
        timeout=_BUILD,
    )
    return releases


def start(place: Place, releases: Path, *, name: str, triples: int) -> Start:
    """How long ``migkg serve`` takes to its first answer when nothing has to be built."""
    return Start(
        name=name,
        triples=triples,
        seconds=median(_seconds(place, releases) for _ in range(_STARTS)),
    )


def _seconds(place: Place, releases: Path) -> float:
    begin = time.monotonic()
    with migkg(place, releases.resolve()) as system:
        while time.monotonic() - begin < _PATIENCE:
            try:
                if get(system.url + _ANY, {}).status == 200:
                    return time.monotonic() - begin
            except OSError:
                pass
            time.sleep(0.005)
    raise TimeoutError(f"{system.label} gave no answer")


def by_workers(
    place: Place, data: Dataset, workers: Sequence[int], plan: Plan, progress: Progress
) -> Results:
    """Light workloads on migkg with several numbers of front processes."""
    systems = [migkg_with(number) for number in workers]
    return measure(place, data, systems, plan, progress, names=(POINT, CACHED))


def by_size(
    place: Place, datasets: Sequence[Dataset], plan: Plan, progress: Progress
) -> dict[int, Results]:
    """Point lookup and aggregate on growing graphs, beside Oxigraph in memory."""
    systems = [BY_KEY["migkg-1"], BY_KEY["oxigraph-memory"]]
    return {
        data.triples: measure(place, data, systems, plan, progress, names=(POINT, AGGREGATE))
        for data in datasets
    }
