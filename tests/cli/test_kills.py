"""A load or a build that is killed leaves no half release, and nothing that grows.

MIGKG_LOAD_KILLS says how many of each are killed.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from migkg.engine import history
from migkg.engine.release import CURRENT, Release, open_current, open_release
from migkg.settings import Settings
from tests.cli.conftest import command
from tests.processes import eventually, runs
from tests.tiny import BASE

KILLS = int(os.environ.get("MIGKG_LOAD_KILLS", "3"))
STATEMENTS = 30_000
BESIDE = {".inputs.json", history.FILE}  # what may lie beside releases


class Command:
    """A command that makes another release each time that it is begun."""

    def __init__(self, tiny: Settings, arguments: list[str], data: Path) -> None:
        self._data = data
        self._line, self._environment = command(tiny, *arguments)
        self._environment["MIGKG_BUILD_PROCESSES"] = "3"
        self._environment["MIGKG_KEEP_RELEASES"] = str(KILLS + 2)

    def begin(self, number: int) -> subprocess.Popen[bytes]:
        lines = (f'<{BASE}id/a/{n}> <{BASE}p> "{n} {number}" .\n' for n in range(STATEMENTS))
        self._data.write_text("".join(lines), "utf-8")
        return subprocess.Popen(
            self._line, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


def whole(releases: Path) -> list[Release]:
    """Every release that is there; fails if one of them is not whole."""
    return [
        open_release(path)
        for path in releases.iterdir()
        if path.is_dir() and path.name != CURRENT and not path.name.startswith(".")
    ]


def left_by_the_dead(releases: Path) -> int:
    """How many works were begun and not ended."""
    return len(list(releases.glob(".migkg-work-*.lock")))


@pytest.mark.parametrize("name", ["load", "build"])
def test_whenever_it_is_killed_the_next_start_is_clean(
    tiny: Settings, tmp_path: Path, name: str
) -> None:
    if name == "build":
        run = Command(tiny, ["build"], Path(str(tiny.project)) / "data" / "numbers.nt")
    else:
        run = Command(tiny, ["load", str(tmp_path / "a.nt"), "--current"], tmp_path / "a.nt")
    started = time.monotonic()
    assert run.begin(0).wait() == 0
    duration = time.monotonic() - started
    known = {open_current(tiny.releases).id}
    chance = random.Random(1)
    for number in range(1, KILLS + 1):
        process = run.begin(number)
        time.sleep(chance.uniform(0.1, 1.0) * duration)
        process.kill()
        process.wait()
        eventually(lambda pid=process.pid: not runs(pid))
        ids = {release.id for release in whole(tiny.releases)}
        assert known <= ids
        assert open_current(tiny.releases).id in ids
        assert left_by_the_dead(tiny.releases) <= 1
        known = ids
    assert run.begin(KILLS + 1).wait() == 0
    assert {path.name for path in tiny.releases.iterdir()} - BESIDE == {
        *known,
        CURRENT,
        open_current(tiny.releases).id,
    }
