"""The description of one thing: its facts, the words behind them, and what points to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SKOS
from rdflib.term import Node

from migkg.engine import rdf_io
from migkg.engine.protocol import INTERNAL, Caller, Engine, Query
from migkg.engine.walk import INCOMING, START, Hop, Walk
from migkg.model import formats
from migkg.model.namespaces import OA
from migkg.model.sparql_text import Form
from migkg.services.schema import Schema

_FORBIDDEN = re.compile(r'[\x00-\x20<>"{}|^`\\]')
_LABELS = (RDFS.label, SKOS.prefLabel)
_GEOMETRY = "http://www.opengis.net/ont/geosparql#hasDefaultGeometry"
_DESCRIPTION = """
PREFIX mig: <{terms}>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
CONSTRUCT {{ ?s ?p ?o }} WHERE {{
  {{ {thing} ?p ?o . BIND({thing} AS ?s) }}
  UNION {{ ?s rdf:subject {thing} ; ?p ?o }}
  UNION {{ ?claim rdf:subject {thing} ; mig:evidence ?s . ?s ?p ?o }}
  UNION {{ ?claim rdf:subject {thing} ; mig:evidence/oa:hasSelector ?s . ?s ?p ?o }}
  UNION {{ {thing} mig:evidence ?s . ?s ?p ?o }}
  UNION {{ {thing} (mig:evidence/oa:hasSelector)|oa:hasSelector ?s . ?s ?p ?o }}
  UNION {{ {thing} <{geometry}> ?s . ?s ?p ?o }}
  UNION {{ {thing} ?link ?s . ?s ?p ?o . FILTER(?p = rdfs:label || ?p = skos:prefLabel) }}
  UNION {{ ?claim rdf:subject {thing} ; rdf:object|mig:claimedIn ?s . ?s ?p ?o .
           FILTER(?p = rdfs:label || ?p = skos:prefLabel) }}
  UNION {{ ?s ?p ?o {{ SELECT ?s ?p ({thing} AS ?o) WHERE {{ {incoming} }}
           ORDER BY ?p ?s LIMIT {limit} }} }}
  UNION {{ {{ SELECT DISTINCT ?s WHERE {{ {incoming} }} ORDER BY ?s LIMIT {limit} }}
           ?s ?p ?o . FILTER(?p = rdfs:label || ?p = skos:prefLabel) }}
}}"""
# A blank node, such as a place in a list of a shape, says nothing without what is around it.
_INCOMING = """?s ?p {thing} . FILTER(!isBlank(?s) &&
  ?p != rdf:subject && ?p != rdf:object && ?p != mig:claimedIn)"""


@dataclass(frozen=True)
class Quote:
    """The words that support a fact, and where they stand."""

    iri: str
    phrase: str
    before: str
    after: str
    passage: str
    start: int
    end: int


@dataclass(frozen=True)
class Statement:
    """One document's claim of a fact."""

    iri: str
    document: str
    document_label: str
    modality: str
    assessment: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class Value:
    """One object of a fact, with the claims that state it; ``iri`` is empty for a literal."""

    text: str
    iri: str = ""
    language: str = ""
    statements: tuple[Statement, ...] = ()
    held: bool = True


@dataclass(frozen=True)
class Facts:
    """All values of one property."""

    property: str
    label: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Description:
    """A thing as a page shows it."""

    iri: str
    label: str
    types: tuple[Value, ...]
    facts: tuple[Facts, ...]
    incoming: tuple[Facts, ...]
    quotes: tuple[Quote, ...] = field(default=())


def is_iri(text: str) -> bool:
    """True if the text can stand between angle brackets in a query."""
    return bool(text) and not _FORBIDDEN.search(text)


class LinkedData:
    """Describes things from what an engine answers."""

    def __init__(self, engine: Engine, schema: Schema, *, limit: int) -> None:
        self._engine = engine
        self._schema = schema
        self._limit = limit

    async def triples(self, iri: str, caller: Caller = INTERNAL) -> list[rdf_io.Triple]:
        """The triples of a thing's document; empty if the release says nothing of it."""
        try:
            thing_node = rdf_io.NamedNode(iri)
        except ValueError:  # relative, or no IRI at all
            return []
        if not is_iri(iri):
            return []
        thing = f"<{iri}>"
        text = _DESCRIPTION.format(
            terms=self._schema.vocabulary.namespace,
            thing=thing,
            geometry=_GEOMETRY,
            incoming=_INCOMING.format(thing=thing),
            limit=self._limit,
        )
        query = Query(text=text, form=Form.CONSTRUCT, format=formats.NTRIPLES, walk=self._walk(iri))
        data = (await self._engine.answer(query, caller)).read()
        found = rdf_io.canonical_triples(rdf_io.parse_triples(data, formats.NTRIPLES))
        return found if any(thing_node in (t.subject, t.object) for t in found) else []

    def _walk(self, iri: str) -> Walk:
        """The same as the query, by lookups."""
        terms = self._schema.vocabulary
        evidence, selector = str(terms.has_evidence), str(OA.hasSelector)
        hops = (
            Hop(START, str(RDF.subject), "claims", inverse=True),
            Hop("claims", evidence, "evidence"),
            Hop(START, evidence, "evidence"),
            Hop("evidence", selector, "selectors"),
            Hop(START, selector, "selectors"),
            Hop(START, _GEOMETRY, "geometry"),
            Hop(START, "", "mentioned"),
            Hop("claims", str(RDF.object), "mentioned"),
            Hop("claims", str(terms.claimed_in), "mentioned"),
        )
        return Walk(
            start=iri,
            hops=hops,
            whole=(START, "claims", "evidence", "selectors", "geometry"),
            named=("mentioned", INCOMING),
            labels=tuple(str(label) for label in _LABELS),
            passed_by=(str(RDF.subject), str(RDF.object), str(terms.claimed_in)),
            limit=self._limit,
        )

    def describe(self, iri: str, graph: Graph) -> Description:
        """The page's view of a document made by :meth:`triples`."""
        return _Reader(iri, graph, self._schema).description()


