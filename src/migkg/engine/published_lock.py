"""One run at a time writes to a server: a claim in its record, void when nobody renews it.

Engines do not agree on what two updates of the same moment see of one another, so none is relied
on to test and to write in one step. A run writes its claim, then reads all claims, and withdraws
if there is another. Of two that do so at the same time the later one to write sees both, so never
two go on: all that is needed is that a server shows what it has acknowledged.

Whether a run is alive is seen from whether its claim changes, so clocks need not agree.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

from migkg.engine import published
from migkg.engine.published import Run
from migkg.engine.rdf_server import RdfServer
from migkg.errors import MigkgError, PublishFailed

SILENCE = 60.0  # seconds without a sign after which a claim is void
_SIGNS = 12  # in that time
_DEADLINE = 20.0  # for one exchange
_TRIES = 8
_PAUSE = 0.5


class PublishedLock:
    """Held from ``with`` to its end; raises :class:`PublishFailed` where another run is alive."""

    def __init__(
        self,
        server: RdfServer,
        base_iri: str,
        release_id: str,
        *,
        progress: Callable[[str], None],
        silence: float = SILENCE,
    ) -> None:
        self.run = f"{base_iri}releases/run/{secrets.token_hex(8)}"
        self._server = server.again(_DEADLINE)
        self._base = base_iri
        self._release = release_id
        self._progress = progress
        self._silence = silence
        self._seen = 0.0
        self._is_lost = False
        self._ended = Event()
        self._thread = Thread(target=self._renew_often, daemon=True)

    def __enter__(self) -> PublishedLock:
        try:
            self._acquire()
        except BaseException:
            self._server.close()
            raise
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(_DEADLINE)
        try:
            published.withdraw(self._server, self._base, self.run)
        except MigkgError as error:
            self._progress(f"the claim of this run is void in {self._silence:g} s only: {error}")
        self._server.close()

    def check(self) -> None:
        """Raises :class:`PublishFailed` if the lock was lost; to be asked before each write."""
        if not self._is_lost and _now() - self._seen > self._silence / 2:
            self._renew(self._server)
        if self._is_lost:
            raise PublishFailed(
                f"Another run took the place of this one, which had given no sign for "
                f"{self._silence:g} s. Run it again when that one has ended."
            )

    def _acquire(self) -> None:
        for _ in range(_TRIES):
            self._wait_for_silent()
            if self._claim():
                return
            time.sleep(random.uniform(0, _PAUSE))  # noqa: S311 - so that one of two comes first
        raise PublishFailed("Other runs started at the same moment. Run it again.")

    def _claim(self) -> bool:
        """True if the claim is the only one; else it is withdrawn."""
        is_held = False
        try:
            self._seen = _now()
            published.claim(self._server, self._base, self.run, self._release)
            runs = [run.iri for run in self._runs(self._server)]
            if self.run not in runs:
                raise PublishFailed("The server has not kept what was recorded. Run it again.")
            is_held = runs == [self.run]
        finally:
            if not is_held:
                with suppress(MigkgError):
                    published.withdraw(self._server, self._base, self.run)
        return is_held

    def _wait_for_silent(self) -> None:
        """Returns when there is no claim; those that do not change in time are taken away."""
        seen: dict[str, tuple[str, float]] = {}
        while runs := self._runs(self._server):
            now = _now()
            for run in runs:
                sign, since = seen.setdefault(run.iri, (run.sign, now))
                if sign != run.sign:
                    raise PublishFailed(
                        f"Another run has been bringing release {run.release} to this server "
                        f"since {run.started[:19]} UTC. Run it again when that one has ended."
                    )
                if now - since > self._silence:
                    published.withdraw(self._server, self._base, run.iri)
            self._progress(f"another run is recorded; it has {self._silence:g} s to give a sign")
            time.sleep(self._silence / _SIGNS / 4)

    def _runs(self, server: RdfServer) -> tuple[Run, ...]:
        return published.read(server, self._base).runs

    def _renew_often(self) -> None:
        server = self._server.again()
        while not self._ended.wait(self._silence / _SIGNS):
            with suppress(MigkgError):  # the run itself looks when it was long ago
                self._renew(server)
        server.close()

    def _renew(self, server: RdfServer) -> None:
        now = _now()
        published.renew(server, self._base, self.run)
        if self.run in (run.iri for run in self._runs(server)):
            self._seen = now
        else:
            self._is_lost = True


def _now() -> float:
    """Seconds of a clock that goes on while the machine sleeps, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
