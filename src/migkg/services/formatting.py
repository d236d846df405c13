"""The canonical text of Turtle files: checked, and written only if nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from migkg.engine import rdf_io
from migkg.errors import BadFile, BrokenFile
from migkg.model import formats
from migkg.model.turtle import comment_block, inner_comment, write_turtle


def canonical_text(path: Path, prefixes: Mapping[str, str]) -> str:
    """The canonical text of a Turtle file.

    The file's own prefixes win over the project's. Raises :class:`BrokenFile` if the text would
    lose something: a comment inside, a blank node without a place, or any triple.
    """
    content = rdf_io.read_turtle(path)
    original = path.read_bytes().decode("utf-8")
    line = inner_comment(original)
    if line:
        raise BrokenFile(
            f"{path}:{line}: a comment here would be lost; make it a triple, such as "
            "skos:editorialNote, or move it to the top."
        )
    try:
        body = write_turtle(rdf_io.to_rdflib(content.triples), {**prefixes, **content.prefixes})
    except BadFile as error:
        raise BrokenFile(f"{path}: {error}") from None
    text = comment_block(original) + body
    written = rdf_io.parse_triples(text.encode("utf-8"), formats.TURTLE)
    if rdf_io.canonical_triples(written) != rdf_io.canonical_triples(content.triples):
        raise BrokenFile(f"{path} cannot be written in canonical form without a change of meaning.")
    return text


def format_file(path: Path, prefixes: Mapping[str, str], *, check: bool) -> bool:
    """True if the file was canonical already; otherwise it is rewritten unless ``check``."""
    text = canonical_text(path, prefixes)
    if path.read_bytes() == text.encode("utf-8"):
        return True
    if not check:
        replace_text(path, text)
    return False


def replace_text(path: Path, text: str) -> None:
    """Writes a file in one step: a reader finds the old text or the new."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(text.encode("utf-8"))
    draft.replace(path)