class _Reader:
    """Reads a thing's document into the view of a page."""

    def __init__(self, iri: str, graph: Graph, schema: Schema) -> None:
        self._thing = URIRef(iri)
        self._graph = graph
        self._schema = schema
        self._terms = schema.vocabulary
        self._statements = self._collect_statements()

    def description(self) -> Description:
        own = self._own_facts()
        types = tuple(v for f in own if f.property == str(RDF.type) for v in f.values)
        hidden = {str(RDF.type), str(RDFS.label), str(self._terms.has_evidence)}
        return Description(
            iri=str(self._thing),
            label=self.label(self._thing),
            types=types,
            facts=tuple(f for f in own if f.property not in hidden),
            incoming=self._incoming(),
            quotes=tuple(
                self._quote(node)
                for node in sorted(
                    self._graph.objects(self._thing, self._terms.has_evidence), key=str
                )
            ),
        )

    def label(self, node: Node) -> str:
        """The name of a thing: its English label, any label, or the end of its IRI."""
        for predicate in _LABELS:
            labels = sorted(
                (v for v in self._graph.objects(node, predicate) if isinstance(v, Literal)),
                key=lambda v: (v.language != "en", str(v)),
            )
            if labels:
                return str(labels[0])
        known = self._schema.labels.get(str(node))
        return known or re.split(r"[/#]", str(node).rstrip("/#"))[-1] or str(node)

    def _own_facts(self) -> tuple[Facts, ...]:
        pairs = set(self._graph.predicate_objects(self._thing))
        stated = {(p, o) for p, o in self._statements}
        by_property: dict[Node, list[tuple[Node, bool]]] = {}
        for predicate, value in pairs | stated:
            held = (predicate, value) in pairs
            by_property.setdefault(predicate, []).append((value, held))
        facts = [
            Facts(str(p), self.label(p), tuple(self._values(p, values)))
            for p, values in by_property.items()
        ]
        return tuple(sorted(facts, key=lambda f: (f.label.lower(), f.property)))

    def _values(self, predicate: Node, values: list[tuple[Node, bool]]) -> list[Value]:
        found = [self._value(predicate, value, held=held) for value, held in values]
        return sorted(found, key=lambda v: (not v.held, v.text.lower(), v.iri))

    def _value(self, predicate: Node, value: Node, *, held: bool) -> Value:
        statements = tuple(self._statements.get((predicate, value), ()))
        if isinstance(value, URIRef):
            return Value(self.label(value), str(value), "", statements, held)
        language = (value.language or "") if isinstance(value, Literal) else ""
        return Value(str(value), "", language, statements, held)

    def _incoming(self) -> tuple[Facts, ...]:
        groups: dict[Node, list[Value]] = {}
        for subject, predicate in self._graph.subject_predicates(self._thing):
            if predicate not in (RDF.subject, RDF.object) and subject != self._thing:
                groups.setdefault(predicate, []).append(Value(self.label(subject), str(subject)))
        return tuple(
            Facts(str(p), self.label(p), tuple(sorted(v, key=lambda x: (x.text.lower(), x.iri))))
            for p, v in sorted(groups.items())
        )

    def _collect_statements(self) -> dict[tuple[Node, Node], list[Statement]]:
        found: dict[tuple[Node, Node], list[Statement]] = {}
        for claim in sorted(self._graph.subjects(RDF.subject, self._thing), key=str):
            predicate = self._graph.value(claim, RDF.predicate)
            value = self._graph.value(claim, RDF.object)
            if predicate is not None and value is not None:
                found.setdefault((predicate, value), []).append(self._statement(claim))
        return found

    def _statement(self, claim: Node) -> Statement:
        document = self._graph.value(claim, self._terms.claimed_in)
        return Statement(
            iri=str(claim),
            document=str(document or ""),
            document_label=self.label(document) if document else "",
            modality=self._code(claim, self._terms.modality),
            assessment=self._code(claim, self._terms.assessment),
            quotes=tuple(
                self._quote(node)
                for node in sorted(self._graph.objects(claim, self._terms.has_evidence), key=str)
            ),
        )

    def _code(self, claim: Node, predicate: Node) -> str:
        value = self._graph.value(claim, predicate)
        return self.label(value) if value is not None else ""

    def _quote(self, evidence: Node) -> Quote:
        values: dict[str, str] = {}
        for selector in self._graph.objects(evidence, OA.hasSelector):
            for name in ("exact", "prefix", "suffix", "start", "end"):
                value = self._graph.value(selector, OA[name])
                if value is not None:
                    values[name] = str(value)
        passage = self._graph.value(evidence, self._terms.in_passage)
        return Quote(
            iri=str(evidence),
            phrase=values.get("exact", ""),
            before=values.get("prefix", ""),
            after=values.get("suffix", ""),
            passage=str(passage or "").rpartition("/")[2],
            start=int(values.get("start", "0")),
            end=int(values.get("end", "0")),
        )
