"""One short function a command; each returns the exit status."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from migkg.cli import copying, stored
from migkg.cli.progress import progress_line
from migkg.cli.quality_text import print_quality
from migkg.cli.releases import named_release, refused, reported
from migkg.cli.tables import print_table
from migkg.cli.timings import print_timings
from migkg.engine import rdf_io
from migkg.engine.dump_files import dump_of
from migkg.engine.keeper import store_choice
from migkg.engine.release import open_current
from migkg.engine.scratch import ScratchStore
from migkg.errors import BadFile
from migkg.model import formats
from migkg.model.evidence import EvidenceCheck
from migkg.model.namespaces import Vocabulary
from migkg.model.report import merge
from migkg.model.sparql_text import Form, QueryText, read_query
from migkg.resources import Project, find_project
from migkg.services import (
    authoring,
    building,
    checking,
    formatting,
    importing,
    ontology_docs,
    source_evidence,
    stored_queries,
    vocabulary_use,
)
from migkg.services.parameters.declarations import declared
from migkg.services.project_files import ProjectFiles
from migkg.services.schema import Schema
from migkg.services.stored_queries import StoredQuery
from migkg.settings import Settings


def build(_: argparse.Namespace, settings: Settings) -> int:
    """Makes a release and puts it into service."""
    with progress_line() as progress:
        release = reported(lambda: building.build(settings, progress))
    if release is None:
        return 1
    manifest = release.manifest
    sys.stdout.write(
        f"Release {release.id}: {manifest['triples']} triples in {len(manifest['graphs'])} graphs, "
        f"{release.folder}\n{store_choice(release, settings.memory_budget)}\n"
    )
    return 0


def check(options: argparse.Namespace, settings: Settings) -> int:
    """Checks the files without making a release."""
    with progress_line() as progress:
        found = building.check_project(find_project(settings), settings, progress)
    if options.timings:
        print_timings(found.seconds, sys.stderr)
    # A term that nothing uses makes no release wrong, so only this command minds.
    report = merge([found.report, vocabulary_use.check(found.files)])
    if not report.conforms:
        return refused(report)
    if options.report:
        print_quality(found.files, options.sources, sys.stdout)
    checked = ", ".join(f"{count} {what}" for what, count in sorted(report.checked.items()))
    sys.stdout.write(f"All is well: {checked}.\n")
    return 0


def validate(options: argparse.Namespace, _: Settings) -> int:
    """Holds files against shapes and writes the report."""
    verdict = checking.check_files(
        options.files, options.shapes, workers=len(os.sched_getaffinity(0))
    )
    if options.timings:
        print_timings(verdict.seconds, sys.stderr)
    writers = {"text": checking.as_text, "turtle": checking.as_turtle, "json": checking.as_json}
    sys.stdout.write(writers[options.format](verdict))
    return 0 if verdict.conforms else 1


def format_files(options: argparse.Namespace, settings: Settings) -> int:
    """Writes files in canonical form, or says which differ."""
    project = find_project(settings)
    prefixes = ProjectFiles(project, Vocabulary(settings.base_iri)).prefixes
    changed = [
        path
        for path in options.files or project.turtle_files()
        if not formatting.format_file(path, prefixes, check=options.check)
    ]
    for path in changed:
        sys.stdout.write(f"{path} {'is not canonical' if options.check else 'rewritten'}\n")
    return 1 if changed and options.check else 0


def query(options: argparse.Namespace, settings: Settings) -> int:
    """Answers a query from the local release or from an endpoint."""
    found = _found_query(options.query, settings)
    given = stored.given(options.more)
    if given and isinstance(found, QueryText):
        raise BadFile("Only stored queries take parameters, and this is none.")
    form = found.form
    table = options.format is None and sys.stdout.isatty()
    chosen = _query_format(options.format, form, table=table)
    if options.endpoint is not None:
        asked = stored.ask_endpoint(options.endpoint, found, given, chosen, settings)
    else:
        release = named_release(options, settings) or open_current(settings.releases)
        asked = stored.ask_release(release, found, given, chosen, settings)
    answer = asyncio.run(asked)
    if table and chosen is formats.JSON:
        print_table(json.loads(answer), sys.stdout)
    else:
        _write(answer)
    return 0


def search(options: argparse.Namespace, settings: Settings) -> int:
    """Prints the things that have some words."""
    from migkg.cli import search_text  # the library for search is needed by this command alone

    if not 1 <= options.limit <= search_text.MOST:
        raise BadFile(f"--limit is a number from 1 to {search_text.MOST}.")
    found = search_text.find(settings, " ".join(options.words), options.kind, options.limit)
    write = search_text.write_json if options.json else search_text.write_lines
    write(found, sys.stdout)
    return 0 if found.total else 1


def export(options: argparse.Namespace, settings: Settings) -> int:
    """Writes the dump of the current release, or one of its graphs."""
    chosen = formats.BY_NAME.get(options.format)
    if chosen not in formats.GRAPH_FORMATS:
        raise BadFile(
            f"There is no RDF format {options.format}; take ttl, jsonld, nt, rdf, trig or nq."
        )
    if options.endpoint:
        return copying.copy(options, settings, chosen)
    release = named_release(options, settings) or open_current(settings.releases)
    if options.graph is None:
        _copy(dump_of(release, chosen), options.output)
        return 0
    if options.graph not in release.manifest["graphs"]:
        known = "\n  ".join(release.manifest["graphs"])
        raise BadFile(f"There is no graph <{options.graph}>; there are:\n  {known}")
    triples = rdf_io.read_graph(release.store, options.graph)
    data = rdf_io.write_triples(triples, chosen, prefixes=release.prefixes)
    if options.output:
        options.output.write_bytes(data)
    else:
        _write(data)
    return 0


def evidence(options: argparse.Namespace, settings: Settings) -> int:
    """Never runs: the parser demands an action."""
    raise AssertionError((options, settings))


def verify_evidence(options: argparse.Namespace, settings: Settings) -> int:
    """Holds every piece of evidence against the words of its document."""
    vocabulary = Vocabulary(settings.base_iri)
    graph = ProjectFiles(find_project(settings), vocabulary).graph("data")
    verification = EvidenceCheck(graph, vocabulary)
    problems = verification.run(options.sources)
    for problem in problems:
        sys.stdout.write(f"{problem.evidence}: {problem.why}\n")
    sys.stdout.write(f"{len(problems)} wrong of {len(verification.evidence())}\n")
    return 1 if problems else 0


def cite_evidence(options: argparse.Namespace, settings: Settings) -> int:
    """Prints the evidence for every place of a phrase, as Turtle to paste."""
    vocabulary = Vocabulary(settings.base_iri)
    files = ProjectFiles(find_project(settings), vocabulary)
    text = source_evidence.as_turtle(files, options.document, options.phrase, options.sources)
    sys.stdout.write(text)
    return 0


def document(options: argparse.Namespace, settings: Settings) -> int:
    """Writes the documentation of the ontology, with examples from the data."""
    vocabulary = Vocabulary(settings.base_iri)
    files = ProjectFiles(find_project(settings), vocabulary)
    store = ScratchStore(files.triples("ontology", "data"))
    rows = [
        {name: str(value) for name, value in row.items()}
        for text in (ontology_docs.CLASS_EXAMPLES, ontology_docs.PROPERTY_EXAMPLES)
        for row in store.select(text.format(terms=vocabulary.namespace))
    ]
    schema = Schema(files.quads(), files.prefixes, vocabulary)
    text = ontology_docs.markdown(
        ontology_docs.document(schema, ontology_docs.examples(rows)), files.prefixes
    )
    if options.output:
        options.output.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    return 0


def import_file(options: argparse.Namespace, settings: Settings) -> int:
    """Brings a file's statements about our things into a graph of their own."""
    project = find_project(settings)
    files = ProjectFiles(project, Vocabulary(settings.base_iri))
    addition, count = importing.import_statements(files, options.name, options.file)
    if not _written(addition, project, settings):
        return 1
    (path,) = addition.texts
    sys.stdout.write(f"{count} statements in {path}\n")
    return 0


