"""The document of a thing: its facts, the words behind them, and what points to it."""

from __future__ import annotations

from dataclasses import dataclass

from rdflib.namespace import RDF, RDFS, SKOS

from migkg.engine import rdf_io
from migkg.engine.protocol import INTERNAL, Caller, Engine, Query
from migkg.engine.walk import INCOMING, START, Hop, Walk
from migkg.model import formats
from migkg.model.namespaces import OA
from migkg.model.sparql_text import Form
from migkg.services import schema_org
from migkg.services.profiles import EVIDENCE, SCHEMA_ORG, Profile
from migkg.services.schema import Schema

_LABELS = (RDFS.label, SKOS.prefLabel)
_GEOMETRY = "http://www.opengis.net/ont/geosparql#hasDefaultGeometry"
_QUERY = """
PREFIX mig: <{terms}>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {parts} }}"""
_ONLY_LABELS = "FILTER(?p = rdfs:label || ?p = skos:prefLabel)"
_FACTS = f"""
  {{{{ {{thing}} ?p ?o . BIND({{thing}} AS ?s) }}}}
  UNION {{{{ {{thing}} <{_GEOMETRY}> ?s . ?s ?p ?o }}}}
  UNION {{{{ {{thing}} ?link ?s . ?s ?p ?o . {_ONLY_LABELS} }}}}"""
_WORDS = f"""
  UNION {{{{ ?s rdf:subject {{thing}} ; ?p ?o }}}}
  UNION {{{{ ?claim rdf:subject {{thing}} ; mig:evidence ?s . ?s ?p ?o }}}}
  UNION {{{{ ?claim rdf:subject {{thing}} ; mig:evidence/oa:hasSelector ?s . ?s ?p ?o }}}}
  UNION {{{{ {{thing}} mig:evidence ?s . ?s ?p ?o }}}}
  UNION {{{{ {{thing}} (mig:evidence/oa:hasSelector)|oa:hasSelector ?s . ?s ?p ?o }}}}
  UNION {{{{ ?claim rdf:subject {{thing}} ; ?link ?s . ?s ?p ?o . {_ONLY_LABELS} }}}}"""
_NAME = f"{{{{ {{thing}} ?p ?o . BIND({{thing}} AS ?s) . {_ONLY_LABELS} }}}}"
# A blank node, such as a place in a list of a shape, says nothing without what is around it.
_POINTING = """SELECT DISTINCT ?s ?p {bound} WHERE {{ ?s ?p {thing} . FILTER(!isBlank(?s) &&
    ?p NOT IN (rdf:subject, rdf:object, mig:claimedIn)) }}
    ORDER BY ?p ?s LIMIT {limit} OFFSET {offset}"""
_KNOWN = """
PREFIX mig: <{terms}>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
ASK {{ {{ {thing} ?p ?o }} UNION {{ ?s rdf:subject {thing} }}
  UNION {{ ?s ?p {thing} . FILTER(!isBlank(?s) && ?p NOT IN (rdf:object, mig:claimedIn)) }} }}"""
_INCOMING = f"""
  UNION {{{{ {{pointing}} }}}}
  UNION {{{{ {{{{ SELECT DISTINCT ?s WHERE {{{{ {{{{ {{sources}} }}}} }}}} }}}}
           ?s ?p ?o . {_ONLY_LABELS} }}}}"""


@dataclass(frozen=True)
class Document:
    """What is said of a thing; ``more`` says that more points to it, on the next page."""

    iri: str
    profile: Profile
    page: int
    triples: list[rdf_io.Triple]
    more: bool = False

    def values(self, predicate: str) -> list[str]:
        """What the thing has for a property, IRIs and texts alike."""
        return [
            getattr(triple.object, "value", "")
            for triple in self.triples
            if triple.predicate.value == predicate
            and getattr(triple.subject, "value", "") == self.iri
        ]


