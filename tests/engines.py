"""Other engines as servers of their own, and a proxy that makes them fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import free_port, running

_VIRTUOSO = """[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = temp.db
TransactionFile = temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
DirsAllowed = {data}
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerThreads = 16
[SPARQL]
ResultSetMaxRows = {rows}
"""


@contextmanager
def empty_oxigraph(folder: Path | None = None, port: int = 0) -> Iterator[str]:
    """An Oxigraph server that can be written to, and keeps what it has if there is a folder.

    Yields its address.
    """
    program = str(Path(sys.executable).with_name("oxigraph"))
    address = f"127.0.0.1:{port or free_port()}"
    place = ["--location", str(folder)] if folder else []
    command = [program, "serve", *place, "--bind", address]
    with running(command, f"http://{address}/query?query=ASK%7B%7D", {}, subprocess.DEVNULL):
        yield f"http://{address}"


@contextmanager
def empty_virtuoso(
    folder: Path, *, rows: int = 2_000_000, source: Path | None = None
) -> Iterator[str]:
    """A Virtuoso server in a folder of its own; yields its address. Its user is dba.

    It ends every answer after so many rows, and holds the N-Quads of ``source``, if given.
    """
    program = shutil.which("virtuoso-t")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Virtuoso is not installed, and CI must have it")
        pytest.skip("Virtuoso is not installed (Debian: virtuoso-opensource-7-bin)")
    port, sql = free_port(), free_port()
    data = source.parent if source else folder
    text = _VIRTUOSO.format(sql=sql, http=port, rows=rows, data=data)
    (folder / "virtuoso.ini").write_text(text, "utf-8")
    command = [program, "+foreground", "+configfile", str(folder / "virtuoso.ini")]
    ready = f"http://127.0.0.1:{port}/sparql?query=ASK%7B%7D"
    with running(command, ready, {}, subprocess.DEVNULL, folder):
        if source:
            load = f"ld_dir('{data}', '{source.name}', 'urn:x'); rdf_loader_run();"
            console = [str(shutil.which("isql-vt")), f"127.0.0.1:{sql}", "dba", "dba"]
            subprocess.run([*console, f"exec={load}"], check=True, capture_output=True)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def faulty(url: str, fault: Callable[[BaseHTTPRequestHandler, int], bool]) -> Iterator[str]:
    """A proxy in front of a server; yields its address.

    ``fault`` is told the request and its number, and does itself what it answers true to.
    """
    host = urlsplit(url).netloc
    count = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            nonlocal count
            count += 1
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if fault(self, count):
                return
            with closing(HTTPConnection(host)) as upstream:
                upstream.request(self.command, self.path, body=body, headers=dict(self.headers))
                response = upstream.getresponse()
                data = response.read()
            with suppress(ConnectionError):  # the client may have been killed
                self.send_response(response.status)
                for name in ("Content-Type", "Server", "WWW-Authenticate"):
                    if value := response.getheader(name):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "PUT", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._pass_on)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
