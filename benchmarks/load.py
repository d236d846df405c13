"""One run of load on one system, by ``wrk``; and how several runs are put together."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from benchmarks.processes import HOST
from benchmarks.requests import Requests
from benchmarks.systems import Running
from benchmarks.workloads import UNIQUE

PROGRAM = "wrk"
_SCRIPT = Path(__file__).with_name("wrk.lua")
_NUMBERS_PER_RUN = 1_000_000  # what one run may use up, in wrk.lua by two threads
_TIMEOUT = 60
_BLOCK = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run gave. Latencies in milliseconds; errors by their kind, where there were any."""

    per_second: float
    p50: float
    p99: float
    requests: int
    bytes_each: float
    errors: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The medians over the runs, and the errors of all."""

    per_second: float
    p50: float
    p99: float
    runs: int
    errors: dict[str, int]


class Load:
    """Makes runs, each with numbers of its own for the requests that must not repeat."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers: Iterator[int] = itertools.count(_NUMBERS_PER_RUN, _NUMBERS_PER_RUN)

    @staticmethod
    def available() -> bool:
        """True if the load generator is installed."""
        return shutil.which(PROGRAM) is not None

    def run(self, system: Running, requests: Requests, *, connections: int, seconds: int) -> Run:
        """The requests in turn over that many connections for that many seconds."""
        paths = self._folder / "paths.txt"
        paths.write_text("".join(f"{path}\n" for path in requests.paths), "utf-8")
        first = next(self._numbers)
        threads = min(2, connections)
        command = [PROGRAM, f"-t{threads}", f"-c{connections}", f"-d{seconds}s"]
        command += [f"--timeout={_TIMEOUT}s", "--script", str(_SCRIPT), system.url, "--"]
        command += [str(paths), str(first), str(first // 7)]
        command += [part for header in requests.headers.items() for part in header]
        done = subprocess.run(
            command, check=True, capture_output=True, timeout=seconds + 2 * _TIMEOUT
        )
        return parse(done.stdout.decode("utf-8", "replace"))

    def batch(self, system: Running, requests: Requests, *, connections: int, answers: int) -> Run:
        """A fixed number of answers over that many connections, each waited for to its end.

        For answers that take long: a run of fixed time would leave most of them unfinished, which
        counts them as nothing though the system has worked on them.
        """
        first = next(self._numbers)
        targets = [
            requests.paths[(first + number) % len(requests.paths)].replace(
                UNIQUE, str(first + number)
            )
            for number in range(answers)
        ]
        begin = time.monotonic()
        with ThreadPoolExecutor(connections) as pool:
            replies = list(pool.map(lambda path: _fetch(system, path, requests), targets))
        return _batch(replies, time.monotonic() - begin)


@dataclass(frozen=True)
class _Fetched:
    status: int
    size: int
    seconds: float


def _fetch(system: Running, path: str, requests: Requests) -> _Fetched:
    """One answer, read and forgotten."""
    begin = time.monotonic()
    connection = HTTPConnection(HOST, system.port, timeout=2 * _TIMEOUT)
    try:
        connection.request("GET", path, headers=requests.headers)
        response = connection.getresponse()
        buffer, size = bytearray(_BLOCK), 0
        while part := response.readinto(buffer):
            size += part
    finally:
        connection.close()
    return _Fetched(response.status, size, time.monotonic() - begin)


def _batch(replies: Sequence[_Fetched], seconds: float) -> Run:
    good = [reply for reply in replies if reply.status < HTTPStatus.BAD_REQUEST]
    times = sorted(reply.seconds for reply in replies)
    return Run(
        per_second=len(good) / seconds,
        p50=median(times) * 1000,
        p99=times[-1] * 1000,
        requests=len(replies),
        bytes_each=sum(reply.size for reply in replies) / len(replies),
        errors={"status": len(replies) - len(good)} if len(good) < len(replies) else {},
    )


def parse(output: str) -> Run:
    """The run that the last line of the load generator's output tells of."""
    found = json.loads(output.strip().splitlines()[-1])
    kinds = ("connect", "read", "write", "timeout", "status")
    return Run(
        per_second=found["requests"] / (found["microseconds"] / 1e6),
        p50=found["p50"] / 1000,
        p99=found["p99"] / 1000,
        requests=found["requests"],
        bytes_each=found["bytes"] / max(1, found["requests"]),
        errors={kind: found[kind] for kind in kinds if found[kind]},
    )


def summary(runs: Sequence[Run]) -> Summary:
    """The medians over one or more runs."""
    return Summary(
        per_second=median(run.per_second for run in runs),
        p50=median(run.p50 for run in runs),
        p99=median(run.p99 for run in runs),
        runs=len(runs),
        errors=added(run.errors for run in runs),
    )


def added(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """The sums, by key."""
    total: dict[str, int] = {}
    for count in counts:
        for key, number in count.items():
            total[key] = total.get(key, 0) + number
    return total