class LinkedData:
    """Makes the documents of things from what an engine answers."""

    def __init__(self, engine: Engine, schema: Schema, *, limit: int) -> None:
        self._engine = engine
        self._schema = schema
        self._limit = limit
        terms = schema.vocabulary
        self._passed_by = (str(RDF.subject), str(RDF.object), str(terms.claimed_in))

    async def knows(self, iri: str, caller: Caller = INTERNAL) -> bool:
        """True if there is a document of the thing."""
        if rdf_io.named_node(iri) is None:
            return False
        text = _KNOWN.format(terms=self._schema.vocabulary.namespace, thing=f"<{iri}>")
        query = Query(text=text, form=Form.ASK, format=formats.CSV)
        return (await self._engine.answer(query, caller)).read().strip() == b"true"

    async def document(
        self,
        iri: str,
        profile: Profile = EVIDENCE,
        *,
        page: int = 1,
        caller: Caller = INTERNAL,
    ) -> Document | None:
        """The document of a thing; None if the release says nothing of it.

        What points to the thing is divided into pages; all but the first hold nothing else.
        """
        thing = rdf_io.named_node(iri)
        if thing is None or (page > 1 and profile is not EVIDENCE):
            return None
        query = self._query(iri, profile, page)
        found = rdf_io.parse_lines((await self._engine.answer(query, caller)).read())
        pointing = sorted((t for t in found if self._points_to(thing, t)), key=_by_property)
        if not pointing and (page > 1 or all(thing not in (t.subject, t.object) for t in found)):
            return None
        more = len(pointing) > self._limit
        if more:
            found = _without(found, pointing[self._limit])
        if profile is SCHEMA_ORG:
            found = schema_org.translated(thing, found, self._schema)
        own_first = sorted(found, key=lambda triple: triple.subject != thing)
        return Document(iri, profile, page, own_first, more)

    def query_text(self, iri: str, page: int) -> str:
        """The SPARQL query that gives the same as the document of a thing."""
        return self._query(iri, EVIDENCE, page).text

    def _points_to(self, thing: rdf_io.NamedNode, triple: rdf_io.Triple) -> bool:
        return triple.object == thing and triple.predicate.value not in self._passed_by

    def _query(self, iri: str, profile: Profile, page: int) -> Query:
        """The query for a page, and the walk that gives the same.

        It asks for one more of what points to the thing than a page has, to see if there is more.
        """
        offset = self._limit * (page - 1)
        parts = _NAME if page > 1 else _FACTS
        if profile is EVIDENCE:
            parts += _INCOMING if page > 1 else _WORDS + _INCOMING
        values = {"thing": f"<{iri}>", "limit": self._limit + 1, "offset": offset}
        text = _QUERY.format(
            terms=self._schema.vocabulary.namespace,
            parts=parts.format(
                **values,
                pointing=_POINTING.format(bound=f"(<{iri}> AS ?o)", **values),
                sources=_POINTING.format(bound="", **values),
            ),
        )
        walk = self._walk(iri, profile, page, offset)
        return Query(text=text, form=Form.CONSTRUCT, format=formats.NTRIPLES, walk=walk)

    def _walk(self, iri: str, profile: Profile, page: int, offset: int) -> Walk:
        first = page == 1
        words = profile is EVIDENCE
        whole = (START, "geometry", *(("claims", "evidence", "selectors") if words else ()))
        return Walk(
            start=iri,
            hops=self._hops(words=words) if first else (),
            whole=whole if first else (),
            named=("mentioned" if first else START, INCOMING),
            labels=tuple(str(label) for label in _LABELS),
            passed_by=self._passed_by,
            offset=offset,
            limit=self._limit + 1 if profile is EVIDENCE else 0,
        )

    def _hops(self, *, words: bool) -> tuple[Hop, ...]:
        evidence = str(self._schema.vocabulary.has_evidence)
        selector = str(OA.hasSelector)
        facts = (Hop(START, _GEOMETRY, "geometry"), Hop(START, "", "mentioned"))
        if not words:
            return facts
        return (
            *facts,
            Hop(START, str(RDF.subject), "claims", inverse=True),
            Hop("claims", evidence, "evidence"),
            Hop(START, evidence, "evidence"),
            Hop("evidence", selector, "selectors"),
            Hop(START, selector, "selectors"),
            Hop("claims", "", "mentioned"),
        )


def _by_property(link: rdf_io.Triple) -> tuple[str, str]:
    return link.predicate.value, getattr(link.subject, "value", "")


def _without(triples: list[rdf_io.Triple], link: rdf_io.Triple) -> list[rdf_io.Triple]:
    """The triples without a link to the thing, and without the label that came with it.

    A link that is part of the words behind a fact stays.
    """
    of_subject = [t for t in triples if t.subject == link.subject and t != link]
    others = [t for t in of_subject if t.predicate.value not in map(str, _LABELS)]
    if any(triple.object != link.object for triple in others):
        return triples
    is_named = bool(others) or any(triple.object == link.subject for triple in triples)
    dropped = {link} if is_named else {link, *of_subject}
    return [triple for triple in triples if triple not in dropped]
