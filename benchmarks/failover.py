"""What is left of a service when two of its three endpoints go wrong again and again.

``python -m benchmarks.failover --releases FOLDER`` starts an Oxigraph server with the current
release of the folder, three faulty proxies in front of it, and migkg in front of these. Some
clients ask point lookups whose answers name the query that they are for, while faults of every
kind (:mod:`benchmarks.faults`) are injected into two of the proxies. Every answer is compared with
that of the engine's library: wrong or short is what differs. Everything is on loopback and ends by
itself; exit status 1 if an answer was wrong or fewer than 99.9 % succeeded.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pyoxigraph as ox

from benchmarks import systems
from benchmarks.faults import FAULTS, FaultyProxy
from benchmarks.place import Place
from benchmarks.processes import HOST, free_port, running, wait_for_port
from migkg.engine.release import open_current
from migkg.engine.remote.address import Address
from migkg.engine.remote.connection import ExchangeFailed
from migkg.engine.remote.pool import Pool

_START = 60.0
_SUCCESS = 0.999
_SLOW = 2.0  # seconds that a failover may take
_LOOKUP = "SELECT ?p ?o (%d AS ?n) { <%s> ?p ?o }"
_SUBJECTS = 200

Rows = Counter[str]


@dataclass
class Tally:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    injected: Counter[str] = field(default_factory=Counter)

    @property
    def success(self) -> float:
        """The part of the requests that was answered rightly."""
        bad = sum(self.failed.values()) + self.wrong
        return 1 - bad / max(1, len(self.seconds))


def rows_of(body: bytes) -> Rows:
    """The rows of a result, whatever their order."""
    return Counter(_row(row) for row in json.loads(body)["results"]["bindings"])


def _row(row: dict[str, dict[str, str]]) -> str:
    return repr([(name, term["value"], term.get("xml:lang")) for name, term in sorted(row.items())])


class _Client:
    """Asks one query after the other and looks at each answer."""

    def __init__(self, store: ox.Store, subjects: Sequence[str], port: int, tally: Tally) -> None:
        self._store = store
        self._subjects = subjects
        self._pool = Pool(Address.of(f"http://{HOST}:{port}/"), tls=None, connect_deadline=5.0)
        self._tally = tally

    async def ask(self, number: int) -> None:
        """One query that nobody has asked before."""
        text = _LOOKUP % (number, self._subjects[number % len(self._subjects)])
        request = (
            f"GET /sparql?query={quote(text)} HTTP/1.1\r\nHost: {HOST}\r\n"
            "Accept: application/sparql-results+json\r\n\r\n"
        )
        parts: list[bytes] = []
        begin = time.monotonic()
        try:
            head = await self._pool.exchange(request.encode(), lambda _, data: parts.append(data))
            status = str(head.status)
        except ExchangeFailed as error:
            status = str(error)
        self._tally.seconds.append(time.monotonic() - begin)
        if status != "200":
            self._tally.failed[status] += 1
        elif rows_of(b"".join(parts)) != self._expected(text):
            self._tally.wrong += 1

    def close(self) -> None:
        self._pool.close()

    def _expected(self, text: str) -> Rows:
        result = self._store.query(text, use_default_graph_as_union=True)
        if not isinstance(result, ox.QuerySolutions):
            raise TypeError(text)
        return rows_of(result.serialize(format=ox.QueryResultsFormat.JSON) or b"")


async def measure(
    endpoint: str, store: ox.Store, options: argparse.Namespace, stack: ExitStack, folder: Path
) -> Tally:
    """The tally of one run in front of an endpoint that is well."""
    tally = Tally()
    async with AsyncExitStack() as open_until:
        proxies = [await open_until.enter_async_context(FaultyProxy(endpoint)) for _ in range(3)]
        settings = {
            "MIGKG_ENGINE_URL": " ".join(proxy.url for proxy in proxies),
            "MIGKG_ENGINE_KIND": "oxigraph",
            "MIGKG_QUERY_PROCESSES": "64",
        }
        service = systems.migkg(
            Place(folder), options.releases.resolve(), workers=options.workers, settings=settings
        )
        found = await asyncio.to_thread(stack.enter_context, service)
        subjects = _subjects(store)
        client = _Client(store, subjects, found.port, tally)
        await _load(client, proxies, options)
        client.close()
        for proxy in proxies:
            tally.injected += proxy.injected
        await asyncio.to_thread(stack.close)
    return tally


def _subjects(store: ox.Store) -> list[str]:
    """Things about which nothing is said by way of blank nodes, whose names are not kept."""
    found = {quad.subject for quad in store if isinstance(quad.subject, ox.NamedNode)}
    found -= {quad.subject for quad in store if isinstance(quad.object, ox.BlankNode)}
    names = sorted(node.value for node in found)
    return random.Random(1).sample(names, min(_SUBJECTS, len(names)))  # noqa: S311 - not secret


async def _load(
    client: _Client, proxies: Sequence[FaultyProxy], options: argparse.Namespace
) -> None:
    """Asks at a steady rate until every fault has happened, and a while longer."""
    kinds = [kind for kind in FAULTS for _ in range(options.faults)]
    random.Random(2).shuffle(kinds)  # noqa: S311 - not secret
    asking: set[asyncio.Task[None]] = set()
    number, begin = 1, time.monotonic()
    every = max(1, options.requests // len(kinds))
    while number <= options.requests or (_waiting(proxies) and number < 2 * options.requests):
        if number % every == 0 and kinds:
            random.choice(proxies[:2]).inject(kinds.pop())  # noqa: S311 - not secret
        task = asyncio.ensure_future(client.ask(number))
        asking.add(task)
        task.add_done_callback(asking.discard)
        number += 1
        await asyncio.sleep(max(0.0, begin + number / options.rate - time.monotonic()))
    await asyncio.gather(*asking)


def _waiting(proxies: Sequence[FaultyProxy]) -> int:
    return sum(proxy.waiting for proxy in proxies)


def report(tally: Tally, options: argparse.Namespace) -> str:
    """What a run gave, in words."""
    seconds = sorted(tally.seconds)
    late = sum(value > _SLOW for value in seconds)
    return "\n".join(
        (
            f"{len(seconds):,} requests, {options.rate} a second, {options.workers} fronts",
            "faults: "
            + ", ".join(f"{count} {kind}" for kind, count in sorted(tally.injected.items())),
            f"succeeded: {tally.success:.4%}; failed: {dict(tally.failed)}; wrong or short: "
            f"{tally.wrong}",
            f"median {seconds[len(seconds) // 2] * 1000:.1f} ms, 99th percentile "
            f"{seconds[len(seconds) * 99 // 100] * 1000:.0f} ms, longest {seconds[-1]:.2f} s, "
            f"longer than {_SLOW:g} s: {late}",
            "",
        )
    )


def main() -> int:
    """Measures and says what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--releases", type=Path, required=True)
    parser.add_argument("--faults", type=int, default=50, help="of each kind")
    parser.add_argument("--requests", type=int, default=12_000)
    parser.add_argument("--rate", type=int, default=200, help="requests a second")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    release = open_current(options.releases)
    store = ox.Store()
    store.bulk_load(path=str(release.store), format=ox.RdfFormat.N_QUADS)
    program = str(Path(sys.executable).with_name("oxigraph"))
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder, port = Path(name), free_port()
        load = [program, "load", "--location", str(folder / "store"), "--file", str(release.store)]
        subprocess.run(load, check=True, capture_output=True)
        command = [program, "serve-read-only", "--location", str(folder / "store")]
        command += ["--union-default-graph", "--bind", f"{HOST}:{port}"]
        with running(command, folder=folder, log=folder / "oxigraph.log") as process:
            wait_for_port(port, process, _START)
            endpoint = f"http://{HOST}:{port}/query"
            tally = asyncio.run(measure(endpoint, store, options, stack, folder))
    sys.stdout.write(report(tally, options))
    return 0 if not tally.wrong and tally.success >= _SUCCESS else 1


if __name__ == "__main__":
    sys.exit(main())
