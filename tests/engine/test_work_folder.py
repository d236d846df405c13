"""Work in progress leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from migkg.engine.work_folder import remove_abandoned, work_folder

HOLD = """
import os, sys, time
from pathlib import Path
from migkg.engine.work_folder import work_folder
with work_folder(Path(sys.argv[1])) as work:
    (work.path / "half").write_bytes(b"half")
    os.write(1, b"R")
    time.sleep(60)
"""


def holder(folder: Path) -> subprocess.Popen[bytes]:
    """A process that works in the folder until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    assert process.stdout
    assert process.stdout.read(1) == b"R"
    return process


def test_the_folder_is_gone_after_use(tmp_path: Path) -> None:
    with work_folder(tmp_path / "new") as work:
        (work.path / "a").write_bytes(b"a")
        assert len(list((tmp_path / "new").iterdir())) == 2
    assert list((tmp_path / "new").iterdir()) == []


def test_the_folder_is_gone_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), work_folder(tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next_and_what_is_in_use_stays(
    tmp_path: Path,
) -> None:
    with holder(tmp_path) as process:
        before = sorted(tmp_path.rglob("*"))
        assert len(before) == 3
        with work_folder(tmp_path):
            pass
        assert sorted(tmp_path.rglob("*")) == before
        process.kill()
        process.wait()
        assert sorted(tmp_path.rglob("*")) == before
        with work_folder(tmp_path):
            pass
        assert list(tmp_path.iterdir()) == []


def test_where_nothing_may_be_removed_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / ".migkg-work-x.lock"
    lock.write_bytes(b"")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)  # the file is somebody else's
    remove_abandoned(tmp_path)
    assert lock.exists()
    monkeypatch.undo()
    remove_abandoned(tmp_path)
    assert not lock.exists()


def test_a_folder_that_is_not_there_has_nothing_to_remove(tmp_path: Path) -> None:
    remove_abandoned(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()
