"""Virtuoso in a folder of its own, on loopback: unpacked, configured, filled, running."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.place import Dataset, Place
from benchmarks.processes import HOST, free_port, running, wait_for_port

# Debian packages that are unpacked and not installed, so that nothing else on the machine changes.
PACKAGES = ("virtuoso-opensource-7-bin", "libminizip1", "libpcre3")
_START = 60.0
_LOAD = 600.0
# As many threads as the largest number of connections, and answers as large as the largest query.
_SETTINGS = """[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
FileExtend = 200
[TempDatabase]
DatabaseFile = temp.db
TransactionFile = temp.trx
[Parameters]
ServerPort = {host}:{sql_port}
ServerThreads = 100
NumberOfBuffers = 170000
MaxDirtyBuffers = 130000
DirsAllowed = {data}
[HTTPServer]
ServerPort = {host}:{http_port}
ServerThreads = 80
MaxClientConnections = 80
[SPARQL]
ResultSetMaxRows = 2000000
"""


def missing(place: Place) -> str | None:
    """Why Virtuoso cannot be had, if so."""
    return None if _program(place, "virtuoso-t") else "not installed; --install does it on Debian"


@contextmanager
def serving(place: Place, data: Dataset) -> Iterator[tuple[int, int]]:
    """An empty Virtuoso that is filled with the data; yields its port and its process id."""
    folder = place.scratch("virtuoso")
    shutil.rmtree(folder)
    folder.mkdir()
    sql_port, http_port = free_port(), free_port()
    source = data.nquads.resolve()
    settings = _SETTINGS.format(
        host=HOST, sql_port=sql_port, http_port=http_port, data=source.parent
    )
    (folder / "virtuoso.ini").write_text(settings, "utf-8")
    command = [_program(place, "virtuoso-t") or "", "+foreground", "+configfile", "virtuoso.ini"]
    log = place.logs / "virtuoso.log"
    environment = _environment(place)
    with running(command, folder=folder, log=log, environment=environment) as process:
        wait_for_port(http_port, process, _START)
        load = f"ld_dir('{source.parent}', '{source.name}', 'urn:x'); rdf_loader_run(); checkpoint;"
        subprocess.run(
            [_program(place, "isql-vt") or "", f"{HOST}:{sql_port}", "dba", "dba", f"exec={load}"],
            env=environment,
            check=True,
            capture_output=True,
            timeout=_LOAD,
        )
        yield http_port, process.pid


def _program(place: Place, name: str) -> str | None:
    unpacked = place.virtuoso / "usr" / "bin" / name
    return str(unpacked) if unpacked.is_file() else shutil.which(name)


def _environment(place: Place) -> dict[str, str]:
    libraries: list[Path] = sorted(place.virtuoso.glob("**/lib/*-linux-gnu"))
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries))}
