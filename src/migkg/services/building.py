"""From files to a release in service: parse, check, compile, swap."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from migkg.engine import release as releases
from migkg.engine import statistics
from migkg.engine.compiling import compile_release
from migkg.engine.meter import Progress
from migkg.engine.release import Release
from migkg.engine.work_folder import remove_abandoned, work_folder
from migkg.errors import InvalidData, NoIndex, NoRelease
from migkg.model.namespaces import Vocabulary
from migkg.model.report import Report, merge
from migkg.resources import Project, find_project
from migkg.services import page_queries, shacl, stored_queries
from migkg.services.project_files import ProjectFiles, fingerprint
from migkg.services.search.making import ensure_index, find_index
from migkg.settings import Settings

_INPUTS = ".inputs.json"


@dataclass(frozen=True)
class Check:
    """What a check of the files found."""

    files: ProjectFiles
    report: Report


def check_project(project: Project, settings: Settings, progress: Progress) -> Check:
    """Reads and checks every file of the project."""
    progress("read files")
    files = ProjectFiles(project, Vocabulary(settings.base_iri))
    progress("one place for each fact")
    reports = [files.check_one_place()]
    reports.append(files.check_literals())
    progress("stored queries")
    reports.append(stored_queries.check(project))
    progress("shapes")
    validation = shacl.validate(
        files.triples("ontology", "data"),
        files.triples("shapes"),
        prefixes=files.prefixes,
        places=files.places,
        workers=len(os.sched_getaffinity(0)),
    )
    for reason in validation.by_pyshacl:
        progress(f"shapes: judged by pySHACL: {reason}")
    counts = Report(
        checked={
            "files": len(files.files),
            "triples": sum(len(f.content.triples) for f in files.files),
        }
    )
    return Check(files, merge([*reports, validation.report, counts]))


def build(settings: Settings, progress: Progress) -> Release:
    """Makes the release of the project's files and puts it into service.

    Raises :class:`InvalidData` with the report if the files break a rule; the release that was in
    service then stays there.
    """
    project = find_project(settings)
    inputs = fingerprint(project, settings.base_iri)
    check = check_project(project, settings, progress)
    if not check.report.conforms:
        raise InvalidData("The data breaks its rules; no release was made.", report=check.report)
    quads = check.files.quads()
    release = compile_release(
        quads,
        settings.releases,
        prefixes=check.files.prefixes,
        extra={
            "report.txt": _report_text(check.report),
            statistics.FILE: statistics.count(quads, settings.base_iri).as_bytes(),
        },
        progress=progress,
        processes=settings.build_processes,
        memory=settings.memory_budget,
    )
    _index(release, project, settings, progress)
    releases.make_current(release, settings.releases)
    _remember(settings.releases, inputs, release)
    return release


def open_or_build(settings: Settings, progress: Progress) -> Release:
    """The current release if it was made from the files as they are, else a new one."""
    remove_abandoned(settings.releases)
    project = find_project(settings)
    known = _known_release(settings, fingerprint(project, settings.base_iri))
    if known is None:
        return build(settings, progress)
    try:
        _index(known, project, settings, progress)
    except NoIndex as error:  # all else can be served from a folder that is read-only
        progress(f"no search: {error}")
    return known


def _index(release: Release, project: Project, settings: Settings, progress: Progress) -> None:
    """Makes the index for search, unless it is there."""
    facets = page_queries.facets(page_queries.load(project))
    try:
        find_index(release, settings.base_iri, facets)
    except NoIndex:
        progress("index for search")
        ensure_index(release, settings.base_iri, facets)


def _report_text(report: Report) -> bytes:
    checked = ", ".join(f"{count} {what}" for what, count in sorted(report.checked.items()))
    return f"Conforms. Checked: {checked}.\n{report.text()}".encode()


def _known_release(settings: Settings, inputs: str) -> Release | None:
    try:
        recorded = json.loads((settings.releases / _INPUTS).read_text("utf-8"))
        current = releases.open_current(settings.releases)
    except (OSError, ValueError, NoRelease):
        return None
    return current if recorded == {"inputs": inputs, "release": current.id} else None


def _remember(folder: Path, inputs: str, release: Release) -> None:
    with work_folder(folder) as work:
        draft = work.path / _INPUTS
        draft.write_text(json.dumps({"inputs": inputs, "release": release.id}), "utf-8")
        draft.replace(folder / _INPUTS)
