"""What things are called, and where they are: one query for all that an answer names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migkg.engine import rdf_io
from migkg.services.results import Kind, Table
from migkg.services.world_map import Position, read_point

MOST = 1000  # things that one query asks for
_QUERY = """PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing ?label ?wkt WHERE {
  VALUES ?thing { %s }
  { ?thing rdfs:label|skos:prefLabel ?label }
  UNION { ?thing geo:hasDefaultGeometry/geo:asWKT ?wkt }
}"""


@dataclass(frozen=True)
class Name:
    """The label of a thing in the best of its languages, and its place if it has a point."""

    label: str = ""
    language: str = ""
    position: Position | None = None

    def is_in(self, language: str) -> bool:
        """True if the label is in a language, of whatever region."""
        return bool(self.label) and self.language.lower().partition("-")[0] == language


def things(table: Table) -> list[str]:
    """The IRIs in a table, each once, in the order of the rows."""
    cells = (cell for row in table.rows for cell in row)
    return list(dict.fromkeys(c.value for c in cells if c is not None and c.kind is Kind.IRI))


def query(iris: Iterable[str]) -> str:
    """The query for the names of the first things that are IRIs; empty if there are none."""
    nodes = (rdf_io.named_node(iri) for iri in iris)
    found = [str(node) for node in nodes if node is not None][:MOST]
    return _QUERY % " ".join(found) if found else ""


def read(answer: Table, languages: Sequence[str] = ("en",)) -> dict[str, Name]:
    """The names in the answer to :func:`query`; of several labels the first by language."""
    labels: dict[str, tuple[tuple[int, str], str, str]] = {}
    places: dict[str, Position] = {}
    for thing, label, wkt in answer.rows:
        if thing and label:
            rank = (_rank(label.language, languages), label.value)
            found = (rank, label.value, label.language)
            labels[thing.value] = min(found, labels.get(thing.value, found))
        if thing and wkt and (position := read_point(wkt.value)):
            places[thing.value] = position
    return {
        iri: Name(*labels.get(iri, ((), "", ""))[1:], places.get(iri)) for iri in (*labels, *places)
    }


def with_terms(names: Mapping[str, Name], terms: Mapping[str, str]) -> dict[str, Name]:
    """The names, with those of the terms of an ontology where the data has none."""
    return {**{iri: Name(label, "en") for iri, label in terms.items()}, **names}


def _rank(language: str, languages: Sequence[str]) -> int:
    wanted = language.lower().partition("-")[0]
    if wanted in languages:
        return languages.index(wanted)
    return len(languages) + bool(language)
