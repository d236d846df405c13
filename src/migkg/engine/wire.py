"""Frames between the service and a query process: length, type, content.

``Q`` a request, ``D`` a part of the answer, ``E`` its end, ``C`` its end after its rows were
cut as the request wished, ``X`` an error (JSON). The end says how many seconds of a processor the
answer took. The first bytes on a new socket are the number of the process, and with them comes its
handle.
"""

from __future__ import annotations

import json
import marshal
import socket
import struct
from typing import Any

HEADER = struct.Struct("!IB")
SECONDS = struct.Struct("!d")
PROCESS = struct.Struct("!I")
REQUEST, DATA, END, CUT, ERROR = b"Q"[0], b"D"[0], b"E"[0], b"C"[0], b"X"[0]
# The beginning of what Python's fault handler writes: "Fatal Python error: Segmentation fault".
_FAULT = b"Fatal"


def pack(kind: int, content: bytes = b"") -> bytes:
    """The bytes of one frame."""
    return HEADER.pack(len(content), kind) + content


def pack_request(request: dict[str, Any]) -> bytes:
    """The bytes of a request; both ends run the same interpreter, so its own format will do."""
    return pack(REQUEST, marshal.dumps(request))


def pack_json(kind: int, value: object) -> bytes:
    """The bytes of one frame whose content is JSON."""
    return pack(kind, json.dumps(value).encode("utf-8"))


def is_fault(data: bytes | bytearray) -> bool:
    """True if the process left the name of a native crash where a frame should begin.

    Read as a frame it would be longer than a gigabyte, which no frame is.
    """
    return data.startswith(_FAULT)


def receive_request(sock: socket.socket) -> dict[str, Any] | None:
    """The next request on a blocking socket, or None when the other side has gone."""
    head = _receive(sock, HEADER.size)
    if head is None:
        return None
    length, _ = HEADER.unpack(head)
    body = _receive(sock, length)
    return None if body is None else marshal.loads(body)  # noqa: S302 - from us


def _receive(sock: socket.socket, size: int) -> bytes | None:
    parts = sock.recv(size)
    while parts and len(parts) < size:
        more = sock.recv(size - len(parts))
        if not more:
            return None
        parts += more
    return parts or None
