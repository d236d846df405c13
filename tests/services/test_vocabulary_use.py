"""A term of the ontology is used, or says why it is there."""

from __future__ import annotations

import pytest

from migkg.model.namespaces import Vocabulary
from migkg.resources import find_project
from migkg.services import vocabulary_use
from migkg.services.project_files import ProjectFiles
from migkg.settings import Settings
from tests.tiny import BASE, edit

DEFINED = "\n  rdfs:isDefinedBy <https://tiny.example/ontology> ;\n  .\n"
PREFIXES = """@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl:"""


@pytest.mark.parametrize(
    ("term", "unused"),
    [
        ("tiny:Map\n  a owl:Class ;", True),
        ('tiny:Map\n  a owl:Class ;\n  skos:editorialNote "For maps."@en ;', False),
        ("tiny:draws\n  a owl:ObjectProperty ;", True),
        ("tiny:title\n  a owl:DatatypeProperty ;", False),
    ],
)
def test_a_term_without_use_and_reason_is_found(tiny: Settings, term: str, unused: bool) -> None:
    edit(tiny, "ontology/books.ttl", "@prefix owl:", PREFIXES)
    edit(tiny, "ontology/books.ttl", "tiny:Book\n", f"{term}{DEFINED}\ntiny:Book\n")
    report = vocabulary_use.check(ProjectFiles(find_project(tiny), Vocabulary(BASE)))
    assert [finding.focus for finding in report.findings] == (
        [f"{BASE}ontology#{term.partition(chr(10))[0].removeprefix('tiny:')}"] if unused else []
    )


def test_a_class_above_one_that_is_used_is_used(tiny: Settings) -> None:
    edit(tiny, "ontology/books.ttl", "@prefix owl:", PREFIXES)
    edit(
        tiny,
        "ontology/books.ttl",
        "tiny:Book\n  a owl:Class ;",
        f"tiny:Work\n  a owl:Class ;{DEFINED}\n"
        "tiny:Book\n  a owl:Class ;\n  rdfs:isDefinedBy <https://tiny.example/ontology> ;\n"
        "  rdfs:subClassOf tiny:Work ;",
    )
    report = vocabulary_use.check(ProjectFiles(find_project(tiny), Vocabulary(BASE)))
    assert report.findings == ()
