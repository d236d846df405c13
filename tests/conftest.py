"""What tests share: a release of the project's own files, and a real service on a real port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from migkg.engine.release import Release
from migkg.resources import Project, find_project
from migkg.services.building import build
from migkg.settings import Settings
from tests.hostile import make_hostile
from tests.tiny import BASE as TINY
from tests.tiny import make_project

ROOT = Path(__file__).resolve().parents[1]
BASE = "https://w3id.org/migkg/"
DEADLINE = 2.0


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
        releases=tmp_path_factory.mktemp("releases"),
        query_deadline=DEADLINE,
        query_processes=4,
    )


@pytest.fixture(scope="session")
def project(settings: Settings) -> Project:
    return find_project(settings)


@pytest.fixture(scope="session")
def release(settings: Settings) -> Release:
    """The release of the project's files, built once for all tests."""
    return build(settings, lambda _: None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(url: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
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
    command: list[str], ready: str, environment: dict[str, str], log: IO[bytes] | None = None
) -> Iterator[int]:
    """A process that runs while the block does; yields its process id. It complains to ``log``."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=log)
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
def serve(settings: Settings, release: Release, **environment: str) -> Iterator[Service]:
    """The service on a free port, with environment variables of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    values = {
        "MIGKG_PROJECT": str(settings.project),
        "MIGKG_RELEASES": str(settings.releases),
        "MIGKG_QUERY_DEADLINE": str(settings.query_deadline),
        "MIGKG_QUERY_PROCESSES": str(settings.query_processes),
        **environment,
    }
    command = [sys.executable, "-m", "migkg", "serve", "--port", str(port)]
    with running(command, f"{url}/readyz", values) as pid:
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
