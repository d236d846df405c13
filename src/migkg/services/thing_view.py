"""A thing as a page shows it: its facts, the words behind them, and what points to it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rdflib.namespace import OWL, RDF, RDFS, SKOS

from migkg.engine.rdf_io import Literal, NamedNode, Triple
from migkg.model.messages import translatable
from migkg.model.namespaces import OA
from migkg.services.schema import Schema
from migkg.services.world_map import Position, read_point

_LABELS = (RDFS.label, SKOS.prefLabel)
_GEOMETRY = "http://www.opengis.net/ont/geosparql#hasDefaultGeometry"
_WKT = "http://www.opengis.net/ont/geosparql#asWKT"
_NAMES, _TEXTS = translatable("Names"), translatable("Description")
_FACTS, _ELSEWHERE = translatable("Facts"), translatable("Elsewhere")
_GROUPS = {
    _NAMES: frozenset(map(str, (RDFS.label, SKOS.prefLabel, SKOS.altLabel, SKOS.notation))),
    _TEXTS: frozenset(map(str, (RDFS.comment, SKOS.definition, SKOS.scopeNote))),
    _ELSEWHERE: frozenset(
        map(
            str,
            (
                SKOS.exactMatch,
                SKOS.closeMatch,
                SKOS.broadMatch,
                SKOS.narrowMatch,
                SKOS.relatedMatch,
                OWL.sameAs,
                RDFS.seeAlso,
            ),
        )
    ),
}
_OF_CLAIMS = (str(RDF.subject), str(RDF.object))


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
    speakers: tuple[str, ...] = ()


class _Label(NamedTuple):
    text: str
    language: str


@dataclass(frozen=True)
class Value:
    """One object of a fact, with the claims that state it; ``iri`` is empty for a literal.

    ``language`` is that of the literal or of the name of the thing, if it is known.
    """

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
    place: Position | None = None
    language: str = "en"

    @property
    def groups(self) -> dict[str, list[Facts]]:
        """The facts under their headings, in the order in which a page shows these."""
        return {
            name: found
            for name in (_NAMES, _TEXTS, _FACTS, _ELSEWHERE)
            if (found := [fact for fact in self.facts if _group(fact) == name])
        }


def _group(fact: Facts) -> str:
    """Under which heading a page shows a property."""
    return next((name for name, members in _GROUPS.items() if fact.property in members), _FACTS)


def describe(
    iri: str, triples: Iterable[Triple], schema: Schema, language: str = "en"
) -> Description:
    """The view of a thing in the triples of its document, with names in a language if it can be."""
    return _Reader(iri, triples, schema, language).description()


class _Reader:
    """Reads a thing's document into the view of a page."""

    def __init__(self, iri: str, triples: Iterable[Triple], schema: Schema, language: str) -> None:
        self._thing = NamedNode(iri)
        self._schema = schema
        self._terms = schema.vocabulary
        self._facts: dict[Any, dict[str, list[Any]]] = {}
        for triple in triples:
            facts = self._facts.setdefault(triple.subject, {})
            facts.setdefault(triple.predicate.value, []).append(triple.object)
        self._languages = (language, "en")
        self._labels: dict[Any, _Label] = {}
        self._statements = self._collect_statements()

    def description(self) -> Description:
        own = self._own_facts()
        title = self._title()
        types = tuple(v for f in own if f.property == str(RDF.type) for v in f.values)
        hidden = {str(RDF.type), str(self._terms.has_evidence), _GEOMETRY}
        return Description(
            iri=self._thing.value,
            label=title.text,
            language=title.language,
            types=types,
            facts=tuple(f for f in own if f.property not in hidden and not self._is_heading(f)),
            incoming=self._incoming(),
            quotes=self._words(),
            place=self._position(),
        )

    def _title(self) -> _Label:
        """The name of the thing, else the fact that it claims, else the words that it quotes."""
        if any(self._values(self._thing, predicate) for predicate in _LABELS):
            return self._named(self._thing)
        claim = [self._value(self._thing, p) for p in (RDF.subject, RDF.predicate, RDF.object)]
        if None not in claim:
            subject, predicate, value = map(self._shown_text, claim)
            return _Label(f"{subject}, {predicate}: {value}", "en")
        if self._values(self._thing, OA.hasSelector) and (quote := self._words()[0]).phrase:
            return _Label(f"“{quote.phrase}”", "en")
        return self._named(self._thing)

    def _shown_text(self, term: Any) -> str:  # noqa: ANN401 - any term
        return str(term.value) if isinstance(term, Literal) else self._label(term)

    def _words(self) -> tuple[Quote, ...]:
        """The words behind the thing, or the thing itself if it is words of a document."""
        if self._values(self._thing, OA.hasSelector):
            return (self._quote(self._thing),)
        return self._quotes(self._thing)

    def _is_heading(self, fact: Facts) -> bool:
        """True for a name that says only what the heading of the page says."""
        only = [value.text for value in fact.values] == [self._label(self._thing)]
        return only and fact.property == str(RDFS.label)

    def _position(self) -> Position | None:
        """Where the thing is, if it has the geometry of a point."""
        for geometry in self._values(self._thing, _GEOMETRY):
            for text in self._values(geometry, _WKT):
                if place := read_point(text.value):
                    return place
        return None

    def _values(self, node: Any, predicate: object) -> list[Any]:  # noqa: ANN401 - any node
        return self._facts.get(node, {}).get(str(predicate), [])

    def _value(self, node: Any, predicate: object) -> Any:  # noqa: ANN401 - any node, any term
        return next(iter(self._values(node, predicate)), None)

    def _label(self, node: Any) -> str:  # noqa: ANN401 - any node
        return self._named(node).text

    def _named(self, node: Any) -> _Label:  # noqa: ANN401 - any node
        if node not in self._labels:
            self._labels[node] = self._find_label(node)
        return self._labels[node]

    def _find_label(self, node: Any) -> _Label:  # noqa: ANN401 - any node
        """The name of a thing: in the language, in English, any, or the end of its IRI."""
        for predicate in _LABELS:
            texts = [v for v in self._values(node, predicate) if isinstance(v, Literal)]
            if texts:
                best = min(texts, key=lambda v: (self._place(v.language), v.value))
                return _Label(best.value, best.language or "")
        iri = str(node.value)
        known = self._schema.labels.get(iri)
        return _Label(
            known or re.split(r"[/#]", iri.rstrip("/#"))[-1] or iri, "en" if known else ""
        )

    def _place(self, language: str | None) -> int:
        """How much a language is wanted; less is more."""
        wanted = self._languages
        return wanted.index(language) if language in wanted else len(wanted)

    def _own_facts(self) -> tuple[Facts, ...]:
        own = self._facts.get(self._thing, {})
        held = [(p, value, True) for p, values in own.items() for value in values]
        said = [(p, v, False) for p, v in self._statements if v not in own.get(p, ())]
        by_property: dict[str, list[Value]] = {}
        for predicate, value, is_held in (*held, *said):
            found = self._shown(predicate, value, held=is_held)
            by_property.setdefault(predicate, []).append(found)
        facts = [
            Facts(p, self._label(NamedNode(p)), tuple(sorted(values, key=_by_text)))
            for p, values in by_property.items()
        ]
        return tuple(sorted(facts, key=lambda f: (f.label.lower(), f.property)))

    def _shown(self, predicate: str, value: Any, *, held: bool) -> Value:  # noqa: ANN401 - any term
        statements = tuple(self._statements.get((predicate, value), ()))
        if isinstance(value, NamedNode):
            name = self._named(value)
            return Value(name.text, value.value, name.language, statements, held)
        language = (value.language or "") if isinstance(value, Literal) else ""
        return Value(value.value, "", language, statements, held)

    def _incoming(self) -> tuple[Facts, ...]:
        groups: dict[str, list[Value]] = {}
        for subject, facts in self._facts.items():
            for predicate, values in facts.items():
                points_here = self._thing in values and predicate not in _OF_CLAIMS
                if points_here and subject != self._thing:
                    name = self._named(subject)
                    value = Value(name.text, subject.value, name.language)
                    groups.setdefault(predicate, []).append(value)
        return tuple(
            Facts(p, self._label(NamedNode(p)), tuple(sorted(values, key=_by_text)))
            for p, values in sorted(groups.items())
        )

    def _collect_statements(self) -> dict[tuple[str, Any], list[Statement]]:
        found: dict[tuple[str, Any], list[Statement]] = {}
        about = (n for n in self._facts if self._thing in self._values(n, RDF.subject))
        for claim in sorted(about, key=str):
            predicate = self._value(claim, RDF.predicate)
            value = self._value(claim, RDF.object)
            if isinstance(predicate, NamedNode) and value is not None:
                found.setdefault((predicate.value, value), []).append(self._statement(claim))
        return found

    def _statement(self, claim: Any) -> Statement:  # noqa: ANN401 - any node
        document = self._value(claim, self._terms.claimed_in)
        return Statement(
            iri=claim.value,
            document=document.value if document else "",
            document_label=self._label(document) if document else "",
            modality=self._code(claim, self._terms.modality),
            assessment=self._code(claim, self._terms.assessment),
            quotes=self._quotes(claim),
            speakers=tuple(map(self._label, self._values(claim, self._terms.stated_by))),
        )

    def _code(self, claim: Any, predicate: object) -> str:  # noqa: ANN401 - any node
        value = self._value(claim, predicate)
        return self._label(value) if value is not None else ""

    def _quotes(self, node: Any) -> tuple[Quote, ...]:  # noqa: ANN401 - any node
        evidence = sorted(self._values(node, self._terms.has_evidence), key=str)
        return tuple(self._quote(item) for item in evidence)

    def _quote(self, evidence: Any) -> Quote:  # noqa: ANN401 - any node
        values: dict[str, str] = {}
        for selector in self._values(evidence, OA.hasSelector):
            for name in ("exact", "prefix", "suffix", "start", "end"):
                value = self._value(selector, OA[name])
                if value is not None:
                    values[name] = value.value
        passage = self._value(evidence, self._terms.in_passage)
        return Quote(
            iri=evidence.value,
            phrase=values.get("exact", ""),
            before=values.get("prefix", ""),
            after=values.get("suffix", ""),
            passage=passage.value.rpartition("/")[2] if passage else "",
            start=int(values.get("start", "0")),
            end=int(values.get("end", "0")),
        )


def _by_text(value: Value) -> tuple[bool, str, str]:
    return not value.held, value.text.lower(), value.iri
