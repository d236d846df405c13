"""Clients that do harm: queries that never end, that fill memory or the stack, and slow readers.

Run as ``python -m benchmarks.attacks PORT SOURCE SECONDS KIND…``, one process an address, one
thread a kind. Each thread stops by itself after that many seconds and leaves what it has asked
unanswered; what became of its requests is written as one line of JSON each. Loopback only.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from urllib.parse import quote

from benchmarks.processes import HOST

_CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
_SORTED = "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f ?a"
_DOUBLINGS = 40
_DOUBLED = 'SELECT (STRLEN(?x{n}) AS ?n) {{ BIND("0123456789" AS ?x0) {steps} }}'.format(
    n=_DOUBLINGS,
    steps=" ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(_DOUBLINGS)),
)
_NESTED = "SELECT ?x { BIND(" + "CONCAT(" * 2000 + "'a'" + ")" * 2000 + " AS ?x) }"
_ROWS = "SELECT ?s ?p ?o { ?s ?p ?o } LIMIT 100000"
_TIMEOUT = 60.0
_SIP = 1024
_PAUSE = 0.2


@dataclass(frozen=True)
class Outcome:
    """What became of one hostile request: status 0 means that it was left or cut off."""

    kind: str
    status: int
    seconds: float


class Client:
    """Requests over connections of their own, from one source address."""

    def __init__(self, port: int, source: str) -> None:
        self._port = port
        self._source = source

    def query(self, text: str, *, seconds: float = _TIMEOUT) -> int:
        """The status of the answer, which is read to its end; 0 if none came in time."""
        try:
            with self._ask(text, seconds) as connection:
                return _status(_read(connection, time.monotonic() + seconds))
        except OSError:
            return 0

    def leave(self, text: str, seconds: float) -> int:
        """0 after leaving without a word while the query runs."""
        try:
            with self._ask(text, seconds):
                time.sleep(seconds)
        except OSError:
            pass
        return 0

    def sip(self, text: str, seconds: float) -> int:
        """The status of an answer that is read as slowly as can be, for that many seconds."""
        end, head = time.monotonic() + seconds, b""
        try:
            with self._ask(text, seconds) as connection:
                while time.monotonic() < end and (part := connection.recv(_SIP)):
                    head = head or part
                    time.sleep(_PAUSE)
        except OSError:
            pass
        return _status(head)

    def _ask(self, text: str, seconds: float) -> socket.socket:
        connection = socket.create_connection(
            (HOST, self._port), timeout=seconds, source_address=(self._source, 0)
        )
        request = (
            f"GET /sparql?query={quote(text, safe='')} HTTP/1.1\r\nHost: {HOST}\r\n"
            "Accept: application/sparql-results+json\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(request.encode("ascii"))
        return connection


def _read(connection: socket.socket, end: float) -> bytes:
    """The first part of an answer whose rest is read and forgotten."""
    head = b""
    while time.monotonic() < end and (part := connection.recv(65536)):
        head = head or part
    return head


def _status(head: bytes) -> int:
    fields = head.split(b" ", 2)
    return int(fields[1]) if len(fields) > 2 and fields[1].isdigit() else 0


KINDS: dict[str, Callable[[Client], int]] = {
    "cross product": lambda client: client.query(_CROSS),
    "sorted cross product": lambda client: client.query(_SORTED),
    "doubled text": lambda client: client.query(_DOUBLED),
    "deep nesting": lambda client: client.query(_NESTED),
    "client that leaves": lambda client: client.leave(_CROSS, 0.5),
    "slow reader": lambda client: client.sip(_ROWS, 5.0),
}


def outcomes(client: Client, kind: str, end: float) -> Iterator[Outcome]:
    """Attacks of one kind, one after the other, until the time has come."""
    while time.monotonic() < end:
        begin = time.monotonic()
        status = KINDS[kind](client)
        yield Outcome(kind, status, time.monotonic() - begin)
        time.sleep(0.01)  # one that is refused at once must not become a flood of requests


def main(arguments: list[str]) -> None:
    """Runs one thread for each kind; the process ends at the given time, whatever is open."""
    port, source, seconds, kinds = (
        int(arguments[0]),
        arguments[1],
        float(arguments[2]),
        arguments[3:],
    )
    end = time.monotonic() + seconds
    lock = threading.Lock()

    def attack(kind: str) -> None:
        for outcome in outcomes(Client(port, source), kind, end):
            with lock:
                sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
                sys.stdout.flush()

    threads = [threading.Thread(target=attack, args=(kind,), daemon=True) for kind in kinds]
    for thread in threads:
        thread.start()
    time.sleep(seconds)


if __name__ == "__main__":
    main(sys.argv[1:])
