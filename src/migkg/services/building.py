"""From files to a release in service: parse, check, compile, swap."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from migkg.engine.compiling import compile_release
from migkg.engine.meter import Progress
from migkg.engine.release import Release
from migkg.errors import InvalidData
from migkg.model.namespaces import Vocabulary
from migkg.model.report import Report, merge
from migkg.resources import Project, find_project
from migkg.services import inputs, reifiers, shacl, stored_queries, tables
from migkg.services.current import put_into_service
from migkg.services.project_files import ProjectFiles
from migkg.services.schema import Schema
from migkg.services.search.making import provide_index
from migkg.settings import Settings


@dataclass(frozen=True)
class Check:
    """What a check of the files found."""

    files: ProjectFiles
    report: Report
    seconds: Mapping[tuple[str, str], float]  # of the constraints of shapes


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
    return Check(files, merge([*reports, validation.report, counts]), validation.seconds)


def build(settings: Settings, progress: Progress) -> Release:
    """Makes the release of the project's files and puts it into service.

    Raises :class:`InvalidData` with the report if the files break a rule; the release that was in
    service then stays there.
    """
    project = find_project(settings)
    made_of = inputs.fingerprint(project, settings.base_iri)
    check = check_project(project, settings, progress)
    if not check.report.conforms:
        raise InvalidData("The data breaks its rules; no release was made.", report=check.report)
    quads = check.files.quads()
    progress("tables")
    release = compile_release(
        quads,
        settings.releases,
        prefixes=check.files.prefixes,
        extra={
            "report.txt": _report_text(check.report),
            **_more_dumps(check.files, project),
        },
        progress=progress,
        base_iri=settings.base_iri,
        processes=settings.build_processes,
        memory=settings.memory_budget,
    )
    provide_index(release, settings, progress)
    put_into_service(release, settings)
    inputs.remember(settings.releases, made_of, release)
    return release


def _more_dumps(files: ProjectFiles, project: Project) -> dict[str, bytes]:
    """The dumps that are not made from the N-Quads: tables, and claims in RDF 1.2."""
    made: dict[str, bytes] = {}
    if listed := tables.load(project):
        schema = Schema(files.quads(), files.prefixes, files.vocabulary)
        made[tables.FILE] = tables.archive(
            listed,
            files.triples("ontology", "data"),
            title=schema.dataset_title,
            licence=schema.licence,
        )
    every = files.triples("ontology", "shapes", "data")
    if text := reifiers.turtle(every, files.prefixes):
        made[reifiers.FILE] = text
    return made


def _report_text(report: Report) -> bytes:
    checked = ", ".join(f"{count} {what}" for what, count in sorted(report.checked.items()))
    return f"Conforms. Checked: {checked}.\n{report.text()}".encode()
