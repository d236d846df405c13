"""A small HTTP server that notes what it is asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from benchmarks.systems import Running


@dataclass
class Endpoint:
    """What the server answers to a path, as (status, headers, body), and what it was asked."""

    port: int = 0
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def system(self) -> Running:
        return Running(
            key="test", label="the test", port=self.port, pid=os.getpid(), sparql="/sparql"
        )


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    answer = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer.asked.append((self.path, self.headers["If-None-Match"]))
            status, body = answer.status, answer.body
            if answer.headers.get("ETag") and self.headers["If-None-Match"]:
                status, body = 304, b""
            self.send_response(status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Writes nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:  # the load generator hangs up when its time is over
                self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        answer.port = server.server_port
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield answer
        server.shutdown()
        thread.join()
