"""Validation of documents from strangers, each in a process of its own with limits."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from migkg.engine.release import Release
from migkg.errors import BadUpload, EngineBusy, UploadTimeout
from migkg.model.formats import Format
from migkg.settings import Settings

_PROCESS = "migkg.services.upload_process"  # the service does without what it imports
BAD_DOCUMENT = 2  # its exit status
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
            _PROCESS,
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
        if process.returncode == BAD_DOCUMENT:
            raise BadUpload(json.loads(problem)["detail"])
        raise BadUpload("The document needs more memory or nests deeper than is allowed.")
