"""Traces: spans for a collector, and the place in a trace that other engines are told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.processes import eventually
from tests.web.client import ask
from tests.web.edge import edge

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
YES = b'{"head":{},"boolean":true}'
NO_ROWS = b'{"head":{"vars":["s"]},"results":{"bindings":[]}}'
ONE_ROW = NO_ROWS.replace(b"[]", b'[{"s":{"type":"uri","value":"urn:s"}}]')


class Other:
    """A collector and an endpoint in one, which keeps what it is sent."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[Span] = []
        self.asked: list[str | None] = []

    def take(self, path: str, traceparent: str | None, body: bytes) -> tuple[str, bytes]:
        if path == "/v1/traces":
            for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.spans += [span for scope in group.scope_spans for span in scope.spans]
            return "application/x-protobuf", b""
        if b"once" in body:
            self.asked.append(traceparent)
        rows = NO_ROWS if b"releases" in body else ONE_ROW  # data, and no record of releases
        return "application/sparql-results+json", YES if b"ASK" in body else rows


@contextmanager
def other() -> Iterator[Other]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            media_type, reply = found.take(self.path, self.headers["traceparent"], body)
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Other(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_request_is_a_span_below_that_of_its_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    with other() as found, edge(tmp_path, OTLP_ENDPOINT=f"{found.url}/v1/traces") as service:
        assert ask(service, "/sparql?query=ASK%7B%7D", headers=GIVEN).status == 200
        assert ask(service, "/page/nothing/here").status == 404
        eventually(lambda: {"GET /sparql", "GET /page"} <= {span.name for span in found.spans})
        (span,) = (span for span in found.spans if span.name == "GET /sparql")
        assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
        assert span.kind == Span.SPAN_KIND_SERVER
        told = {item.key: item.value for item in span.attributes}
        assert told["http.response.status_code"].int_value == 200
        assert told["http.route"].string_value == "/sparql"
        assert "query" not in str(span)
        (span,) = (span for span in found.spans if span.name == "GET /page")
        assert not span.parent_span_id


@pytest.mark.parametrize("traced", [False, True])
def test_another_engine_is_told_the_place_in_the_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, traced: bool
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    with other() as found:
        more = {"OTLP_ENDPOINT": f"{found.url}/v1/traces"} if traced else {}
        url = f"{found.url}/query"
        with edge(tmp_path, ENGINE_URL=url, ENGINE_KIND="generic", **more) as service:
            query = "/sparql?query=SELECT%20%2A%20%7B%20%3Fs%20a%20%3Chttp%3A%2F%2Fonce%2F{}%3E%7D"
            assert ask(service, query.format(1), headers=GIVEN).status == 200
            ask(service, query.format(2), headers={"traceparent": "00-x-y\u00e9-01"})
    first, second = found.asked
    if traced:
        assert first is not None
        assert first.startswith(f"00-{TRACE}-")
        assert PARENT not in first
        assert second is not None
        assert TRACE not in second
    else:
        assert (first, second) == (GIVEN["traceparent"], None)
