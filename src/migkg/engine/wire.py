"""Frames between the service and a query process: length, type, content.

``Q`` a request (JSON), ``D`` a part of the answer, ``E`` its end, ``X`` an error (JSON).
"""

from __future__ import annotations

import json
import socket
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a query process has no use for asyncio, which is slow to import
    from asyncio import StreamReader

HEADER = struct.Struct("!IB")
REQUEST, DATA, END, ERROR = b"Q"[0], b"D"[0], b"E"[0], b"X"[0]


def pack(kind: int, content: bytes = b"") -> bytes:
    """The bytes of one frame."""
    return HEADER.pack(len(content), kind) + content


def pack_json(kind: int, value: object) -> bytes:
    """The bytes of one frame whose content is JSON."""
    return pack(kind, json.dumps(value).encode("utf-8"))


async def read_frame(reader: StreamReader) -> tuple[int, bytes]:
    """The next frame of a stream; raises ``asyncio.IncompleteReadError`` at its end."""
    length, kind = HEADER.unpack(await reader.readexactly(HEADER.size))
    return kind, await reader.readexactly(length) if length else b""


def receive_request(sock: socket.socket) -> dict[str, Any] | None:
    """The next request on a blocking socket, or None when the other side has gone."""
    head = _receive(sock, HEADER.size)
    if head is None:
        return None
    length, _ = HEADER.unpack(head)
    body = _receive(sock, length)
    return None if body is None else json.loads(body)


def _receive(sock: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = sock.recv(size - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)
