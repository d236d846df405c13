"""What servers do to a connection does not become a failure that is none."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from migkg.engine.http_client import HttpClient
from migkg.errors import EngineUnavailable

REPLY = b"HTTP/1.1 %d Said\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def server(*converse: Callable[[socket.socket], None]) -> Iterator[str]:
    """Each conversation is one connection; the last one ends before the server does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            for one in converse:
                connection, _ = listener.accept()
                with connection:
                    one(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join()


def test_a_refusal_before_the_body_was_read_is_the_answer() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(REPLY % 413)

    with server(refuse) as url, closing(HttpClient(deadline=20)) as client:
        assert client.send("POST", url, body=bytes(16 * 1024 * 1024)).status == 413


def test_what_a_server_says_of_a_connection_that_was_idle_is_no_answer() -> None:
    said = threading.Event()

    def gives_up(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(REPLY % 200)
        connection.sendall(REPLY % 408)
        said.set()

    def answers(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(REPLY % 204)

    with server(gives_up, answers) as url, closing(HttpClient(deadline=20)) as client:
        assert client.send("GET", url).status == 200
        said.wait()
        assert client.send("GET", url).status == 204


def test_a_head_that_drips_ends_at_the_deadline() -> None:
    def drips(connection: socket.socket) -> None:
        connection.recv(1000)
        with suppress(OSError):
            for byte in REPLY % 200:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)

    with (
        server(drips) as url,
        closing(HttpClient(deadline=0.3)) as client,
        pytest.raises(EngineUnavailable, match="did not answer in time"),
    ):
        client.send("GET", url)
