"""The command ``migkg`` run without importing it anew each time.

One process has imported it and forks for each call. What runs is a process of its own with its own
environment, folder, input and output, as after ``python -m migkg``.
"""

from __future__ import annotations

import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from migkg import cli
from migkg.cli.main import main

_LONGEST = 65536


@dataclass(frozen=True)
class Call:
    """What a process of the command is given."""

    arguments: list[str]
    environment: dict[str, str]
    folder: str


class Forks:
    """The process that forks."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).parents[1],
            )

    def run(
        self, arguments: Sequence[str], environment: dict[str, str], stdin: bytes, timeout: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs the command to its end; see :func:`subprocess.run`."""
        call = Call([*arguments], environment, str(Path.cwd()))
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as output,
            tempfile.TemporaryFile() as complaints,
        ):
            given.write(stdin)
            given.seek(0)
            files = [given.fileno(), output.fileno(), complaints.fileno()]
            self._ours.settimeout(timeout)
            socket.send_fds(self._ours, [json.dumps(vars(call)).encode()], files)
            status = int(self._ours.recv(_LONGEST))
            output.seek(0)
            complaints.seek(0)
            return subprocess.CompletedProcess(arguments, status, output.read(), complaints.read())

    def close(self) -> None:
        """Ends the process."""
        self._ours.close()
        self._process.wait(20)


def _serve(control: socket.socket) -> None:
    """Forks for every call until nobody is left to call."""
    for module in pkgutil.iter_modules(cli.__path__, "migkg.cli."):
        import_module(module.name)  # so that no fork has to
    while True:
        message, files, _, _ = socket.recv_fds(control, _LONGEST, 3)
        if not message:
            return
        pid = os.fork()
        if not pid:
            control.close()
            _be(Call(**json.loads(message)), files)
        for file in files:
            os.close(file)
        _, status = os.waitpid(pid, 0)
        control.send(str(os.waitstatus_to_exitcode(status)).encode())


def _be(call: Call, files: list[int]) -> NoReturn:
    """Becomes a process of the command."""
    for target, file in enumerate(files):
        os.dup2(file, target)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(call.environment)
    os.chdir(call.folder)
    sys.argv = ["migkg", *call.arguments]
    sys.exit(main())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _serve(socket.socket(fileno=int(sys.argv[1])))
