"""Watches which release another engine has in service, in a process of its own.

The process that watches over the service must never wait for a server, so another one asks, and
writes a line of JSON whenever the record has changed.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, TypeVar

from migkg.engine import published
from migkg.engine.published_agreement import Agreement, NotYet, agreed
from migkg.engine.rdf_server import RdfServer, reading
from migkg.engine.remote.roles import Endpoint, Role, answering
from migkg.engine.zygote import die_with_parent
from migkg.errors import MigkgError
from migkg.settings import Settings

log = logging.getLogger(__name__)

_DEADLINE = 3.0  # seconds for the record of one endpoint
_OTHERS = 5.0  # seconds for which the others may start later than the first
_LONGEST = 64 * 1024
_WARNING = "warning"
_ANYTHING = "SELECT ?s { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } } LIMIT 1"

T = TypeVar("T")


def agreement(settings: Settings, before: Agreement | None) -> Agreement | None:
    """What the endpoints hold together; None if they hold no record and none was known before.

    Raises what :class:`RdfServer` does if none answers.
    """
    found = _asked(settings, lambda server: published.read(server, settings.base_iri))
    records = [record for endpoint, record in found if endpoint.role is Role.QUERY]
    standbys = [record for endpoint, record in found if endpoint.role is Role.STANDBY]
    return agreed(records, len(answering(settings.engine_url)), before, standbys)


def _asked(settings: Settings, ask: Callable[[RdfServer], T]) -> list[tuple[Endpoint, T]]:
    """What those endpoints answer that do, all asked at the same time."""
    endpoints = answering(settings.engine_url)
    found: list[tuple[Endpoint, T]] = []
    failed: MigkgError | None = None
    with ThreadPoolExecutor(len(endpoints)) as pool:
        asking = [pool.submit(_ask, settings, endpoint.url, ask) for endpoint in endpoints]
        for endpoint, future in zip(endpoints, asking, strict=True):
            try:
                found.append((endpoint, future.result()))
            except MigkgError as error:
                failed = error
    if failed and not found:
        raise failed
    return found


def _ask(settings: Settings, url: str, ask: Callable[[RdfServer], T]) -> T:
    with reading(settings, url, deadline=_DEADLINE) as server:
        return ask(server)


class PublishedWatch:
    """What the endpoints hold together, as far as it is known."""

    def __init__(self, settings: Settings, known: Agreement) -> None:
        self._known = known
        self._settings = settings
        self._rest = b""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def current(self) -> str | None:
        """The id of the release in service."""
        return self._known.current

    @property
    def complete(self) -> tuple[str, ...]:
        """The ids of those that an endpoint holds which answers."""
        return self._known.complete

    def fileno(self) -> int:
        """What becomes readable when there is news."""
        if self._process is None or self._process.stdout is None:
            return -1
        return self._process.stdout.fileno()

    def start(self) -> None:
        """Starts the process that asks."""
        parameters = {
            "engine_url": self._settings.engine_url,
            "base_iri": self._settings.base_iri,
            "release_poll": self._settings.release_poll,
        }
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [
                *(sys.executable, "-m", __name__, json.dumps(parameters)),
                *(json.dumps(asdict(self._known)), str(os.getpid())),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        os.set_blocking(self.fileno(), False)

    def look(self) -> None:
        """Takes the news, and starts the process again if it has ended."""
        try:
            data = os.read(self.fileno(), _LONGEST)
        except BlockingIOError:
            return
        if not data:
            log.warning("The process that asks for the release in service has ended.")
            self.close()
            time.sleep(self._settings.release_poll)
            self.start()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            news = json.loads(line)
            if _WARNING in news:
                log.warning("%s", news[_WARNING])
            else:
                self._known = _agreement(news)

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        self._rest = b""


def _agreement(news: dict[str, Any]) -> Agreement:
    return Agreement(news["current"], news["since"], tuple(news["complete"]))


def _watch(settings: Settings, known: Agreement) -> Iterable[str]:
    """A line for each change; what cannot be read is said once and tried again.

    It is said to who started this, who writes the log of the service.
    """
    silent = False
    while True:
        try:
            news = agreement(settings, known) or known
        except MigkgError as error:
            if not silent:
                yield json.dumps({_WARNING: f"Which release is in service is not known: {error}"})
            silent = True
        else:
            silent = False
            if news != known:
                known = news
                yield json.dumps(asdict(known))
        time.sleep(settings.release_poll)


def _main() -> None:
    die_with_parent(int(sys.argv[3]))
    settings = Settings.from_environment(**json.loads(sys.argv[1]))
    for line in _watch(settings, _agreement(json.loads(sys.argv[2]))):
        print(line, flush=True)


def wait_for_record(settings: Settings, wait: Callable[[NotYet, str], None]) -> Agreement | None:
    """What the endpoints hold together, as soon as it can be served; None if they hold no record.

    ``wait`` is told again and again why it cannot be served yet, and what went wrong.
    """
    since: float | None = None  # when the first of them answered
    while True:
        try:
            rows = [rows for _, rows in _asked(settings, lambda server: server.select(_ANYTHING))]
            since = since or time.monotonic()
            found = agreement(settings, None)  # which is written before anything else
            if 2 * len(rows) <= len(answering(settings.engine_url)) and (
                time.monotonic() < since + _OTHERS
            ):
                wait(NotYet.FEW, "")
            elif found and found.current is None:
                wait(NotYet.BEGUN, "")
            elif found or any(rows):
                return found
            else:
                wait(NotYet.NOTHING, "")
        except MigkgError as error:
            since = None
            wait(NotYet.NOBODY, str(error))
        time.sleep(settings.release_poll)


if __name__ == "__main__":
    _main()
