"""Statements about the project's own things, from a file of somebody else's.

``imports/NAME.rq`` of the project is a CONSTRUCT query: it says what is taken from the file and how
it is put. The result becomes ``data/NAME-imported.ttl``, a graph of its own; nothing else changes.
"""

from __future__ import annotations

from pathlib import Path

from migkg.engine import rdf_io
from migkg.engine.scratch import ScratchStore
from migkg.errors import BadFile, BadUpload
from migkg.model import formats
from migkg.model.formats import Format
from migkg.model.sparql_text import Form, read_query
from migkg.model.turtle import write_turtle
from migkg.services.authoring import Addition
from migkg.services.project_files import ProjectFiles


def import_statements(files: ProjectFiles, name: str, path: Path) -> tuple[Addition, int]:
    """The change that brings the file in, and how many statements it holds; nothing is written.

    Raises :class:`BadFile` if the file is not what the query expects, or speaks of things that
    the project does not describe.
    """
    query = files.project.root / "imports" / f"{name}.rq"
    if not query.is_file():
        known = sorted(p.stem for p in query.parent.glob("*.rq"))
        raise BadFile(f"There is no import {name}; there is {', '.join(known) or 'none'}.")
    text = query.read_text("utf-8")
    if read_query(text).form is not Form.CONSTRUCT:
        raise BadFile(f"{query} must be a CONSTRUCT query.")
    statements = ScratchStore(_read(path)).construct(text)
    if not statements:
        raise BadFile(f"{path} holds nothing that {query.name} looks for.")
    _refuse_strangers(files, statements, path)
    _refuse_ours(files, statements, name)
    target = files.project.root / "data" / f"{name}-imported.ttl"
    head = f"# Imported by 'migkg import {name}'; do not edit.\n\n"
    body = write_turtle(rdf_io.to_rdflib(statements), files.prefixes)
    return Addition({target: head + body}), len(statements)


def _read(path: Path) -> list[rdf_io.Triple]:
    try:
        return rdf_io.parse_upload(path.read_bytes(), format_of(path), path.resolve().as_uri())
    except BadUpload as error:
        raise BadFile(f"{path}: {error}") from None
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None


def format_of(path: Path) -> Format:
    """The RDF format that a file's name says; raises :class:`BadFile`."""
    rdf_format = formats.BY_EXTENSION.get(path.suffix.lstrip("."))
    if rdf_format is None or rdf_format not in formats.GRAPH_FORMATS:
        raise BadFile(f"{path} is not known as RDF by its name; use .ttl, .nt, .rdf or .jsonld.")
    return rdf_format


def _refuse_strangers(files: ProjectFiles, statements: list[rdf_io.Triple], path: Path) -> None:
    strangers = {
        subject
        for triple in statements
        if (subject := str(getattr(triple.subject, "value", ""))) not in files.places
    }
    if strangers:
        raise BadFile(
            f"{path} speaks of {len(strangers)} things that no file describes, such as "
            f"<{min(strangers)}>."
        )


def _refuse_ours(files: ProjectFiles, statements: list[rdf_io.Triple], name: str) -> None:
    """Each triple stands in one file; what is ours already is not taken twice."""
    ours = {
        triple
        for file in files.files
        if file.content.path.name != f"{name}-imported.ttl"
        for triple in file.content.triples
    }
    double = next((triple for triple in statements if triple in ours), None)
    if double is not None:
        raise BadFile(f"The statement {double} stands in our own files already.")
