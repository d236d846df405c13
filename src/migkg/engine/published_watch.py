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
from collections.abc import Iterable
from contextlib import closing

from migkg.engine import published
from migkg.engine.http_client import HttpClient
from migkg.engine.published import Published
from migkg.engine.rdf_server import Addresses, RdfServer
from migkg.engine.remote.credentials import authorization
from migkg.engine.remote.roles import answering
from migkg.engine.zygote import die_with_parent
from migkg.errors import EngineUnavailable, MigkgError
from migkg.settings import Settings

log = logging.getLogger(__name__)

_DEADLINE = 10.0
_LONGEST = 64 * 1024


def read_record(settings: Settings) -> Published | None:
    """What all endpoints have in service; None if they hold no record of releases.

    Where they differ, none is current. Raises what :class:`RdfServer` does.
    """
    return _common([_read(settings, url) for url in _urls(settings)])


def _urls(settings: Settings) -> list[str]:
    return [endpoint.url for endpoint in answering(settings.engine_url)]


def _read(settings: Settings, url: str) -> Published:
    client = HttpClient(
        deadline=_DEADLINE,
        authorization=authorization(settings),
        ca_file=settings.engine_ca_file,
    )
    with closing(client):
        return published.read(RdfServer(Addresses(url, "", ""), client), settings.base_iri)


def _common(found: list[Published]) -> Published | None:
    if not any(record.graphs for record in found):
        return None
    first, *others = found
    current = {record.current for record in found}
    complete = [name for name in first.complete if all(name in other.complete for other in others)]
    return Published(current.pop() if len(current) == 1 else None, tuple(complete), first.graphs)


class PublishedWatch:
    """What the record says, as far as it is known."""

    def __init__(self, settings: Settings, known: Published) -> None:
        self.current = known.current
        self.complete = known.complete
        self._settings = settings
        self._rest = b""
        self._process: subprocess.Popen[bytes] | None = None

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
            [sys.executable, "-m", __name__, json.dumps(parameters), str(os.getpid())],
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
            self.current, self.complete = news["current"], tuple(news["complete"])

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        self._rest = b""


def _watch(settings: Settings) -> Iterable[str]:
    """A line for each change; what cannot be read is said once and tried again."""
    last, silent = "", False
    while True:
        try:
            record = read_record(settings) or Published()
        except MigkgError as error:
            if not silent:
                log.warning("Which release is in service is not known: %s", error)
            silent = True
        else:
            silent = False
            line = json.dumps({"current": record.current, "complete": record.complete})
            if line != last:
                last = line
                yield line
        time.sleep(settings.release_poll)


def _main() -> None:
    die_with_parent(int(sys.argv[2]))
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for line in _watch(Settings.from_environment(**json.loads(sys.argv[1]))):
        print(line, flush=True)


def wait_for_record(settings: Settings, seconds: float) -> Published | None:
    """The record of those endpoints that answer, as soon as one does; raises why none did."""
    end = time.monotonic() + seconds
    while True:
        found, failed = [], None
        for url in _urls(settings):
            try:
                found.append(_read(settings, url))
            except EngineUnavailable as error:
                failed = error
        if found:
            return _common(found)
        if failed and time.monotonic() > end:
            raise failed
        time.sleep(settings.release_poll)


if __name__ == "__main__":
    _main()
