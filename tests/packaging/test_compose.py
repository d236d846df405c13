"""The compose file, built and started as its first line says, and asked through its proxy."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from migkg.engine.release import Release
from migkg.settings import Settings
from tests.conftest import ROOT
from tests.packaging.base_images import make_base_images
from tests.packaging.containers import Containers, containers, missing
from tests.processes import eventually, runs
from tests.web.client import Reply

pytestmark = pytest.mark.slow

SECONDS = 570  # for everything, the base images included
RUNNING = {"store": 10002, "migkg": 10001, "proxy": 10003}  # with their users
COUNT = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"


@dataclass(frozen=True)
class Stack:
    """The services of the compose file."""

    inside: Containers
    environment: dict[str, str]
    tls: Path

    def compose(self, *command: str, seconds: float = 120) -> str:
        """One command of docker-compose; certificates come from a folder of the test."""
        files = ("--file", ROOT / "docker-compose.yml", "--file", self.tls.parent / "tls.yml")
        place = ("--project-directory", ROOT, "--project-name", "migkgtest")
        return self.inside.run(
            "docker-compose", *files, *place, *command, seconds=seconds, **self.environment
        )

    def podman(self, *command: str) -> str:
        return self.inside.run("podman", *command).strip()

    def inspect(self, service: str) -> Any:
        return json.loads(self.podman("inspect", name_of(service)))[0]

    def ask(self, path: str, method: str = "GET", body: str | None = None, **fields: str) -> Reply:
        """The answer to a request through the proxy."""
        with self.inside.network():
            connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=30)
            try:
                connection.request(method, path, body, fields)
                response = connection.getresponse()
                return Reply(response.status, response.headers, response.read())
            finally:
                connection.close()

    def sparql(self, text: str) -> Reply:
        return self.ask(f"/sparql?format=json&query={quote(text)}")

    def connect(self, port: int = 8000) -> socket.socket:
        with self.inside.network():
            return socket.create_connection(("127.0.0.1", port), timeout=60)

    def is_healthy(self, service: str) -> bool:
        return bool(self.inspect(service)["State"]["Health"]["Status"] == "healthy")


def name_of(service: str) -> str:
    return f"migkgtest_{service}_1"


def make_certificate(folder: Path, inside: Containers) -> None:
    """A certificate for localhost, and the server that deploy/README.md says to copy."""
    folder.mkdir()
    made = ("-keyout", folder / "key.pem", "-out", folder / "certificate.pem", "-days", "2")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    inside.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-noenc", *made, *names)
    (folder / "key.pem").chmod(0o644)
    example = ROOT / "deploy" / "proxy" / "tls" / "example.conf.txt"
    (folder / "tls.conf").write_text(example.read_text("utf-8"), "utf-8")
    override = {"services": {"proxy": {"volumes": [f"{folder}:/etc/nginx/tls:ro"]}}}
    (folder.parent / "tls.yml").write_text(json.dumps(override), "utf-8")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Built, started and healthy; nothing of it stays on the machine."""
    if why := missing("openssl", *(() if os.environ.get("BASE_IMAGE") else ("mmdebstrap",))):
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("compose")
    with containers(folder / "podman", SECONDS) as inside:
        environment = {"ADDRESS": "", "PORT": "", "TLS_PORT": "", "PUBLIC_URL": ""}
        environment |= {"COMPOSE_DOCKER_CLI_BUILD": "0", "COMPOSE_HTTP_TIMEOUT": "200"}
        stack = Stack(inside, environment | make_base_images(inside), folder / "tls")
        make_certificate(stack.tls, inside)
        # The bundles of the checkout are taken if they are there; npm would need a network.
        stack.compose("build", "--build-arg", "MIGKG_WITHOUT_FRONTEND=1", seconds=300)
        stack.compose("up", "--detach", "--no-build", seconds=200)
        eventually(lambda: all(map(stack.is_healthy, RUNNING)))
        yield stack
    assert not runs(inside.first)
    assert not inside.folder.exists()
    assert str(folder) not in Path("/proc/mounts").read_text("utf-8")


