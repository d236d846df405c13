"""What a release says of each thing, as far as a search looks at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from rdflib.namespace import RDF, RDFS, SKOS, XSD

from migkg.engine import rdf_io
from migkg.engine.release import Release
from migkg.engine.scratch import ScratchStore
from migkg.model.namespaces import Vocabulary

_TYPE = str(RDF.type)
_LABELS = (str(RDFS.label), str(SKOS.prefLabel))
_ALIASES = (str(SKOS.altLabel), str(SKOS.notation))
_TEXTS = (str(XSD.string), str(RDF.langString))
_PHRASES = """
PREFIX mig: <{terms}>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
SELECT DISTINCT ?thing ?phrase WHERE {{
  {{ ?claim rdf:subject ?thing ; mig:evidence/oa:hasSelector/oa:exact ?phrase }}
  UNION {{ ?thing mig:evidence/oa:hasSelector/oa:exact ?phrase .
           FILTER NOT EXISTS {{ ?thing a mig:Claim }} }}
}} ORDER BY ?thing ?phrase"""


@dataclass
class Entry:
    """One thing: texts with their languages, phrases of evidence, and what it is filed under."""

    iri: str
    labels: list[tuple[str, str]] = field(default_factory=list)
    aliases: list[tuple[str, str]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    facets: dict[str, list[str]] = field(default_factory=dict)
    links: int = 0


def entries(release: Release, vocabulary: Vocabulary, facets: Mapping[str, str]) -> Iterator[Entry]:
    """An entry for each thing of the release that has a kind, in the order of the IRIs.

    ``facets`` are queries by name, with the variables ``thing`` and ``value``. What only supports
    facts (claims, evidence, paragraphs), the ontology and the shapes have no entries of their own.
    """
    around = _Around(release, vocabulary, facets)
    supporting = {str(t) for t in (vocabulary.claim, vocabulary.evidence, vocabulary.passage)}
    meta = tuple(f"{vocabulary.base_iri}graph/{name}/" for name in ("ontology", "shapes"))
    quads = (q for q in rdf_io.read_quads(release.store) if not _name(q.graph_name, meta))
    # Canonical N-Quads are sorted, so what is said of one thing stands together.
    for subject, said in groupby(quads, key=lambda quad: quad.subject):
        iri = getattr(subject, "value", "")
        if not isinstance(subject, rdf_io.NamedNode) or _is_part(iri, vocabulary.base_iri):
            continue
        entry = _entry(iri, said)
        kinds = entry.facets.get("kind", [])
        if kinds and supporting.isdisjoint(kinds):
            yield around.completed(entry)


def _name(graph: Any, starts: tuple[str, ...]) -> bool:  # noqa: ANN401 - the engine's term
    return str(getattr(graph, "value", "")).startswith(starts)


def _is_part(iri: str, base_iri: str) -> bool:
    """True for what belongs to another thing, such as the geometry of a place."""
    return iri.startswith(base_iri) and "#" in iri


def _entry(iri: str, quads: Iterable[rdf_io.Quad]) -> Entry:
    entry = Entry(iri)
    for quad in quads:
        predicate, value = quad.predicate.value, quad.object
        if predicate == _TYPE and isinstance(value, rdf_io.NamedNode):
            entry.facets.setdefault("kind", []).append(value.value)
        elif isinstance(value, rdf_io.Literal):
            _add_text(entry, predicate, value)
    return entry


def _add_text(entry: Entry, predicate: str, value: rdf_io.Literal) -> None:
    text = (value.value, value.language or "")
    if predicate in _LABELS:
        entry.labels.append(text)
    elif predicate in _ALIASES:
        entry.aliases.append(text)
    elif value.datatype.value in _TEXTS:
        entry.texts.append(text)


class _Around:
    """What other nodes say of a thing: phrases, facets, and how much leads to it."""

    def __init__(self, release: Release, vocabulary: Vocabulary, facets: Mapping[str, str]) -> None:
        store = ScratchStore(quad.triple for quad in rdf_io.read_quads(release.store))
        self._phrases: dict[str, list[str]] = {}
        for row in store.select(_PHRASES.format(terms=vocabulary.namespace)):
            self._phrases.setdefault(str(row["thing"]), []).append(str(row["phrase"]))
        self._facets: dict[str, dict[str, list[str]]] = {}
        for name, query in facets.items():
            values = self._facets.setdefault(name, {})
            for row in store.select(query):
                values.setdefault(str(row["thing"]), []).append(str(row["value"]))
        self._links = Counter(
            quad.object.value
            for quad in rdf_io.read_quads(release.store)
            if isinstance(quad.object, rdf_io.NamedNode)
        )

    def completed(self, entry: Entry) -> Entry:
        """The entry with what others say of its thing."""
        entry.phrases = self._phrases.get(entry.iri, [])
        entry.links = self._links[entry.iri]
        for name, values in self._facets.items():
            if entry.iri in values:
                entry.facets[name] = values[entry.iri]
        return entry
