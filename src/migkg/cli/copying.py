"""What an endpoint holds, written to a file: ``migkg export --endpoint``."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from migkg.cli.progress import progress_line
from migkg.engine import rdf_io
from migkg.engine.endpoint_copy import EndpointCopy
from migkg.engine.http_client import checked_url
from migkg.engine.rdf_server import reading
from migkg.errors import BadFile
from migkg.model.formats import Format
from migkg.settings import Settings

_DEADLINE = 600.0  # seconds for one question


def copy(options: argparse.Namespace, settings: Settings, wanted: Format) -> int:
    """Writes all graphs of an endpoint, or one; nothing is written unless all could be read."""
    if options.release:
        raise BadFile("--release is of this machine; an endpoint gives what it holds.")
    if options.graph and rdf_io.named_node(options.graph) is None:
        raise BadFile(f"The graph {options.graph!r} is no absolute IRI.")
    url = checked_url(options.endpoint)
    store = checked_url(options.store) if options.store else ""
    graphs = [options.graph] if options.graph else None
    with (
        progress_line() as progress,
        _draft(options.output) as file,
        reading(settings, url, deadline=_DEADLINE, store=store) as server,
    ):
        found = EndpointCopy(server, by_store=bool(store), progress=progress)
        count = found.write(file, wanted, graphs)
    sys.stderr.write(f"{count:,} triples of {options.endpoint}\n")
    return 0


@contextmanager
def _draft(output: Path | None) -> Iterator[IO[bytes]]:
    """A file that becomes the output, if all goes well."""
    if output is None:
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            shutil.copyfileobj(file, sys.stdout.buffer)
        return
    draft = output.with_name(f"{output.name}.part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)
