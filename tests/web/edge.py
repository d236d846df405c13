"""A service of a small project with limits of its own, and connections on which all is allowed."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import parse_headers
from io import BytesIO
from pathlib import Path
from urllib.parse import quote, urlsplit

from migkg.services.building import build
from migkg.settings import Settings
from tests.conftest import Service, free_port, running
from tests.processes import children, is_zygote
from tests.tiny import BASE, make_project
from tests.web.client import Reply

PATIENCE = 60.0  # seconds in which what must happen does, on a machine that is busy
LIVE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
CLOSING = LIVE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
ENDLESS = (
    "SELECT (COUNT(*) AS ?n) { "
    + " ".join(f"VALUES ?v{n} {{ 0 1 2 3 4 5 6 7 8 9 }}" for n in range(12))
    + " }"
)


@dataclass(frozen=True)
class Edge(Service):
    """A running service of the small project, whose log can be read."""

    log: Path

    @property
    def front(self) -> int:
        """The one process that holds its connections."""
        (found,) = (pid for pid in children(self.pid) if not is_zygote(pid))
        return found

    def descriptors(self) -> list[str]:
        """What the front has open."""
        found = []
        for link in Path(f"/proc/{self.front}/fd").iterdir():
            with suppress(OSError):
                found.append(str(link.readlink()))
        return found

    def complaints(self) -> list[str]:
        """The lines of the log after the first, which says where the service is."""
        return self.log.read_text("utf-8").splitlines()[1:]


def _unchanged(_: Settings) -> None:
    pass


@contextmanager
def edge(
    folder: Path,
    *,
    prepare: Callable[[Settings], None] = _unchanged,
    launcher: Sequence[str] = (),
    **environment: str,
) -> Iterator[Edge]:
    """The service with one front and these variables of the environment.

    ``prepare`` changes the project before its release is made; ``launcher`` is a command that runs
    the one after it.
    """
    settings = make_project(folder)
    prepare(settings)
    release = build(settings, lambda _: None)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    values = {
        "MIGKG_BASE_IRI": BASE,
        "MIGKG_PROJECT": str(settings.project),
        "MIGKG_RELEASES": str(settings.releases),
        "MIGKG_WORKERS": "1",
        "MIGKG_LOG_REQUESTS": "off",
        **{f"MIGKG_{name}": value for name, value in environment.items()},
    }
    command = [*launcher, sys.executable, "-m", "migkg", "serve", "--port", str(port)]
    log = folder / "log"
    with log.open("wb") as out, running(command, f"{url}/readyz", values, out) as pid:
        in_force = Settings.from_environment(values)
        yield Edge(url, pid, release, in_force, log)


def connect(service: Service, *, receive: int = 0) -> socket.socket:
    """A connection; with ``receive``, one that takes few bytes at a time."""
    address = urlsplit(service.url)
    sock = socket.socket()
    sock.settimeout(PATIENCE)
    if receive:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    sock.connect((address.hostname, address.port))
    return sock


def get(path: str, *fields: str) -> bytes:
    """A request of GET."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *fields, "", ""]).encode("latin-1")


def post(query: str, *fields: str) -> bytes:
    """A query by POST."""
    body = query.encode()
    named = ["Content-Type: application/sparql-query", f"Content-Length: {len(body)}", *fields]
    head = "\r\n".join(["POST /sparql HTTP/1.1", "Host: x", *named, "", ""])
    return head.encode("latin-1") + body


def ask_for(query: str) -> bytes:
    """A query by GET."""
    return get(f"/sparql?query={quote(query)}")


def read_all(sock: socket.socket) -> bytes:
    """Everything until the other end closes; it must do so."""
    parts = []
    with sock:
        while part := sock.recv(65536):
            parts.append(part)
    return b"".join(parts)


def replies(data: bytes) -> list[Reply]:
    """The responses in what came over a connection, interim ones left out."""
    stream = BytesIO(data)
    found = []
    while line := stream.readline():
        version, status, *_ = line.split(b" ", 2)
        assert version == b"HTTP/1.1", data
        headers = parse_headers(stream)
        if status != b"100":
            body = stream.read(int(headers.get("Content-Length", "0")))
            found.append(Reply(int(status), headers, body))
    return found


def read_one(sock: socket.socket) -> Reply:
    """One response, after which the connection stays open."""
    with sock.makefile("rb") as stream:
        _, status, _ = stream.readline().split(b" ", 2)
        headers = parse_headers(stream)
        body = stream.read(int(headers["Content-Length"]))
    return Reply(int(status), headers, body)


def converse(service: Service, *parts: bytes) -> list[Reply]:
    """The responses to what is sent; the service closes the connection."""
    sock = connect(service)
    for part in parts:
        sock.sendall(part)
    return replies(read_all(sock))


def is_alive(service: Service) -> bool:
    """True if the service answers a query on a new connection."""
    (reply,) = converse(service, post("ASK {}", "Connection: close"))
    return bool(reply.status == 200 and json.loads(reply.body)["boolean"])