def test_the_release_was_published_before_the_service_began(stack: Stack) -> None:
    state = stack.inspect("publish")["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 0)
    assert "is in service" in stack.inside.run("podman", "logs", name_of("publish"))


@pytest.mark.parametrize("service", RUNNING)
def test_a_container_may_do_nothing_but_its_work(stack: Stack, service: str) -> None:
    status = stack.podman("exec", name_of(service), "cat", "/proc/1/status")
    found = dict(re.findall(r"^(\w+):\s+(.*)$", status, re.MULTILINE))
    assert found["Uid"].split() == [str(RUNNING[service])] * 4
    assert {int(found[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}
    assert found["NoNewPrivs"] == "1"
    write = "! touch /usr/x /opt/x /etc/nginx/x 2>/dev/null"
    stack.podman("exec", name_of(service), "sh", "-c", write)
    assert stack.inspect(service)["HostConfig"]["ReadonlyRootfs"]


def test_ports_of_the_proxy_alone_are_open_and_the_store_is_apart(stack: Stack) -> None:
    opened = {
        name: [binding for bindings in ports.values() for binding in bindings or ()]
        for name in RUNNING
        for ports in [stack.inspect(name)["NetworkSettings"]["Ports"]]
    }
    assert opened["store"] == opened["migkg"] == []
    assert {(each["HostIp"], each["HostPort"]) for each in opened["proxy"]} == {
        ("127.0.0.1", "8000"),
        ("127.0.0.1", "8443"),
    }
    address = stack.inspect("store")["NetworkSettings"]["Networks"]["migkgtest_inner"]["IPAddress"]
    stack.podman("exec", name_of("migkg"), "/opt/migkg/bin/python3", "-c", CONNECT % address)
    reach = f"! curl --silent --max-time 3 http://{address}:7878/"
    stack.podman("exec", name_of("proxy"), "sh", "-c", reach)


CONNECT = "import socket; socket.create_connection(('%s', 7878), 10)"


def test_the_proxy_passes_on_what_the_service_says(stack: Stack, release: Release) -> None:
    assert stack.ask("/livez").json() == {"status": "live"}
    ready = stack.ask("/readyz")
    assert (ready.status, ready.json()["release"]) == (200, release.id)
    page = stack.ask("/page/city/quito-ec", Accept="text/html", **{"Accept-Encoding": "gzip"})
    assert (page.status, page.headers["Content-Encoding"]) == (200, "gzip")
    again = stack.ask("/page/city/quito-ec", **{"If-None-Match": page.headers["ETag"]})
    assert again.status == 304
    assert b"<http://127.0.0.1:8000/sparql>" in stack.ask("/.well-known/void").body
    assert stack.ask("/metrics").status == 403


def test_a_dump_is_whole_and_a_query_counts_it(stack: Stack, release: Release) -> None:
    """The same files give the same release in a container as here."""
    dump = stack.ask("/dumps/migkg.nq")
    digest = hashlib.sha256(dump.body).hexdigest()
    assert digest[:16] == release.id == dump.headers["Migkg-Release"]
    assert f"{digest}  migkg.nq" in stack.ask("/dumps/SHA256SUMS").body.decode().splitlines()
    (row,) = stack.sparql(COUNT).json()["results"]["bindings"]
    assert int(row["n"]["value"]) == dump.body.count(b"\n")


def test_what_the_service_writes_has_a_place(stack: Stack) -> None:
    """Large answers are kept in /tmp until they are sent, citations in a volume."""
    large = stack.sparql("SELECT * { ?s ?p ?o } LIMIT 20000")
    assert len(large.json()["results"]["bindings"]) == 20_000
    assert len(large.body) > Settings().answer_memory
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    cited = stack.ask("/q", "POST", f"query={quote(COUNT)}", **form)
    assert cited.status == 201
    again = stack.ask(cited.headers["Location"].removeprefix("http://127.0.0.1:8000"))
    assert again.json()["results"] == stack.sparql(COUNT).json()["results"]


def test_half_a_head_is_closed_by_the_proxy(stack: Stack) -> None:
    with stack.connect() as connection:
        connection.sendall(b"GET /half HTTP/1.1\r\nHost: localhost\r\nX-A: ")
        with suppress(ConnectionResetError):
            assert connection.recv(1000) == b""
    log = stack.inside.run("podman", "logs", name_of("proxy"))
    (line,) = [line for line in log.splitlines() if '"/half"' in line]
    assert json.loads(line)["status"] == 408


def test_tls_with_a_certificate_of_ones_own(stack: Stack) -> None:
    context = ssl.create_default_context(cafile=str(stack.tls / "certificate.pem"))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with context.wrap_socket(stack.connect(8443), server_hostname="localhost") as connection:
        assert connection.selected_alpn_protocol() == "h2"
    context.set_alpn_protocols(["http/1.1"])
    with context.wrap_socket(stack.connect(8443), server_hostname="localhost") as connection:
        connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Strict-Transport-Security" in answer


def test_the_service_outlives_its_store(stack: Stack) -> None:
    ask = "ASK { ?outlived a ?store }"
    stack.podman("kill", name_of("store"))
    eventually(lambda: stack.ask("/readyz").status == 503)
    assert stack.ask("/readyz").json()["type"] == "/docs#not-ready"
    refused = stack.sparql(ask)
    refused.problem(502, "engine-unavailable")
    assert stack.ask("/livez").status == 200
    stack.podman("start", name_of("store"))
    eventually(lambda: stack.sparql(ask).json().get("boolean") is True, 120)


def test_the_proxy_outlives_the_service_and_finds_the_next(stack: Stack) -> None:
    """A new container has a new address."""
    stack.podman("kill", name_of("migkg"))
    refused = stack.ask("/readyz")
    refused.problem(503, "not-ready")
    assert refused.headers["Retry-After"] == "5"
    again = ("up", "--detach", "--no-build", "--no-deps", "--force-recreate", "migkg")
    stack.compose(*again)
    eventually(lambda: stack.ask("/readyz").status == 200)


def test_who_asks_too_often_gets_a_problem_that_says_so(stack: Stack) -> None:
    """Behind all that ask, since it leaves the next of them nothing for a while."""
    with stack.connect() as connection:
        request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"
        connection.sendall((request + b"\r\n") * 599 + request + b"Connection: close\r\n\r\n")
        answers = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert set(re.findall(rb"HTTP/1.1 (\d+)", answers)) == {b"200", b"429"}
    refused = answers[answers.index(b"HTTP/1.1 429") :].partition(b"\r\n\r\n")
    assert b"Retry-After: 1" in refused[0]
    assert json.loads(refused[2].partition(b"\n")[0])["type"] == "/docs#too-many-requests"


def test_down_leaves_nothing(stack: Stack) -> None:
    stack.compose("down", "--volumes")
    assert stack.podman("ps", "--all", "--quiet") == ""
    assert stack.podman("volume", "ls", "--quiet") == ""
    assert stack.podman("network", "ls", "--quiet") == "podman"
