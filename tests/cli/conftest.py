"""The command as a process of its own, on a small project."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from migkg.settings import Settings
from tests.tiny import BASE

Run = Callable[..., subprocess.CompletedProcess[bytes]]


def command(settings: Settings, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment of ``migkg`` with these arguments."""
    environment = {name: value for name, value in os.environ.items() if "MIGKG" not in name}
    environment |= {
        "MIGKG_BASE_IRI": BASE,
        "MIGKG_PROJECT": str(settings.project),
        "MIGKG_RELEASES": str(settings.releases),
        "MIGKG_QUERY_PROCESSES": "1",
        "COLUMNS": "40",
    }
    return [sys.executable, "-m", "migkg", *arguments], environment


@pytest.fixture
def migkg(tiny: Settings) -> Run:
    """Runs one command; what it answers is checked by the caller."""

    def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        line, environment = command(tiny, *arguments)
        return subprocess.run(
            line, input=stdin, env=environment, capture_output=True, check=False, timeout=120
        )

    return run
