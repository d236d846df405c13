"""What a source document gave: the facts drawn from each of its paragraphs, and what it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from migkg.model.namespaces import Vocabulary

PAGE = 25
_PREFIXES = """PREFIX mig: <{terms}>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
_FACTS = """SELECT ?number ?passage ?start ?end ?fact ?label ?subject ?subjectLabel ?property
  ?object ?objectLabel ?phrase WHERE {{
  {{ SELECT ?passage ?number ?start ?end WHERE {{
      ?passage mig:inDocument <{document}> ; mig:number ?number ; mig:charStart ?start ;
        mig:charEnd ?end .
    }} ORDER BY ?number LIMIT {limit} OFFSET {offset} }}
  OPTIONAL {{
    ?evidence mig:inPassage ?passage ; oa:hasSelector/oa:exact ?phrase .
    ?fact mig:evidence ?evidence .
    OPTIONAL {{ ?fact rdfs:label ?label }}
    OPTIONAL {{
      ?fact rdf:subject ?subject ; rdf:predicate/rdfs:label ?property ; rdf:object ?object .
      OPTIONAL {{ ?subject rdfs:label|skos:prefLabel ?subjectLabel .
                  FILTER(LANGMATCHES(LANG(?subjectLabel), "en")) }}
      OPTIONAL {{ ?object rdfs:label|skos:prefLabel ?objectLabel .
                  FILTER(LANGMATCHES(LANG(?objectLabel), "en")) }}
    }}
  }}
}} ORDER BY ?number ?fact ?phrase"""
_COVERAGE = """SELECT
  (COUNT(DISTINCT ?passage) AS ?paragraphs) (COUNT(DISTINCT ?used) AS ?supporting) WHERE {{
  ?passage mig:inDocument <{document}> .
  OPTIONAL {{ ?evidence mig:inPassage ?passage . BIND(?passage AS ?used) }}
}}"""
_NAMED = """SELECT ?kind ?thing (MIN(STR(?name)) AS ?label) WHERE {{
  ?thing mig:mentionedIn <{document}> ; a ?kind .
  OPTIONAL {{ ?thing rdfs:label|skos:prefLabel ?name . FILTER(LANGMATCHES(LANG(?name), "en")) }}
}} GROUP BY ?kind ?thing ORDER BY ?kind ?label ?thing LIMIT 1000"""


@dataclass
class Drawn:
    """One fact that is drawn from a paragraph; ``subject`` is empty if it names itself."""

    iri: str
    subject: str
    subject_label: str
    text: str
    phrases: list[str] = field(default_factory=list)


@dataclass
class Paragraph:
    """A paragraph: where it stands, and its facts."""

    iri: str
    number: str
    start: str
    end: str
    facts: list[Drawn] = field(default_factory=list)


def facts_query(document: str, vocabulary: Vocabulary, *, page: int) -> str:
    """Asks for the facts of one page of paragraphs."""
    return _text(_FACTS, document, vocabulary, limit=PAGE, offset=PAGE * (page - 1))


def coverage_query(document: str, vocabulary: Vocabulary) -> str:
    """Asks how many paragraphs there are, and how many support a fact."""
    return _text(_COVERAGE, document, vocabulary)


def named_query(document: str, vocabulary: Vocabulary) -> str:
    """Asks for the things that a document mentions, by kind."""
    return _text(_NAMED, document, vocabulary)


def read(rows: Iterable[Mapping[str, str]]) -> list[Paragraph]:
    """The paragraphs of the rows, in their order; a row is one phrase of one fact."""
    found: dict[str, Paragraph] = {}
    drawn: dict[tuple[str, str], Drawn] = {}
    for row in rows:
        iri = row["passage"]
        if iri not in found:
            found[iri] = Paragraph(iri, row["number"], row["start"], row["end"])
        if "fact" not in row:
            continue
        key = (iri, row["fact"])
        if key not in drawn:
            drawn[key] = _drawn(row)
            found[iri].facts.append(drawn[key])
        if row["phrase"] not in drawn[key].phrases:
            drawn[key].phrases.append(row["phrase"])
    return list(found.values())


def _drawn(row: Mapping[str, str]) -> Drawn:
    if "subject" not in row:
        return Drawn(row["fact"], "", "", row.get("label", row["fact"]))
    value = row.get("objectLabel") or row.get("object", "")
    label = row.get("subjectLabel") or row["subject"]
    return Drawn(row["fact"], row["subject"], label, f"{row.get('property', '')}: {value}")


def _text(query: str, document: str, vocabulary: Vocabulary, **values: int) -> str:
    return (_PREFIXES + query).format(terms=vocabulary.namespace, document=document, **values)
