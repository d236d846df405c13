"""What tests share: a release of the project's own files, and a real service on a real port."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

import hypothesis
import pytest

from migkg.engine.release import Release, open_current
from migkg.resources import Project, find_project
from migkg.services.building import build
from migkg.settings import Settings
from tests.hostile import make_hostile
from tests.machine import Machine
from tests.tiny import BASE as TINY
from tests.tiny import make_project

ROOT = Path(__file__).resolve().parents[1]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # gw0, gw1, …; empty in a plain run
BASE = "https://w3id.org/migkg/"
# Below those that the kernel gives to connections, which may come between probe and use.
PORTS = range(10_000, 32_000)

# How long an example takes says nothing on a machine that is busy.
hypothesis.settings.register_profile("patient", parent=hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("patient")

# A test of a deadline sets its own; in all others a machine that is busy must not matter.
PATIENCE = {
    "query_deadline": 120.0,
    "query_wait": 120.0,
    "search_deadline": 120.0,
    "slow_after": 60.0,
    "validate_deadline": 300.0,
}
# Each takes half a minute or so; the others fill what is left beside them.
LONG = (
    "test_wheel.py",
    "test_connections.py",
    "test_bad_files.py",
    "test_fronts.py",
    "test_disk.py",
    "test_faults.py",
    "test_conformance.py",
    "test_kills.py",
    "test_clients.py",
    "test_gate.py",
)


machine = Machine()
AGAIN = pytest.mark.flaky(reruns=2, reruns_delay=10, condition=machine.was_elsewhere)


def pytest_runtest_setup() -> None:
    machine.mark()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is slow is left out unless it is asked for.

    What fails while the machine is taken away counts if it fails again; the report names it. Where
    several processes run the tests, the files that take long come first.
    """
    for item in items:
        item.add_marker(AGAIN)
    if "slow" not in config.option.markexpr:
        left_out = pytest.mark.skip(reason="slow: run with -m slow")
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(left_out)
    if WORKER:
        place = {name: number for number, name in enumerate(LONG)}
        items.sort(key=lambda item: place.get(item.path.name, len(LONG)))


def sources_folder() -> Path | None:
    """The five documents, if they are here: MIGKG_SOURCES, or beside the checkout."""
    named = os.environ.get("MIGKG_SOURCES")
    folder = Path(named) if named else ROOT.parent / "shared" / "sources"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def sources() -> Path:
    folder = sources_folder()
    if folder is None:
        pytest.skip("the source documents are not here; set MIGKG_SOURCES to their folder")
    return folder


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        project=ROOT,
        releases=tmp_path_factory.mktemp("tests") / "releases",
        query_processes=4,
        **PATIENCE,
    )


@pytest.fixture(scope="session")
def project(settings: Settings) -> Project:
    return find_project(settings)


@pytest.fixture(scope="session")
def release(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release of the project's files, built once for all tests.

    Where several processes run the tests, the first builds it and each has a copy of its own.
    """
    if WORKER:
        shared = tmp_path_factory.getbasetemp().parent / "releases"
        with shared.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            build_in(shared, settings)
        shutil.copytree(shared, settings.releases, symlinks=True)
        return open_current(settings.releases)
    return build(settings, lambda _: None)


def build_in(folder: Path, settings: Settings) -> None:
    if not folder.exists():
        build(replace(settings, releases=folder), lambda _: None)


def free_port() -> int:
    """A port on which nobody listens, and that hardly anybody else picks at the same time."""
    while True:
        port = random.choice(PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def wait_until_ready(url: str, process: subprocess.Popen[bytes], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the process ended with status {process.returncode}")
        try:
            with urlopen(url, timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"{url} did not answer within {seconds} s")


@contextmanager
def running(
    command: list[str],
    ready: str,
    environment: dict[str, str],
    log: IO[bytes] | int | None = None,
    folder: Path | None = None,
) -> Iterator[int]:
    """A process that runs while the block does; yields its process id. It complains to ``log``."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=log, cwd=folder)
    try:
        wait_until_ready(ready, process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Service:
    """A running service."""

    url: str
    pid: int
    release: Release
    settings: Settings

    @property
    def sparql(self) -> str:
        return f"{self.url}/sparql"


@contextmanager
def serve(
    settings: Settings, release: Release, ready: str = "/readyz", **environment: str
) -> Iterator[Service]:
    """The service on a free port, with environment variables of its own, when a path answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    values = {
        "MIGKG_PROJECT": str(settings.project),
        "MIGKG_RELEASES": str(settings.releases),
        "MIGKG_QUERY_PROCESSES": str(settings.query_processes),
        **{f"MIGKG_{name.upper()}": str(getattr(settings, name)) for name in PATIENCE},
        **environment,
    }
    command = [sys.executable, "-m", "migkg", "serve", "--port", str(port)]
    with running(command, url + ready, values) as pid:
        yield Service(url, pid, release, settings)


@pytest.fixture(scope="session")
def service(settings: Settings, release: Release) -> Iterator[Service]:
    """One service with the embedded engine, for all tests that do not change its settings."""
    with serve(settings, release) as running_service:
        yield running_service


@contextmanager
def oxigraph(release: Release, store: Path) -> Iterator[str]:
    """An Oxigraph server that holds a release in the folder ``store``; yields its endpoint."""
    port = free_port()
    program = str(Path(sys.executable).with_name("oxigraph"))
    subprocess.run(
        [program, "load", "--location", str(store), "--file", str(release.store)],
        check=True,
        capture_output=True,
    )
    address = f"127.0.0.1:{port}"
    command = [program, "serve-read-only", "--location", str(store), "--bind", address]
    endpoint = f"http://{address}/query"
    with running([*command, "--union-default-graph"], f"{endpoint}?query=ASK%7B%7D", {}):
        yield endpoint


@pytest.fixture(scope="session")
def remote_service(
    settings: Settings, release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The same service in front of an Oxigraph server that holds the same release."""
    with (
        oxigraph(release, tmp_path_factory.mktemp("oxigraph")) as endpoint,
        serve(settings, release, MIGKG_ENGINE_URL=endpoint) as running_service,
    ):
        yield running_service


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service for a small project whose labels are hostile."""
    settings = make_hostile(tmp_path_factory.mktemp("hostile"))
    release = build(settings, lambda _: None)
    with serve(settings, release, MIGKG_BASE_IRI=TINY) as running_service:
        yield running_service


@pytest.fixture
def tiny(tmp_path: Path) -> Settings:
    """Settings for a small project of another domain, fresh for each test."""
    return make_project(tmp_path)
