"""Starts the process that holds the release, and starts it again when it has ended.

Requests for query processes wait in a socket that the keeper keeps open, so that none is lost
while the release is loaded anew.
"""

from __future__ import annotations

import json
import logging
import os
import select
import socket
import subprocess
import sys

from migkg.engine.release import Release
from migkg.errors import EngineUnavailable
from migkg.settings import Settings

log = logging.getLogger(__name__)

# What a store in memory takes; 360 to 520 bytes a quad were measured.
BYTES_PER_QUAD = 520
_START = 600.0
_STOP = 2.0


def store_kind(quads: int, budget: int) -> str:
    """``memory`` if a store of that many quads fits the budget in bytes, else ``disk``."""
    return "memory" if quads * BYTES_PER_QUAD <= budget else "disk"


def store_choice(release: Release, budget: int) -> str:
    """Where queries will read a release from, and why, in one sentence."""
    quads = int(release.manifest["quads"])
    size = f"{quads * BYTES_PER_QUAD / 1e6:,.0f} MB"
    limit = f"MIGKG_MEMORY_BUDGET ({budget / 1e6:,.0f} MB)"
    if store_kind(quads, budget) == "memory":
        return f"Queries read it from memory: {quads:,} quads take about {size}, within {limit}."
    return (
        f"Queries read it from disk: {quads:,} quads would take about {size}, more than {limit}. "
        "The store for that is made when the release is first opened."
    )


class Keeper:
    """The process that holds one release. It does not know what is asked of it."""

    def __init__(self, release: Release, settings: Settings) -> None:
        self._release = release
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = -1
        self._patience: float | None = _START
        self.control, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Starts the process; it is ready when it has opened the release.

        On disk it makes the store for that first, if there is none, which takes as long as it
        takes.
        """
        quads = int(self._release.manifest["quads"])
        kind = store_kind(quads, self._settings.memory_budget)
        self._patience = _START if kind == "memory" else None
        if kind == "disk":
            log.warning(
                "%d quads would take more than MIGKG_MEMORY_BUDGET (%d bytes): queries read them "
                "from disk.",
                quads,
                self._settings.memory_budget,
            )
        self._start(kind)

    def _start(self, kind: str) -> None:
        self._ready, ready = os.pipe()
        parameters = {
            "kind": kind,
            "folder": str(self._release.folder),
            "blank": self._release.manifest.get("blank nodes", True),
            "control": self._theirs.fileno(),
            "ready": ready,
            "memory": self._settings.query_memory,
            "parent": os.getpid(),
        }
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "migkg.engine.zygote", json.dumps(parameters)],
                pass_fds=(self._theirs.fileno(), ready),
                stdin=subprocess.DEVNULL,
                # A trace of a crash takes seconds, in which the crash is not yet known.
                env={**os.environ, "RUST_BACKTRACE": "0"},
            )
        finally:
            os.close(ready)

    @property
    def starting(self) -> int:
        """What becomes readable when :meth:`wait` would return at once."""
        return self._ready

    def is_ready(self) -> bool:
        """True if :meth:`wait` would return or raise at once."""
        return bool(select.select([self._ready], [], [], 0)[0])

    def wait(self) -> None:
        """Returns when the process is ready; raises :class:`EngineUnavailable` if it has ended."""
        readable, _, _ = select.select([self._ready], [], [], self._patience)
        ready = os.read(self._ready, 1) if readable else b""
        os.close(self._ready)
        self._ready = -1
        if ready != b"R":
            self.stop()
            raise EngineUnavailable(f"The release in {self._release.folder} could not be loaded.")

    def has_ended(self) -> bool:
        """True if the process is there no more."""
        return self._process is None or self._process.poll() is not None

    def restart(self) -> None:
        """Starts the process anew after it has ended."""
        log.warning("The process that holds the release has ended; starting it again.")
        self.stop()
        self.start()

    def stop(self) -> None:
        """Ends the process, and with it every query process."""
        self._drop_ready()
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait(_STOP)

    def close(self) -> None:
        """Ends the process and gives the sockets back."""
        self.stop()
        self.control.close()
        self._theirs.close()

    def _drop_ready(self) -> None:
        if self._ready >= 0:
            os.close(self._ready)
            self._ready = -1
