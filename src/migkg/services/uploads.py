"""Validation of documents from strangers, each in a process of its own with limits."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from pathlib import Path

from migkg.engine import rdf_io
from migkg.engine.release import Release, open_release
from migkg.engine.zygote import confine, die_with_parent
from migkg.errors import BadUpload, EngineBusy, MigkgError, UploadTimeout
from migkg.model import formats
from migkg.model.formats import Format
from migkg.model.namespaces import Vocabulary
from migkg.services import shacl
from migkg.services.schema import Schema
from migkg.settings import Settings

_MEMORY = 2 * 1024**3
_BAD_DOCUMENT = 2
_RETRY_AFTER = 5


class Validator:
    """Runs validations in processes that are stopped at a deadline."""

    def __init__(self, release: Release, settings: Settings) -> None:
        self._release = release
        self._settings = settings
        self._places = asyncio.Semaphore(settings.validate_processes)

    async def validate(self, data: bytes, rdf_format: Format) -> bytes:
        """The SHACL report on a document, as N-Triples.

        Raises :class:`BadUpload` for what is not RDF, :class:`UploadTimeout` at the deadline,
        :class:`EngineBusy` when no process is free.
        """
        try:
            # Not wait_for: before Python 3.12 it can lose a cancellation.
            async with asyncio.timeout(self._settings.query_wait):
                await self._places.acquire()
        except TimeoutError:
            raise EngineBusy(_RETRY_AFTER) from None
        try:
            return await self._run(data, rdf_format)
        finally:
            self._places.release()

    async def _run(self, data: bytes, rdf_format: Format) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "migkg.services.uploads",
            str(self._release.folder),
            self._settings.base_iri,
            rdf_format.name,
            str(int(self._settings.validate_deadline) + 1),
            str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(self._settings.validate_deadline):
                output, problem = await process.communicate(data)
        except TimeoutError:
            raise UploadTimeout(
                f"The validation was stopped after {self._settings.validate_deadline:g} seconds."
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 0:
            return output
        if process.returncode == _BAD_DOCUMENT:
            raise BadUpload(json.loads(problem)["detail"])
        raise BadUpload("The document needs more memory or nests deeper than is allowed.")


def _validate(folder: Path, base_iri: str, format_name: str, data: bytes) -> bytes:
    release = open_release(folder)
    schema = Schema.of(release, Vocabulary(base_iri))
    document = rdf_io.parse_upload(data, formats.BY_NAME[format_name], base_iri)
    validation = shacl.validate(
        [*document, *schema.graphs["ontology"]],
        schema.graphs["shapes"],
        prefixes=release.prefixes,
    )
    return validation.graph.serialize(format="nt", encoding="utf-8")


def _main() -> int:
    folder, base_iri, format_name, seconds, parent = sys.argv[1:]
    die_with_parent(int(parent))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    confine(_MEMORY, files=64)
    try:
        report = _validate(Path(folder), base_iri, format_name, sys.stdin.buffer.read())
    except MigkgError as error:
        sys.stderr.write(json.dumps({"detail": str(error)}))
        return _BAD_DOCUMENT
    sys.stdout.buffer.write(report)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
