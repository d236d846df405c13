"""The systems that are measured: how each is started with the data, and where it answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks import virtuoso
from benchmarks.place import ROOT, Dataset, Place
from benchmarks.processes import HOST, free_port, running, wait_for_port

_START = 300.0  # rdflib reads a million triples in minutes


@dataclass(frozen=True, kw_only=True)
class Running:
    """A system that answers: ``sparql`` is the path of its query endpoint, if it has one."""

    key: str
    label: str
    port: int
    pid: int
    sparql: str | None
    linked_data: bool = False

    @property
    def url(self) -> str:
        """Where the system answers."""
        return f"http://{HOST}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class System:
    """A system; ``missing`` says why it cannot be had, if so."""

    key: str
    label: str
    start: Callable[[Place, Dataset], AbstractContextManager[Running]]
    missing: Callable[[Place], str | None]


@cache
def has_workers() -> bool:
    """True if ``migkg serve`` can answer with several front processes."""
    command = [sys.executable, "-m", "migkg", "serve", "--help"]
    done = subprocess.run(
        command, env=migkg_environment(), capture_output=True, check=True, timeout=60
    )
    return b"--workers" in done.stdout


def migkg_environment(**settings: str) -> dict[str, str]:
    """The environment of a migkg that is configured by nothing but these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MIGKG_")}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), **settings}


@contextmanager
def migkg(
    place: Place, releases: Path, *, workers: int = 1, settings: dict[str, str] | None = None
) -> Iterator[Running]:
    """This checkout's service with that many front processes."""
    port = free_port()
    command = [sys.executable, "-m", "migkg", "serve", "--host", HOST, "--port", str(port)]
    command += ["--releases", str(releases)]
    if has_workers():
        command += ["--workers", str(workers)]
    environment = migkg_environment(MIGKG_PROJECT=str(ROOT), **(settings or {}))
    log = place.logs / f"migkg-{workers}.log"
    with running(command, folder=ROOT, log=log, environment=environment) as process:
        wait_for_port(port, process, _START)
        yield Running(
            key=f"migkg-{workers}",
            label=f"migkg, {workers} front{'s' if workers > 1 else ''}",
            port=port,
            pid=process.pid,
            sparql="/sparql",
            linked_data=True,
        )


def migkg_with(workers: int) -> System:
    """migkg with that many front processes."""

    def missing(_: Place) -> str | None:
        return None if workers == 1 or has_workers() else "migkg serve has no --workers"

    return System(
        key=f"migkg-{workers}",
        label=f"migkg, {workers} front{'s' if workers > 1 else ''}",
        start=lambda place, data: migkg(place, data.releases.resolve(), workers=workers),
        missing=missing,
    )


@contextmanager
def _rdflib_endpoint(place: Place, data: Dataset) -> Iterator[Running]:
    port = free_port()
    command = [str(place.programs / "rdflib-endpoint"), "serve", "--host", HOST]
    command += ["--port", str(port), str(data.nquads)]
    log = place.logs / "rdflib-endpoint.log"
    with running(command, folder=place.scratch("rdflib-endpoint"), log=log) as process:
        wait_for_port(port, process, _START)
        yield _peer("rdflib-endpoint", port, process.pid, "/")


@contextmanager
def _oxigraph_memory(place: Place, data: Dataset) -> Iterator[Running]:
    port = free_port()
    command = [str(place.programs / "oxigraph"), "serve", "--union-default-graph"]
    command += ["--bind", f"{HOST}:{port}"]
    log = place.logs / "oxigraph-memory.log"
    with running(command, folder=place.scratch("oxigraph-memory"), log=log) as process:
        wait_for_port(port, process, _START)
        _post(f"http://{HOST}:{port}/store", data.nquads)
        yield _peer("oxigraph-memory", port, process.pid, "/query")


def _post(url: str, nquads: Path) -> None:
    with nquads.open("rb") as body:
        request = urllib.request.Request(
            url, data=body, headers={"Content-Type": "application/n-quads"}, method="POST"
        )
        request.add_header("Content-Length", str(nquads.stat().st_size))
        with urllib.request.urlopen(request, timeout=_START):
            pass


@contextmanager
def _oxigraph_disk(place: Place, data: Dataset) -> Iterator[Running]:
    port = free_port()
    program = str(place.programs / "oxigraph")
    shutil.rmtree(place.scratch("oxigraph-disk"))
    store = place.scratch("oxigraph-disk")
    subprocess.run(
        [program, "load", "--location", str(store), "--file", str(data.nquads)],
        check=True,
        capture_output=True,
        timeout=_START,
    )
    command = [program, "serve-read-only", "--location", str(store), "--union-default-graph"]
    command += ["--bind", f"{HOST}:{port}"]
    with running(command, folder=store, log=place.logs / "oxigraph-disk.log") as process:
        wait_for_port(port, process, _START)
        yield _peer("oxigraph-disk", port, process.pid, "/query")


@contextmanager
def _virtuoso(place: Place, data: Dataset) -> Iterator[Running]:
    with virtuoso.serving(place, data) as (port, pid):
        yield _peer("virtuoso", port, pid, "/sparql")


@contextmanager
def bare(place: Place, python: Path) -> Iterator[Running]:
    """An application that does nothing, on the stack of migkg that this Python has."""
    port = free_port()
    command = [str(python), "-m", "uvicorn", "benchmarks.bare:app"]
    command += ["--host", HOST, "--port", str(port), "--loop", "uvloop", "--http", "httptools"]
    command += ["--log-level", "warning", "--no-access-log", "--lifespan", "off"]
    with running(command, folder=ROOT, log=place.logs / "bare.log") as process:
        wait_for_port(port, process, _START)
        yield _peer("bare", port, process.pid, None)


def _bare(place: Place, _: Dataset) -> AbstractContextManager[Running]:
    return bare(place, place.programs / "python")


_LABELS = {
    "rdflib-endpoint": "rdflib-endpoint",
    "oxigraph-memory": "Oxigraph server, in memory",
    "oxigraph-disk": "Oxigraph server, on disk",
    "virtuoso": "Virtuoso 7",
    "bare": "bare ASGI, 1.5 KB",
}


def _peer(key: str, port: int, pid: int, sparql: str | None) -> Running:
    return Running(key=key, label=_LABELS[key], port=port, pid=pid, sparql=sparql)


def _needs(program: str) -> Callable[[Place], str | None]:
    def missing(place: Place) -> str | None:
        there = (place.programs / program).is_file()
        return None if there else "not installed; --install does it"

    return missing


SYSTEMS = (
    migkg_with(1),
    migkg_with(2),
    System(
        key="rdflib-endpoint",
        label=_LABELS["rdflib-endpoint"],
        start=_rdflib_endpoint,
        missing=_needs("rdflib-endpoint"),
    ),
    System(
        key="oxigraph-memory",
        label=_LABELS["oxigraph-memory"],
        start=_oxigraph_memory,
        missing=_needs("oxigraph"),
    ),
    System(
        key="oxigraph-disk",
        label=_LABELS["oxigraph-disk"],
        start=_oxigraph_disk,
        missing=_needs("oxigraph"),
    ),
    System(
        key="virtuoso",
        label=_LABELS["virtuoso"],
        start=_virtuoso,
        missing=virtuoso.missing,
    ),
    System(key="bare", label=_LABELS["bare"], start=_bare, missing=_needs("uvicorn")),
)
BY_KEY = {system.key: system for system in SYSTEMS}
