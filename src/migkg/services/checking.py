"""Any RDF files held against any SHACL shapes, and the report as text, Turtle or JSON.

The shapes may be a stranger's: what is not compiled is refused, never left to pySHACL, whose
patterns and queries have no bounds.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from migkg.engine import rdf_io
from migkg.errors import BadFile, InvalidData
from migkg.services import shacl
from migkg.services.importing import read_rdf


def check_files(files: Sequence[Path], shapes: Sequence[Path]) -> shacl.Validation:
    """The verdict on the files together; raises :class:`BadFile` for what cannot be used."""
    places: dict[str, str] = {}
    data: list[rdf_io.Triple] = []
    for path in files:
        triples = _apart(read_rdf(path))
        places |= {str(getattr(t.subject, "value", "")): str(path) for t in triples}
        data += triples
    rules = [triple for path in shapes for triple in _apart(read_rdf(path))]
    try:
        return shacl.validate(data, rules, prefixes={}, places=places, trusted=False)
    except InvalidData as error:
        raise BadFile(str(error)) from None


def _apart(triples: Sequence[rdf_io.Triple]) -> list[rdf_io.Triple]:
    """The triples of one file with blank nodes that no other file has."""
    nodes: dict[rdf_io.BlankNode, rdf_io.BlankNode] = defaultdict(rdf_io.BlankNode)
    return [
        rdf_io.Triple(
            nodes[t.subject] if isinstance(t.subject, rdf_io.BlankNode) else t.subject,
            t.predicate,
            nodes[t.object] if isinstance(t.object, rdf_io.BlankNode) else t.object,
        )
        for t in triples
    ]


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
