"""nginx as deploy/proxy sets it up, on ports of its own in front of a real service."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from migkg.settings import Settings
from migkg.web.problems import HTTP_KINDS, TABLE
from tests.conftest import ROOT, Service, free_port
from tests.processes import eventually
from tests.web.client import Reply

FOLDER = ROOT / "deploy" / "proxy"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@dataclass(frozen=True)
class Proxy:
    port: int
    folder: Path

    def ask(self, path: str, method: str = "GET", body: bytes = b"", **fields: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            names = {name.replace("_", "-"): value for name, value in fields.items()}
            connection.request(method, path, body or None, names)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def send(self, data: bytes) -> bytes:
        """What comes back until the connection is closed."""
        with self.connect() as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def configure(folder: Path, port: int, backend: str) -> Path:
    """The configuration with other places: ports and folders of this test."""
    (folder / "tls").mkdir()
    for name in ("nginx.conf", "service.conf"):
        text = (FOLDER / name).read_text("utf-8").replace("/tmp/", f"{folder}/")
        text = text.replace("/etc/nginx/tls/", f"{folder}/tls/")
        text = text.replace("/etc/nginx/service.conf", f"{folder}/service.conf")
        text = text.replace("worker_processes auto", "worker_processes 1")
        text = text.replace("listen 8080", f"listen 127.0.0.1:{port}")
        (folder / name).write_text(text.replace("server migkg:8000", f"server {backend}"), "utf-8")
    return folder / "nginx.conf"


@contextmanager
def proxy_of(folder: Path, backend: str, more: str = "") -> Iterator[Proxy]:
    """nginx while the block runs; ``more`` stands in a file that the operator adds."""
    port = free_port()
    path = configure(folder, port, backend)
    (folder / "tls" / "more.conf").write_text(more, "utf-8")
    with (folder / "log").open("wb") as log:
        command = [str(NGINX), "-p", folder, "-c", path, "-g", "daemon off;"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        eventually((folder / "nginx.pid").exists)
        eventually(lambda: answers(port))
        yield Proxy(port, folder)
    finally:
        process.terminate()
        process.wait(30)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def proxy(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with proxy_of(tmp_path_factory.mktemp("nginx"), service.url.removeprefix("http://")) as made:
        yield made


class Echo(BaseHTTPRequestHandler):
    """Tells what arrived."""

    def do_GET(self) -> None:
        told = json.dumps({"target": self.path, **{k.lower(): v for k, v in self.headers.items()}})
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told.encode())

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def telling() -> Iterator[str]:
    """Where something tells what arrived."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def echo(telling: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The proxy in front of it."""
    with proxy_of(tmp_path_factory.mktemp("nginx"), telling) as made:
        yield made


# A shell in the background cannot take SIGQUIT back, nginx can.
STUB = """import pathlib, signal, sys, time
def tell(text):
    with open("told", "a") as told: told.write(text + "\\n")
def end(*_):
    tell("quit")
    sys.exit()
signal.signal(signal.SIGQUIT, end)
tell(" ".join(sys.argv[1:]))
if "reload" in sys.argv: sys.exit(not pathlib.Path("ready").exists())
time.sleep(60)"""
STUBS = {
    "nginx": f'exec {sys.executable} nginx.py "$@"',
    "getent": "cat address",
    "sleep": "exec /bin/sleep 0.02",
}


def test_the_start_follows_the_address_of_the_service_and_passes_the_end_on(tmp_path: Path) -> None:
    """Programs of the test in place of nginx, getent and sleep; a reload that fails is repeated."""
    for name, text in STUBS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "nginx.py").write_text(STUB, "utf-8")
    told, address = tmp_path / "told", tmp_path / "address"
    address.write_text("10.0.0.1", "utf-8")
    environment = {"PATH": f"{tmp_path}:{os.defpath}"}
    command = ["sh", FOLDER / "start.sh"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment)
    try:
        eventually(lambda: told.exists() and "daemon off;" in told.read_text("utf-8"))
        address.write_text("10.0.0.2", "utf-8")
        eventually(lambda: told.read_text("utf-8").count("reload") > 1)
        (tmp_path / "ready").touch()
        eventually(lambda: reloads_have_ended(told))
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
    assert told.read_text("utf-8").endswith("quit\n")


