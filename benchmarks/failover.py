"""What is left of a service when two of its three endpoints go wrong again and again.

``python -m benchmarks.failover --releases FOLDER`` starts an Oxigraph server with the current
release of the folder, three faulty proxies in front of it, and migkg in front of these. Clients ask
point lookups at a steady rate, whose answers name the query that they are for, and compare each
with that of the engine's library: wrong or short is what differs. Meanwhile two of the proxies go
wrong (:mod:`benchmarks.faults`), in three parts:

* single: one fault of any kind after some good answers, until requests have met as many of each
  kind in each of the two; no endpoint fails so often that it is left alone;
* broken: all replies have the same fault for some seconds, also those to probes in one of the two,
  then the endpoint is healed, and asked again at some time;
* old: an endpoint has other data for some seconds, as its revision tells that is asked each second.
  What it answers before it was asked that nobody can find out; it is counted apart.

Everything is on loopback and ends by itself; exit status 1 if an answer was wrong, fewer than
99.9 % succeeded, or too few faults were met.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pyoxigraph as ox

from benchmarks import systems
from benchmarks.failover_report import RIGHT, WRONG, Outcome, Part
from benchmarks.faults import FAULTS, OLD, FaultyProxy
from benchmarks.place import Place
from benchmarks.processes import HOST, busy_seconds, free_port, running, wait_for_port
from migkg.engine.release import open_current
from migkg.engine.remote.address import Address
from migkg.engine.remote.connection import ExchangeFailed
from migkg.engine.remote.pool import Pool

_START = 60.0
_SUCCESS = 0.999
_LOOKUP = "SELECT ?p ?o (%d AS ?n) { <%s> ?p ?o }"
_REVISION = "SELECT ?revision { VALUES ?revision { 'newest' } }"
_SUBJECTS = 200
_LOOK = 0.005  # seconds between two looks at whether a fault was met
_GOOD = 4  # answers of an endpoint between two faults
_BROKEN = 2.0  # seconds
_REST = 2.5  # seconds after an endpoint is back; it was left alone for less
_BACK = 40.0  # seconds in which it must be asked again
_OLD = 3.0  # seconds, in which its revision is asked twice at least
_TOLD = 0.05  # seconds after which who asked for the revision has its answer


Rows = Counter[str]


def rows_of(body: bytes) -> Rows:
    """The rows of a result, whatever their order."""
    return Counter(_row(row) for row in json.loads(body)["results"]["bindings"])


def _row(row: dict[str, dict[str, str]]) -> str:
    return repr([(name, term["value"], term.get("xml:lang")) for name, term in sorted(row.items())])


class _Client:
    """Asks point lookups of one service, of which no two are the same, at a steady rate."""

    def __init__(self, store: ox.Store, port: int, rate: int) -> None:
        self._store = store
        self._subjects = _subjects(store)
        self._pool = Pool(Address.of(f"http://{HOST}:{port}/"), tls=None, connect_deadline=5.0)
        self._rate = rate
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def asking(self, part: Part) -> AsyncIterator[None]:
        """Asks while the block runs, and waits for all answers."""
        open_ones: set[asyncio.Task[None]] = set()
        task = asyncio.ensure_future(self._ask_on(part, open_ones))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task, *open_ones})

    async def _ask_on(self, part: Part, open_ones: set[asyncio.Task[None]]) -> None:
        begin = time.monotonic()
        for count in itertools.count():
            due = begin + count / self._rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            part.late = max(part.late, time.monotonic() - due)
            task = asyncio.ensure_future(self._ask(next(self._numbers), part.outcomes))
            open_ones.add(task)
            task.add_done_callback(open_ones.discard)

    async def _ask(self, number: int, outcomes: dict[int, Outcome]) -> None:
        text = _LOOKUP % (number, self._subjects[number % len(self._subjects)])
        request = (
            f"GET /sparql?query={quote(text)} HTTP/1.1\r\nHost: {HOST}\r\n"
            "Accept: application/sparql-results+json\r\n\r\n"
        )
        parts: list[bytes] = []
        begun = time.monotonic()
        try:
            head = await self._pool.exchange(request.encode(), lambda _, data: parts.append(data))
            end = str(head.status)
        except ExchangeFailed as error:
            end = str(error)
        ended = time.monotonic()
        if end == "200":
            end = RIGHT if rows_of(b"".join(parts)) == self._expected(text) else WRONG
        outcomes[number] = Outcome(begun, ended, end)

    def close(self) -> None:
        self._pool.close()

    def _expected(self, text: str) -> Rows:
        result = self._store.query(text, use_default_graph_as_union=True)
        if not isinstance(result, ox.QuerySolutions):
            raise TypeError(text)
        return rows_of(result.serialize(format=ox.QueryResultsFormat.JSON) or b"")


def _subjects(store: ox.Store) -> list[str]:
    """Things about which nothing is said by way of blank nodes, whose names are not kept."""
    found = {quad.subject for quad in store if isinstance(quad.subject, ox.NamedNode)}
    found -= {quad.subject for quad in store if isinstance(quad.object, ox.BlankNode)}
    names = sorted(node.value for node in found)
    return random.Random(1).sample(names, min(_SUBJECTS, len(names)))  # noqa: S311 - not secret


@dataclass
class _Run:
    """Two endpoints that go wrong while a client asks the service in front of them."""

    client: _Client
    bad: list[FaultyProxy]
    options: argparse.Namespace

    async def part(self, title: str, each: Callable[[Part, int], Awaitable[None]]) -> Part:
        """One part of the run, in which ``each`` breaks one of the endpoints; bounded in time."""
        part = Part(title)
        begun = time.monotonic()
        async with self.client.asking(part):
            breaking = [
                asyncio.ensure_future(each(part, number)) for number in range(len(self.bad))
            ]
            await asyncio.wait(breaking, timeout=self.options.seconds)
            for task in breaking:
                task.cancel()
            for proxy in self.bad:
                proxy.heal()
        for task in breaking:
            if not task.cancelled():
                task.result()
        part.seconds = time.monotonic() - begun
        part.met = tuple(proxy.met for proxy in self.bad)
        for proxy in self.bad:
            proxy.met = []
        return part

    async def single(self, _: Part, number: int) -> None:
        """As many faults of each kind as are wanted, among good answers."""
        proxy = self.bad[number]
        kinds = [kind for kind in FAULTS for _ in range(self.options.faults)]
        random.Random(number).shuffle(kinds)  # noqa: S311 - not secret
        for kind in kinds:
            good = proxy.answered
            proxy.inject(kind)
            while proxy.waiting or proxy.answered < good + _GOOD:
                await asyncio.sleep(_LOOK)

    async def broken(self, part: Part, number: int) -> None:
        """Each kind for some seconds, each time until the endpoint is back."""
        for place, kind in enumerate(FAULTS):
            await self._break(part, self.bad[number], kind, place % 2 == number)

    async def _break(self, part: Part, proxy: FaultyProxy, kind: str, probes: bool) -> None:
        proxy.break_down(kind, probes=probes)
        await asyncio.sleep(_BROKEN)
        proxy.heal()
        healed = time.monotonic()
        while proxy.well < healed and time.monotonic() < healed + _BACK:
            await asyncio.sleep(_LOOK)
        part.back[kind].append(time.monotonic() - healed)
        await asyncio.sleep(_REST)

    async def old(self, part: Part, number: int) -> None:
        """Other data for some seconds, one endpoint after the other."""
        proxy = self.bad[number]
        await asyncio.sleep(number * (_OLD + _REST) / 2)
        for _ in range(self.options.old):
            part.changed[number].append(time.monotonic())
            proxy.break_down(OLD, probes=True)
            await asyncio.sleep(_OLD)
            proxy.heal()
            await asyncio.sleep(_REST)


async def measure(
    endpoint: str, store: ox.Store, options: argparse.Namespace, stack: ExitStack, folder: Path
) -> list[Part]:
    """The parts of one run in front of an endpoint that is well."""
    probes = (_REVISION.encode(),)
    async with AsyncExitStack() as open_until:
        proxies = [
            await open_until.enter_async_context(FaultyProxy(endpoint, probes)) for _ in range(3)
        ]
        settings = {
            "MIGKG_ENGINE_URL": " ".join(proxy.url for proxy in proxies),
            "MIGKG_ENGINE_KIND": "oxigraph",
            "MIGKG_ENGINE_REVISION": _REVISION,
            "MIGKG_QUERY_PROCESSES": "64",
            "MIGKG_QUERY_QUEUE": "2000",  # all come from one address, which may have few in it else
        }
        service = systems.migkg(
            Place(folder), options.releases.resolve(), workers=options.workers, settings=settings
        )
        found = await asyncio.to_thread(stack.enter_context, service)
        client = _Client(store, found.port, options.rate)
        run = _Run(client, proxies[:2], options)
        parts = [await run.part("single", run.single), await run.part("broken", run.broken)]
        parts.append(await run.part(OLD, run.old))
        client.close()
        await asyncio.to_thread(stack.close)
    return parts


def report(parts: list[Part], options: argparse.Namespace) -> str:
    """What a run gave, in words."""
    lines = [f"{options.rate} requests a second, {options.workers} fronts"]
    for part in parts:
        lines += ["", f"{part.title}, {part.seconds:.0f} s: {part.summary()}", ""]
        lines.append(part.old_answers() if part.title == OLD else part.table(FAULTS))
    return "\n".join([*lines, ""])


def held(parts: list[Part], options: argparse.Namespace) -> bool:
    """True if every wish was met."""
    single, *_ = parts
    right = sum(part.ends()[RIGHT] + part.unseen for part in parts)
    return (
        not any(part.ends()[WRONG] - part.unseen for part in parts)
        and right >= _SUCCESS * sum(len(part.outcomes) for part in parts)
        and single.least_met(FAULTS) >= options.faults
    )


class _OthersMeanwhile:
    """How many cores something else used; what this process has started must have ended."""

    def __init__(self) -> None:
        self._begun, self._before = time.monotonic(), self._others()

    def cores(self) -> float:
        """The cores since this was made."""
        return (self._others() - self._before) / (time.monotonic() - self._begun)

    def _others(self) -> float:
        return busy_seconds() - sum(os.times()[:4])


@contextmanager
def _oxigraph(nquads: Path, folder: Path) -> Iterator[str]:
    """An Oxigraph server with a release; yields its address."""
    program, port = str(Path(sys.executable).with_name("oxigraph")), free_port()
    load = [program, "load", "--location", str(folder / "store"), "--file", str(nquads)]
    subprocess.run(load, check=True, capture_output=True)
    command = [program, "serve-read-only", "--location", str(folder / "store")]
    command += ["--union-default-graph", "--bind", f"{HOST}:{port}"]
    with running(command, folder=folder, log=folder / "oxigraph.log") as process:
        wait_for_port(port, process, _START)
        yield f"http://{HOST}:{port}/query"


def main() -> int:
    """Measures and says what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--releases", type=Path, required=True)
    parser.add_argument("--faults", type=int, default=50, help="of each kind and endpoint")
    parser.add_argument("--old", type=int, default=5, help="times that an endpoint has other data")
    parser.add_argument("--rate", type=int, default=200, help="requests a second")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=420.0, help="that a part may take")
    options = parser.parse_args()
    release = open_current(options.releases)
    store = ox.Store()
    store.bulk_load(path=str(release.store), format=ox.RdfFormat.N_QUADS)
    others = _OthersMeanwhile()
    with (
        TemporaryDirectory() as name,
        ExitStack() as stack,
        _oxigraph(release.store, Path(name)) as endpoint,
    ):
        parts = asyncio.run(measure(endpoint, store, options, stack, Path(name)))
    sys.stdout.write(report(parts, options))
    sys.stdout.write(
        f"something else used {others.cores():.1f} of {os.cpu_count()} cores meanwhile\n"
    )
    return 0 if held(parts, options) else 1


if __name__ == "__main__":
    sys.exit(main())