def add_fact(options: argparse.Namespace, settings: Settings) -> int:
    """Adds one fact to the files, and shows the lines that changed."""
    project = find_project(settings)
    files = ProjectFiles(project, Vocabulary(settings.base_iri))
    fact = authoring.Fact(
        subject=options.subject,
        predicate=options.predicate,
        object=options.object,
        document=options.document,
        phrase=options.phrase,
        modality=options.modality,
        occurrence=options.occurrence,
    )
    addition = authoring.add_fact(files, fact, options.sources)
    difference = addition.difference()
    if not options.dry_run and not _written(addition, project, settings):
        return 1
    sys.stdout.write((difference or "The fact was there already.") + "\n")
    return 0


def _written(addition: authoring.Addition, project: Project, settings: Settings) -> bool:
    """True if the change was written; False after the report on why it was taken back."""

    def write() -> authoring.Addition:
        addition.write(lambda: building.check_project(project, settings, progress).report)
        return addition

    with progress_line() as progress:
        return reported(write) is not None


def _found_query(argument: str, settings: Settings) -> QueryText | StoredQuery:
    if argument == "-":
        text = sys.stdin.buffer.read().decode()
    elif "{" in argument or "\n" in argument:
        text = os.fsencode(argument).decode()
    elif Path(argument).is_file():
        path = Path(argument)
        text = path.read_text("utf-8")
        if declared(text):
            return stored_queries.read_file(path)
    else:
        found = stored_queries.find(find_project(settings), argument)
        if found is None:
            raise BadFile(f"{argument} is neither a query, a file, nor a stored query.")
        return found
    return read_query(text, settings.query_limits)


def _query_format(name: str | None, form: Form, *, table: bool) -> formats.Format:
    """The format asked for; else what a table is made from, CSV, or the first that there is."""
    offers = form.answer_formats
    if name is None:
        return formats.CSV if formats.CSV in offers and not table else offers[0]
    chosen = formats.BY_NAME.get(name)
    if chosen not in offers:
        known = ", ".join(item.name for item in offers)
        raise BadFile(f"This query, {form.value}, has no format {name}; take {known}.")
    return chosen


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    if sys.stdout.isatty() and not data.endswith(b"\n"):
        sys.stdout.buffer.write(b"\n")


def _copy(chunks: Iterable[bytes], output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.writelines(chunks)
        return
    with output.open("wb") as target:
        target.writelines(chunks)
