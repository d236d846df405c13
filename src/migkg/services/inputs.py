"""What a release was made of: the files, the version of migkg and the base IRI, as one digest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from migkg import __version__
from migkg.engine.release import Release, open_current
from migkg.engine.sources import rdf_files
from migkg.engine.work_folder import work_folder
from migkg.errors import NoRelease
from migkg.resources import Project, find_project
from migkg.settings import Settings

_RECORD = ".inputs.json"


def other_files(project: Project) -> list[Path]:
    """The files of ``data/`` that are not canonical Turtle right there, in a fixed order."""
    turtle = set(project.turtle_files())
    return [path for path in rdf_files(project.root / "data") if path not in turtle]


def fingerprint(project: Project, base_iri: str) -> str:
    """A digest of all that a release is made of, to tell quickly whether anything changed."""
    digest = hashlib.sha256(f"{__version__} {base_iri}\n".encode())
    queries = sorted(project.tables.glob("*.rq"))
    for path in [*project.turtle_files(), *other_files(project), *queries]:
        digest.update(path.relative_to(project.root).as_posix().encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def remember(releases: Path, made_of: str, release: Release) -> None:
    """Records what the release in service was made of."""
    with work_folder(releases) as work:
        draft = work.path / _RECORD
        draft.write_text(json.dumps({"inputs": made_of, "release": release.id}), "utf-8")
        draft.replace(releases / _RECORD)


def release_of_these(settings: Settings) -> Release | None:
    """The release in service, if it was made of the project's files as they are."""
    made_of = fingerprint(find_project(settings), settings.base_iri)
    try:
        recorded = json.loads((settings.releases / _RECORD).read_text("utf-8"))
        current = open_current(settings.releases)
    except (OSError, ValueError, NoRelease):
        return None
    return current if recorded == {"inputs": made_of, "release": current.id} else None
