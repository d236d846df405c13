"""The command as a process of its own, on a small project."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from migkg.settings import Settings
from tests.commands import Forks
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


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Where the command is imported once for all tests."""
    with closing(Forks()) as made:
        yield made


@pytest.fixture
def migkg(tiny: Settings, forks: Forks) -> Run:
    """Runs one command; what it answers is checked by the caller."""

    def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        _, environment = command(tiny, *arguments)
        return forks.run(arguments, environment, stdin=stdin, timeout=120)

    return run
