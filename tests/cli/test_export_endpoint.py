"""What an endpoint holds is exported whole or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest

from tests.cli.conftest import Run
from tests.engines import empty_oxigraph

QUADS = b"""<http://e/a> <http://e/p> _:x <http://e/g1> .
_:x <http://e/p> "1"@en <http://e/g1> .
<http://e/a> <http://e/p> _:x <http://e/g2> .
<http://e/d> <http://e/p> "caf\\u00E9" .
"""
FORMATS = {"nq": ox.RdfFormat.N_QUADS, "trig": ox.RdfFormat.TRIG, "ttl": ox.RdfFormat.TURTLE}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An Oxigraph server with two graphs and one triple in none."""
    with empty_oxigraph() as url:
        place = urlsplit(url)
        connection = HTTPConnection(place.hostname or "", place.port)
        connection.request("POST", "/store", QUADS, {"Content-Type": "application/n-quads"})
        assert connection.getresponse().status == 204
        connection.close()
        yield url


def canonical(data: bytes, rdf_format: ox.RdfFormat) -> list[str]:
    dataset = ox.Dataset(ox.parse(data, format=rdf_format))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return sorted(map(str, dataset))


@pytest.mark.parametrize("by_store", [False, True])
@pytest.mark.parametrize("name", FORMATS)
def test_all_graphs_come_out(migkg: Run, server: str, name: str, *, by_store: bool) -> None:
    store = ["--store", f"{server}/store"] if by_store else []
    done = migkg("export", "--endpoint", f"{server}/query", *store, "--format", name)
    assert done.returncode == 0, done.stderr
    # A blank node of two graphs comes out as one in each.
    expected = QUADS.replace(b"_:x <http://e/g2>", b"_:y <http://e/g2>")
    if name == "ttl":
        triples = [ox.Quad(*quad.triple) for quad in ox.parse(expected, format=FORMATS["nq"])]
        expected = ox.serialize(triples, format=FORMATS["nq"]) or b""
    assert canonical(done.stdout, FORMATS[name]) == canonical(expected, FORMATS["nq"])
    assert b"4 triples" in done.stderr


def test_one_graph_goes_into_a_file(migkg: Run, server: str, tmp_path: Path) -> None:
    output = tmp_path / "out" / "out.ttl"
    output.parent.mkdir()
    asked = ("--endpoint", f"{server}/query", "--output", str(output))
    assert migkg("export", *asked, "--graph", "http://e/g2").returncode == 0
    assert b"<http://e/p>" in output.read_bytes()
    assert b"caf" not in output.read_bytes()
    before = output.read_bytes()
    for graph, words in (("http://e/g3", b"no graph <http://e/g3>"), ("a b", b"no absolute IRI")):
        done = migkg("export", *asked, "--graph", graph)
        assert (done.returncode, done.stdout) == (2, b"")
        assert words in done.stderr
    assert list(output.parent.iterdir()) == [output]
    assert output.read_bytes() == before


@contextmanager
def short_endpoint() -> Iterator[str]:
    """One that counts two triples and gives one."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            name, value = ("g", "http://e/g") if b"DISTINCT" in asked else ("n", "2")
            row = {name: {"type": "literal", "value": value}}
            content = {"head": {"vars": [name]}, "results": {"bindings": [row]}}
            self.give("application/sparql-results+json", json.dumps(content).encode())

        def do_GET(self) -> None:
            self.give("application/n-triples", b"<http://e/a> <http://e/p> <http://e/o> .\n")

        def give(self, media_type: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/sparql"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_short_answer_is_an_error_and_no_file(migkg: Run, tmp_path: Path) -> None:
    with short_endpoint() as url:
        done = migkg("export", "--endpoint", url, "--output", str(tmp_path / "out.ttl"))
    assert done.returncode == 1
    assert b"gave 1 of the 2 triples of <http://e/g>" in done.stderr
    assert not list(tmp_path.glob("out*"))


def test_what_is_no_endpoint(migkg: Run) -> None:
    assert migkg("export", "--endpoint", "nothing").returncode == 2
    assert migkg("export", "--endpoint", "http://127.0.0.1:9/", "--release", "a").returncode == 2
    done = migkg("export", "--endpoint", "http://127.0.0.1:9/")
    assert (done.returncode, done.stdout) == (1, b"")
