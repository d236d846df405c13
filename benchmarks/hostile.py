"""Point lookups while other clients do harm: what is left of them, and what the harm leaves."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.attacks import KINDS, Client, Outcome
from benchmarks.load import Load, Run, Summary, summary
from benchmarks.place import ROOT, Dataset, Place
from benchmarks.processes import (
    HOST,
    idle_after,
    listeners,
    resident_bytes,
    running,
    tree,
)
from benchmarks.requests import Requests, requests_for
from benchmarks.systems import Running, migkg
from benchmarks.workloads import POINT, workloads

DEADLINE = 2.0
CONNECTIONS = 16
# Memory is bounded so that the bombs burst early; the rest is as it comes.
SETTINGS = {"MIGKG_QUERY_DEADLINE": str(DEADLINE), "MIGKG_QUERY_MEMORY": str(256 * 1024 * 1024)}
_ALONE = ("cross product", "sorted cross product", "doubled text", "deep nesting")
_SLICE = 4
_LEFT = 10.0
_STOPPED = 504


@dataclass(frozen=True, kw_only=True)
class Mix:
    """How long the harm goes on and from how many addresses, or from that of the others."""

    seconds: int
    addresses: int = 2
    same_address: bool = False


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What became of the attacks of one kind: how many got which status, and for those stopped
    (504) the seconds beyond the deadline, waiting for a place included."""

    statuses: dict[str, int]
    late: float | None
    latest: float | None


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """Everything that was seen.

    ``memory`` holds (seconds, bytes) of the front processes together; ``peak_all`` counts for each
    process what it shares with others. ``released_after`` is the time in seconds until the service
    uses no processor, after the hostile clients have left.
    """

    system: str
    deadline: float
    mix: Mix
    before: Summary
    during: Summary
    alone: dict[str, Kind]
    kinds: dict[str, Kind]
    released_after: float
    fronts: int
    memory: list[tuple[float, int]]
    peak_all: int


def measure(place: Place, data: Dataset, mix: Mix, *, workers: int) -> Hostile:
    """The mix against migkg with that many front processes."""
    with migkg(place, data.releases.resolve(), workers=workers, settings=SETTINGS) as system:
        point = next(item for item in workloads(data) if item.name == POINT)
        requests = requests_for(system, point)
        if requests is None:
            raise ValueError(f"{system.label} takes no queries")
        return _Session(place, system, requests, mix).run()


class _Session:
    """The phases of one measurement: calm, alone, under attack, after it."""

    def __init__(self, place: Place, system: Running, requests: Requests, mix: Mix) -> None:
        self._system = system
        self._requests = requests
        self._mix = mix
        self._place = place
        self._load = Load(place.scratch("load"))

    def run(self) -> Hostile:
        """All phases."""
        self._slices(1)  # warms the processes, not counted
        calm = self._slices(3)
        alone = self._alone()
        watch = _Watch(self._system)
        with self._attackers() as logs, watch:
            started = time.monotonic()
            attacked = []
            while time.monotonic() - started < self._mix.seconds - _SLICE:
                attacked += self._slices(1)
        released = idle_after(self._system.pid, _LEFT)
        calm += self._slices(3)  # both sides, since what else the machine does may change
        return Hostile(
            system=self._system.key,
            deadline=DEADLINE,
            mix=self._mix,
            before=summary(calm),
            during=summary(attacked),
            alone=alone,
            kinds=by_kind(_outcomes(logs), DEADLINE),
            released_after=released,
            fronts=watch.fronts,
            memory=watch.memory,
            peak_all=watch.peak,
        )

    def _slices(self, number: int) -> list[Run]:
        return [
            self._load.run(self._system, self._requests, connections=CONNECTIONS, seconds=_SLICE)
            for _ in range(number)
        ]

    def _alone(self) -> dict[str, Kind]:
        """Each kind by itself on a system without other work: when the deadline is kept."""
        client = Client(self._system.port, "127.0.0.1")
        found = []
        for kind in _ALONE:
            for _ in range(3):
                begin = time.monotonic()
                status = KINDS[kind](client)
                found.append(Outcome(kind, status, time.monotonic() - begin))
        return by_kind(found, DEADLINE)

    @contextmanager
    def _attackers(self) -> Iterator[list[Path]]:
        """The clients that do harm, each address a process of its own."""
        logs = []
        with ExitStack() as stack:
            for number in range(self._mix.addresses):
                source = HOST if self._mix.same_address else f"127.0.0.{number + 2}"
                log = self._place.logs / f"attacks-{number}.log"
                command = [sys.executable, "-m", "benchmarks.attacks", str(self._system.port)]
                command += [source, str(self._mix.seconds), *KINDS]
                stack.enter_context(running(command, folder=ROOT, log=log))
                logs.append(log)
            yield logs


class _Watch(threading.Thread):
    """Looks at the memory of the front processes, and of all, once a second."""

    def __init__(self, system: Running) -> None:
        super().__init__(daemon=True)
        self._system = system
        self._fronts = listeners(system.pid, system.port)
        self._end = threading.Event()
        self.fronts = len(self._fronts)
        self.memory: list[tuple[float, int]] = []
        self.peak = 0

    def __enter__(self) -> _Watch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self.join()

    def run(self) -> None:
        """Until the block ends."""
        begin = time.monotonic()
        while True:
            self.memory.append((time.monotonic() - begin, resident_bytes(self._fronts)))
            self.peak = max(self.peak, resident_bytes(tree(self._system.pid)))
            if self._end.wait(1.0):
                return


def _outcomes(logs: Sequence[Path]) -> Iterator[Outcome]:
    for log in logs:
        for line in log.read_text("utf-8").splitlines():
            if line.startswith("{") and line.endswith("}"):
                yield Outcome(**json.loads(line))


def by_kind(found: Iterator[Outcome] | Sequence[Outcome], deadline: float) -> dict[str, Kind]:
    """The outcomes of each kind, counted and timed."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in found:
        groups.setdefault(outcome.kind, []).append(outcome)
    return {kind: _kind(outcomes, deadline) for kind, outcomes in groups.items()}


def _kind(found: Sequence[Outcome], deadline: float) -> Kind:
    statuses: dict[str, int] = {}
    for outcome in found:
        name = str(outcome.status) if outcome.status else "left"
        statuses[name] = statuses.get(name, 0) + 1
    late = [item.seconds - deadline for item in found if item.status == _STOPPED]
    return Kind(
        statuses=dict(sorted(statuses.items())),
        late=median(late) if late else None,
        latest=max(late) if late else None,
    )
