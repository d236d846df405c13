"""A filter of system calls, for a process that must go on reading files but reach nothing else.

What it refuses: sockets, other programs, and files that are opened for writing. A refused call
fails with EPERM. Sources: seccomp(2), Linux Documentation/userspace-api/seccomp_filter.rst, and the
tables of system calls of both machines.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER = 1
_ALL_THREADS = 1

# Classic BPF: load a word of the call, jump if equal, jump if any bit is set, return.
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _MACHINE = 0, 4  # where the call has them
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_OTHER_TABLE = 0x40000000  # the bit of a call of x32, which has other numbers
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class _Machine:
    """Numbers of system calls."""

    audit: int
    seccomp: int
    refused: tuple[int, ...]
    opening: tuple[tuple[int, int], ...]  # and which argument has the flags


_MACHINES = {
    # socket, socketpair, execve, creat, execveat, io_uring_setup, openat2; open, openat
    "x86_64": _Machine(
        0xC000003E, 317, (41, 53, 59, 85, 322, 425, 437), opening=((2, 1), (257, 2))
    ),
    # socket, socketpair, execve, execveat, io_uring_setup, openat2; openat
    "aarch64": _Machine(0xC00000B7, 277, (198, 199, 221, 281, 425, 437), opening=((56, 2),)),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def reach_nothing() -> None:
    """Puts all threads of this process under the filter, for good.

    Raises ``OSError`` where the kernel has no filters or this machine's calls are not known.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(errno.ENOSYS, f"no filter of system calls for {platform.machine()}")
    code = _filter(machine)
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    number = ctypes.c_ulong
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, number(1), number(0), number(0), number(0)):
        raise OSError(ctypes.get_errno(), "no filter of system calls can be set")
    pointer = ctypes.byref(program)
    if libc.syscall(
        number(machine.seccomp), number(_SET_MODE_FILTER), number(_ALL_THREADS), pointer
    ):
        raise OSError(ctypes.get_errno(), "no filter of system calls can be set")


def _filter(machine: _Machine) -> bytes:
    """The program; each test jumps over what follows it where it does not hold."""
    lines = [
        _line(_LOAD, _MACHINE),
        _line(_EQUAL, machine.audit, 1, 0),
        _line(_RETURN, _REFUSE),
        _line(_LOAD, _NUMBER),
        _line(_ANY_BIT, _OTHER_TABLE, 0, 1),
        _line(_RETURN, _REFUSE),
    ]
    for call in machine.refused:
        lines += [_line(_EQUAL, call, 0, 1), _line(_RETURN, _REFUSE)]
    for call, argument in machine.opening:
        lines += [
            _line(_EQUAL, call, 0, 4),
            _line(_LOAD, 16 + 8 * argument),  # its lower half; both machines are little-endian
            _line(_ANY_BIT, _WRITING, 0, 1),
            _line(_RETURN, _REFUSE),
            _line(_RETURN, _ALLOW),
        ]
    return b"".join([*lines, _line(_RETURN, _ALLOW)])


def _line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
