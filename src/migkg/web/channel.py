"""Messages between the process that watches and one front: JSON, each with at most one socket."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import Any

_LONGEST = 16 * 1024

Message = dict[str, Any]


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a channel, which keeps messages apart and never waits."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setblocking(False)
    return ends


def send(end: socket.socket, message: Message, passed: socket.socket | None = None) -> None:
    """Sends a message; one to a process that has ended is lost."""
    descriptors = [passed.fileno()] if passed else []
    with suppress(OSError):
        socket.send_fds(end, [json.dumps(message).encode()], descriptors)


def receive(end: socket.socket) -> tuple[Message, socket.socket | None] | None:
    """The next message and the socket with it; None if there is none now, or no more."""
    try:
        data, descriptors, _, _ = socket.recv_fds(end, _LONGEST, 1)
    except OSError:
        return None
    passed = socket.socket(fileno=descriptors[0]) if descriptors else None
    return (json.loads(data), passed) if data else None
