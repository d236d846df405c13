"""Black-box clients that others wrote, where they are beside the checkout."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.conftest import BASE, ROOT, Service

CLIENTS = ROOT.parent / "shared" / "conformance"
CASES = {
    "sparql_protocol.py": ["--sparql", "/sparql", "--update", "/update", "--read-only"],
    "graph_store.py": ["--gsp", "/rdf-graph-store", "--sparql", "/sparql", "--read-only"],
    "linked_data.py": [
        *("--sparql", "/sparql", "--discover", "20", "--ns", f"{BASE}id/"),
        *("--missing", "/id/city/nowhere-xx", "--gone", "/id/org/us-nic"),
    ],
}


def client(name: str) -> Path:
    script = CLIENTS / name
    if not script.is_file():
        pytest.skip(f"the conformance client is not at {script}")
    return script


@pytest.mark.parametrize("name", CASES)
def test_the_client_finds_no_failure(service: Service, name: str) -> None:
    assert failures(service, name) == []


def failures(service: Service, name: str, exceptions: Iterable[str] = ()) -> list[str]:
    """What a client says of a service, beside what is known."""
    mapping = ["--map", f"{BASE}={service.url}/"] if name == "linked_data.py" else []
    done = subprocess.run(
        [sys.executable, str(client(name)), "--base", service.url, *CASES[name], *mapping],
        capture_output=True,
        text=True,
        check=False,
    )
    assert " passed, " in done.stdout, done.stderr
    found = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    return [line for line in found if not any(case in line for case in exceptions)]
