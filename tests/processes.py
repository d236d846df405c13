"""What runs below a process, and waiting for what must come true."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def _parents() -> dict[int, int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit():
                stat = (entry / "stat").read_text("utf-8")
                parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
        except OSError:  # it has ended meanwhile
            continue
    return parents


def children(pid: int) -> list[int]:
    """The processes that a process has made and that still run."""
    return [child for child, parent in _parents().items() if parent == pid]


def is_zygote(pid: int) -> bool:
    try:
        return b"migkg.engine.zygote" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def zygotes(pid: int) -> list[int]:
    """The children of a process that hold a release; other tests may have other children."""
    return [child for child in children(pid) if is_zygote(child)]


def runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Returns as soon as the condition holds; fails if it never does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it never came true")
        time.sleep(0.01)
