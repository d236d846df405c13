"""Whether the machine was there for the tests, or for others."""

from __future__ import annotations

import os
from pathlib import Path

STOLEN = 0.03  # of the processors' time, taken by the host; a machine of one's own shows less
CROWDED = 2.0  # runnable processes for each processor; the tests themselves make about one


class Machine:
    """The time of the processors since the last mark, from ``/proc/stat`` (proc(5))."""

    def __init__(self) -> None:
        self.mark()

    def mark(self) -> None:
        self._before = _times()

    def was_elsewhere(self) -> bool:
        """True if the host took processors away, or others crowd them: times say nothing."""
        spent = [now - before for now, before in zip(_times(), self._before, strict=True)]
        is_stolen = spent[7] > STOLEN * max(sum(spent), 1)
        return is_stolen or os.getloadavg()[0] > CROWDED * (os.cpu_count() or 1)


def _times() -> list[int]:
    """User, nice, system, idle, iowait, irq, softirq and steal."""
    stat = Path("/proc/stat").read_text("ascii").partition("\n")[0]
    return [int(value) for value in stat.split()[1:9]]
