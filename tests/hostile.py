"""A small project whose labels are hostile: markup, scripts, controls of direction, formulas."""

from __future__ import annotations

from pathlib import Path

from migkg.settings import Settings
from tests.tiny import BASE, FILES, edit, make_project

HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "turned": "\u202eevil\u202d \u2066left\u2067",
    "long": "w" * 10_000,
    "formula": '=HYPERLINK("https://evil.example")',
    "template": "{{ 7 * 7 }}{% include 'base.html' %}",
    "link": "javascript:alert(3)",
    "arabic": "الهجرة والمدن",
}
_DISAGREEMENTS = """# <script>alert(5)</script> =1+1
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX tiny: <https://tiny.example/ontology#>
SELECT ?disagreement ?label (?label AS ?kind) (?label AS ?explanation) (?disagreement AS ?side)
  (?label AS ?says) ?document (?label AS ?documentLabel) (?label AS ?modality) (?label AS ?phrase)
WHERE { ?disagreement a tiny:Book ; rdfs:label ?label ; rdfs:seeAlso ?document } ORDER BY ?label
"""


def make_hostile(folder: Path) -> Settings:
    """The project's files in ``folder``, and settings for it."""
    settings = make_project(folder)
    books = "".join(
        f"\n<{BASE}id/book/{name}>\n  a tiny:Book ;\n"
        f"  <http://www.w3.org/2000/01/rdf-schema#label> {turtle(text)} ;\n"
        f"  <http://www.w3.org/2000/01/rdf-schema#seeAlso> <javascript:alert%284%29> ;\n"
        f"  tiny:title {turtle(text)} ;\n  .\n"
        for name, text in sorted(HOSTILE.items())
    )
    edit(settings, "data/books.ttl", FILES["data/books.ttl"], FILES["data/books.ttl"] + books)
    pages = Path(str(settings.project), "pages")
    pages.mkdir()
    (pages / "disagreements.rq").write_text(_DISAGREEMENTS, "utf-8")
    return settings


def turtle(text: str) -> str:
    """The text as a Turtle literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"@en'
