"""The process that holds the release in memory and forks the processes that answer queries.

It has one thread, so that forking it is safe; its children share the store copy-on-write. A child
answers one query at a time on its own socket, within a memory limit, without the means to open a
file or a connection, and dies with this process. Run as ``python -m migkg.engine.zygote``.
"""

from __future__ import annotations

import ctypes
import io
import os
import resource
import signal
import socket
import sys
from typing import Any

import pyoxigraph as ox

from migkg.engine import wire

_PR_SET_PDEATHSIG = 1
_BUFFER = 64 * 1024
RESULT_FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
RDF_FORMATS = {
    "ttl": ox.RdfFormat.TURTLE,
    "jsonld": ox.RdfFormat.JSON_LD,
    "nt": ox.RdfFormat.N_TRIPLES,
    "rdf": ox.RdfFormat.RDF_XML,
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
}


class _FrameOutput(io.RawIOBase):
    """A binary file whose content goes out as data frames."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        content = bytes(data)
        if content:
            self._sock.sendall(wire.pack(wire.DATA, content))
        return len(content)


def die_with_parent(parent: int) -> None:
    """Makes the kernel kill this process when ``parent``, its parent now, ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def address_space() -> int:
    """Bytes of address space that this process has now."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - before limits
        return int(statm.read().split()[0]) * resource.getpagesize()


def confine(memory: int, *, files: int = 0) -> None:
    """Limits this process: ``memory`` bytes more than it has now, at most ``files`` open files.

    With no files left it can open no connection either; what is open stays open.
    """
    limit = address_space() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def answer(store: ox.Store, request: dict[str, Any], sock: socket.socket) -> None:
    """Runs one request and sends its whole answer, or one error."""
    try:
        result = store.query(
            request["text"],
            base_iri=request["base"],
            **dataset(request),
        )
        name = request["format"]
        output = io.BufferedWriter(_FrameOutput(sock), _BUFFER)
        if isinstance(result, ox.QueryTriples):
            result.serialize(output, format=RDF_FORMATS[name])
        else:
            result.serialize(output, format=RESULT_FORMATS[name])
        output.flush()
    except SyntaxError as error:
        sock.sendall(wire.pack_json(wire.ERROR, {"kind": "syntax", "text": str(error)}))
    except MemoryError:
        os._exit(3)
    except (OSError, ValueError, RuntimeError) as error:
        sock.sendall(wire.pack_json(wire.ERROR, {"kind": "failed", "text": str(error)}))
    else:
        sock.sendall(wire.pack(wire.END))


def dataset(request: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ``Store.query`` for the dataset that a request names.

    That of the protocol beats ``FROM`` in the text; without either the default graph is the union
    of all graphs.
    """
    default, named = request["default_graphs"], request["named_graphs"]
    if default is None and named is None:
        return {"use_default_graph_as_union": not request["names_dataset"]}
    return {
        "default_graph": [ox.NamedNode(iri) for iri in default or ()],
        "named_graphs": [ox.NamedNode(iri) for iri in named or ()],
    }


def _serve(store: ox.Store, sock: socket.socket, memory: int) -> None:
    confine(memory)
    while (request := wire.receive_request(sock)) is not None:
        answer(store, request, sock)


def _fork_child(store: ox.Store, sock: socket.socket, control: socket.socket, memory: int) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        die_with_parent(parent)
        control.close()
        _serve(store, sock, memory)
    finally:
        os._exit(0)


def run(store_path: str, control: socket.socket, memory: int) -> None:
    """Loads the store, says so, then forks a child for every socket that comes in."""
    store = ox.Store()
    store.bulk_load(path=store_path, format=ox.RdfFormat.N_QUADS)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control.sendall(b"R")
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not descriptors:
            return
        child_socket = socket.socket(fileno=descriptors[0])
        pid = _fork_child(store, child_socket, control, memory)
        child_socket.close()
        pidfd = os.pidfd_open(pid)
        socket.send_fds(control, [b"P"], [pidfd])
        os.close(pidfd)


if __name__ == "__main__":
    die_with_parent(int(sys.argv[4]))
    run(sys.argv[1], socket.socket(fileno=int(sys.argv[2])), int(sys.argv[3]))
