"""Processes are ended with all that they have started, and are looked at rightly."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import processes
from tests.processes import eventually, runs

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""
BUSY = "while True: pass"


def test_what_a_process_has_started_ends_with_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", PARENT]
    with processes.running(command, folder=tmp_path, log=log) as process:
        eventually(lambda: log.read_text().endswith("\n"))
        child = int(log.read_text())
        assert processes.tree(process.pid) == {process.pid, child}
        assert processes.resident_bytes({child}) > 1_000_000
    assert process.poll() is not None
    eventually(lambda: not runs(child))


def test_a_process_that_will_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = subprocess.Popen.wait
    monkeypatch.setattr(
        subprocess.Popen, "wait", lambda self, timeout=None: wait(self, timeout and 0.2)
    )
    log = tmp_path / "log"
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('ready', flush=True); time.sleep(60)"
    )
    with processes.running([sys.executable, "-c", stubborn], folder=tmp_path, log=log) as process:
        eventually(lambda: log.read_text() == "ready\n")
    assert process.returncode == -9


def test_work_is_seen_and_so_is_its_end(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BUSY]
    with processes.running(command, folder=tmp_path, log=tmp_path / "log") as process:
        eventually(lambda: processes.processor_seconds(process.pid).get(process.pid, 0) > 0.1)
        assert processes.idle_after(process.pid, 0.5) == 0.5
        process.kill()
        process.wait()
        assert processes.idle_after(process.pid, 5) < 5


def test_who_listens_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert processes.listeners(os.getpid(), port) == {os.getpid()}
    assert processes.listeners(os.getpid(), port) == set()


def test_a_process_that_ends_before_it_listens_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    port = processes.free_port()
    with (
        processes.running(command, folder=tmp_path, log=tmp_path / "log") as process,
        pytest.raises(ChildProcessError, match="status 3"),
    ):
        processes.wait_for_port(port, process, 30)
