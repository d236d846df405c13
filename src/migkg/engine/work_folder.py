"""Folders for work in progress, which nothing outlives.

A folder belongs to a lock that its process holds. When the process ends, however it ends, the lock
is free, and whoever makes the next folder removes what is left.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PREFIX = ".migkg-work-"
_LOCK = ".lock"


@dataclass(frozen=True)
class WorkFolder:
    """An empty folder of one process; ``lock`` is the open file that keeps it."""

    path: Path
    lock: int


@contextmanager
def work_folder(parent: Path) -> Iterator[WorkFolder]:
    """A folder inside ``parent`` that is removed at the end, whatever happens meanwhile."""
    parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(parent)
    lock, name = _new_lock(parent)
    folder = Path(name.removesuffix(_LOCK))
    try:
        folder.mkdir(mode=0o700)
        yield WorkFolder(folder, lock)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(FileNotFoundError):
            Path(name).unlink()
        os.close(lock)


def remove_abandoned(parent: Path) -> None:
    """Removes the work of processes that have ended; where nothing may be written it stays."""
    for path in parent.glob(f"{PREFIX}*{_LOCK}"):
        with suppress(OSError):
            _remove_if_free(path)


def _remove_if_free(path: Path) -> None:
    lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # In a folder that others may write to, only what is ours is removed.
        if _is_open(path, lock) and os.fstat(lock).st_uid == os.geteuid():
            shutil.rmtree(path.with_name(path.name.removesuffix(_LOCK)), ignore_errors=True)
            path.unlink()
    finally:
        os.close(lock)


def _new_lock(parent: Path) -> tuple[int, str]:
    """A lock that is held, and its path. The lock is there before its folder and goes after it."""
    while True:
        lock, name = tempfile.mkstemp(_LOCK, PREFIX, parent)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_open(Path(name), lock):
            return lock, name
        os.close(lock)  # removed by another process before it was held


def _is_open(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
