"""A project that has nothing to do with this one's domain: two books on one shelf."""

from __future__ import annotations

from pathlib import Path

from migkg.settings import Settings

BASE = "https://tiny.example/"
FILES = {
    "ontology/books.ttl": """@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix tiny: <https://tiny.example/ontology#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://tiny.example/ontology>
  a owl:Ontology ;
  sh:declare [
    sh:namespace "https://tiny.example/ontology#"^^xsd:anyURI ;
    sh:prefix "tiny" ;
  ] ;
  .

tiny:Book
  a owl:Class ;
  .
""",
    "shapes/books.ttl": """@prefix s: <https://tiny.example/shapes#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix tiny: <https://tiny.example/ontology#> .

s:Book
  a sh:NodeShape ;
  sh:property s:Book-title ;
  sh:targetClass tiny:Book ;
  .

s:Book-title
  a sh:PropertyShape ;
  sh:description "Give the book a title." ;
  sh:maxCount 1 ;
  sh:minCount 1 ;
  sh:path tiny:title ;
  .
""",
    "data/books.ttl": """# Books.

@prefix tiny: <https://tiny.example/ontology#> .

<https://tiny.example/id/book/a>
  a tiny:Book ;
  tiny:title "Ann's \\"A\\""@en ;
  .

<https://tiny.example/id/book/b>
  a tiny:Book ;
  tiny:title "B"@en ;
  .
""",
    "data/shelf-1.ttl": """@prefix tiny: <https://tiny.example/ontology#> .

<https://tiny.example/id/shelf/1>
  tiny:holds <https://tiny.example/id/book/a> ;
  .
""",
    "queries/titles.rq": """# Which titles are there?
PREFIX tiny: <https://tiny.example/ontology#>
SELECT ?title { ?book tiny:title ?title } ORDER BY ?title
""",
    "queries/titles.csv": 'title\r\n"Ann\'s ""A"""\r\nB\r\n',
}
TITLES_CSV = FILES["queries/titles.csv"].encode()


def make_project(folder: Path) -> Settings:
    """The project's files in ``folder``, and settings for it."""
    for name, text in FILES.items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return Settings(
        base_iri=BASE, project=folder / "project", releases=folder / "releases", query_processes=2
    )


def edit(settings: Settings, name: str, old: str, new: str) -> None:
    """Replaces text in one of the project's files."""
    path = Path(str(settings.project)) / name
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new).encode())
