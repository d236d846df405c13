"""Any RDF files held against any SHACL shapes, and the report as text, Turtle or JSON.

The shapes may be a stranger's: what is not compiled is refused, never left to pySHACL, whose
patterns and queries have no bounds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from migkg.engine import rdf_io
from migkg.engine.validation_store import read_statements
from migkg.errors import BadFile, BadUpload, InvalidData
from migkg.services import shacl
from migkg.services.importing import format_of


def check_files(
    files: Sequence[Path], shapes: Sequence[Path], *, workers: int = 1
) -> shacl.Validation:
    """The verdict on the files together; raises :class:`BadFile` for what cannot be used."""
    places: dict[str, str] = {}
    data: list[rdf_io.Quad] = []
    for path in files:
        statements = _read(path)
        places |= {str(getattr(s.subject, "value", "")): str(path) for s in statements}
        data += statements
    try:
        return shacl.validate(
            data, read_shapes(shapes), prefixes={}, places=places, trusted=False, workers=workers
        )
    except InvalidData as error:
        raise BadFile(str(error)) from None


def read_shapes(paths: Sequence[Path]) -> list[rdf_io.Triple]:
    """The triples of files of shapes; raises :class:`BadFile`.

    Shapes without a target find nothing wrong with anything, so files that were mistaken for shapes
    would let all data pass.
    """
    triples = [statement.triple for path in paths for statement in _read(path)]
    if not shacl.ShapesGraph(rdf_io.to_rdflib(triples)).targeted():
        names = ", ".join(map(str, paths))
        raise BadFile(f"{names}: no shape has a target, so nothing would be checked.")
    return triples


def _read(path: Path) -> list[rdf_io.Quad]:
    try:
        base = path.resolve().as_uri()
        return read_statements(path.read_bytes(), format_of(path), base)
    except BadUpload as error:
        raise BadFile(f"{path}: {error}") from None
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None


def as_text(verdict: shacl.Validation) -> str:
    """The report for people."""
    if verdict.conforms:
        return "Conforms.\n"
    return f"{verdict.report.text()}\nDoes not conform: {len(verdict.results)} results.\n"


def as_turtle(verdict: shacl.Validation) -> str:
    """The standard report. https://www.w3.org/TR/shacl/#validation-report"""
    graph = verdict.graph
    graph.bind("sh", "http://www.w3.org/ns/shacl#")
    return graph.serialize(format="turtle")


def as_json(verdict: shacl.Validation) -> str:
    """The findings for programs."""
    findings = [asdict(finding) for finding in verdict.report.findings]
    report = {"conforms": verdict.conforms, "results": findings}
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"