def reloads_have_ended(told: Path) -> bool:
    before = told.read_text("utf-8")
    time.sleep(0.3)
    return told.read_text("utf-8") == before


def test_the_configuration_is_one_that_nginx_takes(tmp_path: Path) -> None:
    path = configure(tmp_path, free_port(), "127.0.0.1:1")
    command = [str(NGINX), "-t", "-p", tmp_path, "-c", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_problems_of_the_proxy_are_those_that_are_documented() -> None:
    text = (FOLDER / "service.conf").read_text("utf-8")
    known = {(kind.status, kind.name) for kind in (*HTTP_KINDS, *TABLE.values())}
    found = re.findall(r"return (\d+) '(.*)\\n';", text)
    assert len(found) == text.count("return ")
    for status, document in found:
        problem = json.loads(document)
        assert problem["status"] == int(status)
        assert (int(status), problem["type"].removeprefix("/docs#")) in known


def test_the_target_arrives_as_it_was_sent(echo: Proxy) -> None:
    assert json.loads(echo.ask("/id/a%2Fb//c?x=%zz&y=+").body)["target"] == "/id/a%2Fb//c?x=%zz&y=+"


def test_the_client_is_named_by_the_proxy_alone(echo: Proxy) -> None:
    sent = {"X_Forwarded_For": "192.0.2.1", "Forwarded": "for=192.0.2.1"}
    told = json.loads(echo.ask("/", **sent).body)
    assert told["x-forwarded-for"] == "127.0.0.1"
    assert "forwarded" not in told


def test_behind_a_balancer_the_client_is_whom_it_names(telling: str, tmp_path: Path) -> None:
    """The lines of deploy/README.md."""
    text = (ROOT / "deploy" / "README.md").read_text("utf-8")
    (lines,) = re.findall("`(set_real_ip_from .*)`", text)
    with proxy_of(tmp_path, telling, lines.replace("10.0.0.0/8", "127.0.0.1")) as made:
        told = json.loads(made.ask("/", X_Forwarded_For="203.0.113.9, 192.0.2.1").body)
    assert told["x-forwarded-for"] == "192.0.2.1"


def test_the_example_with_tls_speaks_http_2(telling: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None or shutil.which("openssl") is None:
        pytest.skip("curl or openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    made = ("openssl", "req", "-x509", *kind, *names, "-keyout", key, "-out", certificate)
    subprocess.run(made, check=True, capture_output=True)
    port = free_port()
    text = (FOLDER / "tls" / "example.conf.txt").read_text("utf-8")
    text = text.replace("listen 8443", f"listen 127.0.0.1:{port}")
    text = text.replace("/etc/nginx/tls", str(tmp_path)).replace("/etc/nginx", f"{tmp_path}/nginx")
    (tmp_path / "nginx").mkdir()
    with proxy_of(tmp_path / "nginx", telling, text):
        asked = ("curl", "--silent", "--http2", "--cacert", certificate, "--write-out")
        told = subprocess.run(
            [*asked, "\n%{http_version}", "--include", f"https://127.0.0.1:{port}/a%2Fb"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    assert told.endswith("\n2")
    assert "strict-transport-security: max-age=31536000" in told
    assert '"target": "/a%2Fb"' in told


TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NEW = r"[0-9a-f]{32}"


@pytest.mark.parametrize(
    ("given", "trace", "wanted"),
    [
        ("abc/1", "", "abc/1"),
        ("abc/1", TRACE, "abc/1"),
        ("", TRACE, TRACE.split("-")[1]),
        ("a b", "", NEW),
        ('a"b', TRACE, NEW),
        ("", "nonsense", NEW),
        ("", "", NEW),
    ],
)
def test_a_request_has_one_id_everywhere(echo: Proxy, given: str, trace: str, wanted: str) -> None:
    fields = {"X_Request_Id": given, "traceparent": trace}
    told = json.loads(
        echo.ask("/", **{name: value for name, value in fields.items() if value}).body
    )
    assert re.fullmatch(wanted, told["x-request-id"])
    assert told.get("traceparent", "") == trace
    eventually(lambda: last_line(echo)["request_id"] == told["x-request-id"])


def last_line(proxy: Proxy) -> Any:
    return json.loads((proxy.folder / "log").read_text("utf-8").splitlines()[-1])


def test_text_is_compressed_and_its_validator_holds(proxy: Proxy) -> None:
    path = "/data/city/quito-ec.ttl"
    plain = proxy.ask(path)
    small = proxy.ask(path, Accept_Encoding="gzip")
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.body) < len(plain.body) / 2
    assert small.headers["ETag"] == f"W/{plain.headers['ETag']}"
    for tag in (plain.headers["ETag"], small.headers["ETag"]):
        assert proxy.ask(path, If_None_Match=tag).status == 304
        assert proxy.ask(path, If_None_Match=tag, Accept_Encoding="gzip").status == 304


def test_dumps_pass_with_length_digest_and_parts(proxy: Proxy) -> None:
    whole = proxy.ask("/dumps/migkg.nq", Accept_Encoding="gzip")
    assert int(whole.headers["Content-Length"]) == len(whole.body)
    assert "Content-Encoding" not in whole.headers
    assert not whole.headers["ETag"].startswith("W/")
    part = proxy.ask("/dumps/migkg.nq", Range="bytes=5-14")
    assert (part.status, part.body) == (206, whole.body[5:15])


def test_an_answer_that_nobody_takes_fills_no_file(proxy: Proxy) -> None:
    with proxy.connect() as slow:
        slow.sendall(b"GET /dumps/migkg.nq HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.recv(100).startswith(b"HTTP/1.1 200")
        assert proxy.ask("/livez").status == 200
        assert [path for path in (proxy.folder / "proxy").rglob("*") if path.is_file()] == []


def test_a_body_goes_on_as_it_comes(tmp_path: Path) -> None:
    """So the deadline of the service holds for all of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        port = server.getsockname()[1]
        head = b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"
        with proxy_of(tmp_path, f"127.0.0.1:{port}") as made, made.connect() as client:
            client.sendall(head + b"begin")
            upstream, _ = server.accept()
            with upstream:
                upstream.settimeout(60)
                received = b""
                while not received.endswith(b"\r\n\r\nbegin") and (data := upstream.recv(1000)):
                    received += data
                assert received.endswith(b"\r\n\r\nbegin")


def test_what_the_proxy_refuses_is_a_problem(proxy: Proxy) -> None:
    proxy.ask("/metrics").problem(403, "no-metrics")
    proxy.ask("/%6detrics").problem(403, "no-metrics")
    proxy.ask("/validate", "POST", Content_Length=str(10**8)).problem(413, "too-large")
    proxy.ask(f"/sparql?query={'a' * 66_000}").problem(414, "target-too-long")
    proxy.ask("/", X_A="a" * 66_000).problem(431, "head-too-large")
    answer = proxy.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"/docs#bad-request"' in answer


def test_what_the_service_refuses_is_passed_on(proxy: Proxy) -> None:
    """The limits of the proxy are wider, so that the service says what is wrong."""
    proxy.ask(f"/sparql?query={'a' * 65_000}").problem(400, "bad-query")
    proxy.ask("/", X_A="a" * 40_000).problem(431, "head-too-large")
    body = b" " * 9_000_000
    proxy.ask("/validate", "POST", body, Content_Type="text/turtle").problem(413, "too-large")


def test_the_proxy_waits_longer_than_the_service_works() -> None:
    text = (FOLDER / "service.conf").read_text("utf-8")
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s;", text)
    longest = max(Settings().query_deadline, Settings().validate_deadline)
    assert int(seconds) > longest + Settings().query_wait


def test_without_the_service_clients_are_told_when_to_come_again(tmp_path: Path) -> None:
    with proxy_of(tmp_path, f"127.0.0.1:{free_port()}") as made:
        reply = made.ask("/livez")
    reply.problem(503, "not-ready")
    assert reply.headers["Retry-After"] == "5"
