"""The place of a release's index, and making it once.

It stands in the folder of the release beside what the id is made of, under a name that changes
with the queries for the facets, and can always be made again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from migkg.engine.keeper import store_kind
from migkg.engine.meter import Progress
from migkg.engine.release import Release, sync_folder
from migkg.errors import NoIndex
from migkg.resources import find_project
from migkg.services import page_queries
from migkg.settings import Settings

_INDEXING = "migkg.services.search.indexing"
_LAYOUT = 1  # to be raised when the fields change
COMPLETE = "complete"
_FEW = 20_000  # quads for which starting a process takes longer than the work


def provide_index(release: Release, settings: Settings, progress: Progress) -> None:
    """Makes the index of a release unless it is there, or says why there is none.

    All else can be served without it, such as from a folder that is read-only.
    """
    facets = page_queries.facets(page_queries.load(find_project(settings)))
    try:
        find_index(release, settings.base_iri, facets)
    except NoIndex:
        progress("index for search")
        try:
            _refuse_large(release, settings.memory_budget)
            ensure_index(release, settings.base_iri, facets)
        except NoIndex as error:
            progress(f"no search: {error}")


def _refuse_large(release: Release, budget: int) -> None:
    if store_kind(release.manifest["quads"], budget) != "memory":
        raise NoIndex(f"The index of release {release.id} would go beyond MIGKG_MEMORY_BUDGET.")


def find_index(release: Release, base_iri: str, facets: Mapping[str, str]) -> Path:
    """The folder of the index; raises :class:`NoIndex` if it was not made."""
    folder = _folder(release, base_iri, facets)
    if not (folder / COMPLETE).is_file():
        raise NoIndex(f"Release {release.id} has no index for search; run 'migkg build'.")
    return folder


def ensure_index(release: Release, base_iri: str, facets: Mapping[str, str]) -> Path:
    """The folder of the index, made now if it is not there.

    Raises :class:`NoIndex` where it cannot be made. One process at a time makes it; others wait
    and find it.
    """
    folder = _folder(release, base_iri, facets)
    if (folder / COMPLETE).is_file():
        return folder
    try:
        with (release.folder / ".search.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                _make(release, folder, base_iri, facets, lock.fileno())
    except OSError as error:
        raise NoIndex(f"{folder}: no index for search can be made: {error.strerror}.") from None
    return folder


def _folder(release: Release, base_iri: str, facets: Mapping[str, str]) -> Path:
    content = json.dumps([_LAYOUT, base_iri, sorted(facets.items())])
    return release.folder / f"search-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def _make(
    release: Release, folder: Path, base_iri: str, facets: Mapping[str, str], lock: int
) -> None:
    draft = folder.with_name(".search-draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        if release.manifest["quads"] < _FEW:
            from migkg.services.search.indexing import make  # the library takes time to load

            make(release, draft, base_iri, facets)
        else:
            _make_apart(release, draft, base_iri, facets, lock)
        draft.rename(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _make_apart(
    release: Release, draft: Path, base_iri: str, facets: Mapping[str, str], lock: int
) -> None:
    """Makes the index in another process, whose memory and threads end with it.

    That process dies with this one, and has the lock too, so a draft that is there is one that was
    given up.
    """
    arguments = [str(release.folder), str(draft), base_iri, json.dumps(dict(facets))]
    command = [sys.executable, "-m", _INDEXING, *arguments, str(os.getpid())]
    made = subprocess.run(  # noqa: S603 - our own module
        command, stdin=subprocess.DEVNULL, pass_fds=(lock,), check=False
    )
    if made.returncode:
        raise NoIndex(f"The index for search of release {release.id} could not be made.")
