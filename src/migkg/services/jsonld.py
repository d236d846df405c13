"""JSON-LD documents in the release's own context: the thing at the top, the rest inside it.

Each carries the part of the context that it uses, so that it can be read from a file and without a
second request. Source: JSON-LD 1.1, https://www.w3.org/TR/json-ld11/. The writer expands to the
very triples that it is given; a test holds that against other processors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rdflib.namespace import RDF, RDFS, SKOS, XSD

from migkg.engine.rdf_io import BlankNode, Literal, NamedNode, Triple
from migkg.services.context import ID, INCLUDED, TYPE, Context, Term

_TYPE, _SUBJECT = str(RDF.type), str(RDF.subject)
_STRING, _BOOLEAN = str(XSD.string), str(XSD.boolean)
_LABELS = frozenset((str(RDFS.label), str(SKOS.prefLabel)))
_WHOLE = frozenset(
    str(XSD[name])
    for name in ("integer", "int", "long", "short", "nonNegativeInteger", "positiveInteger")
)
_EXACT = 15  # figures of a number that every reader of JSON keeps

Node = NamedNode | BlankNode
Object = dict[str, Any]
_Facts = dict[str, list[Any]]


def framed(iri: str, triples: Iterable[Triple], context: Context) -> Object:
    """A thing's document: its facts under plain keys, its claims and their evidence nested.

    What a fact leads to is an object with its ``id`` and label. What the thing is not joined to
    stands under ``included``.
    """
    frame = _Frame(triples, context)
    document = frame.document(NamedNode(iri))
    return {"@context": context.part(frame.used), **document}


def flat(triples: Iterable[Triple], context: Context) -> Object:
    """A graph that is about many things alike: a list of them, by their IRIs."""
    frame = _Frame(triples, context)
    nodes = frame.nodes()
    return {"@context": context.part(frame.used), "@graph": nodes}


def embed(document: Mapping[str, Any]) -> str:
    """The document as text that is safe inside an HTML ``script`` element."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Frame:
    """The nodes of a graph. Each is written out once, and only named where it stands again, but
    for those that have only a label. ``used`` are the keys that were written."""

    def __init__(self, triples: Iterable[Triple], context: Context) -> None:
        self._context = context
        self._facts: dict[Any, _Facts] = {}
        for triple in triples:
            facts = self._facts.setdefault(triple.subject, {})
            facts.setdefault(triple.predicate.value, []).append(triple.object)
        self._written: set[Any] = set()
        self.used = {ID}

    def document(self, root: NamedNode) -> Object:
        """The node of the thing, with all others inside."""
        links = self._links_to(root)
        found = self._reference(root)
        for predicate in sorted(links, key=_SUBJECT.__eq__, reverse=True):  # the claims first
            inverse = self._term(predicate).inverse
            self.used.add(inverse)
            found[inverse] = [self._reference(subject) for subject in links[predicate]]
        rest = [self._reference(node) for node in self._facts if node not in self._written]
        if rest:
            self.used.add(INCLUDED)
            found[INCLUDED] = rest
        return found

    def nodes(self) -> list[Object]:
        """All nodes, one beside the other."""
        self._written.update(self._facts)
        return [self._node(node) for node in self._facts]

    def _links_to(self, root: NamedNode) -> _Facts:
        """What points to a thing, by the properties that have a key for the way back.

        It is taken away from the facts of the nodes that it comes from; of a claim about the
        thing, only that it is one.
        """
        links: _Facts = {}
        for node, facts in self._facts.items():
            is_claim = root in facts.get(_SUBJECT, ())
            for predicate, values in facts.items():
                if (
                    node != root
                    and root in values
                    and self._leads_back(predicate, is_claim=is_claim)
                ):
                    values.remove(root)
                    links.setdefault(predicate, []).append(node)
        return links

    def _leads_back(self, predicate: str, *, is_claim: bool) -> bool:
        return bool(self._term(predicate).inverse) and is_claim == (predicate == _SUBJECT)

    def _reference(self, node: Any) -> Object:  # noqa: ANN401 - any node
        facts = self._facts.get(node)
        if not facts or (node in self._written and not facts.keys() <= _LABELS):
            return {ID: _name(node)}
        self._written.add(node)
        return self._node(node)

    def _node(self, node: Any) -> Object:  # noqa: ANN401 - any node
        found: Object = {ID: _name(node)}
        facts = self._facts[node]
        if types := facts.get(_TYPE):
            self.used.add(TYPE)
            found[TYPE] = [self._class(value) for value in types]
        for predicate in sorted(facts, key=_LABELS.__contains__, reverse=True):
            if predicate != _TYPE:
                self._add(found, predicate, facts[predicate])
        return found

    def _class(self, value: Node) -> str:
        key = self._context.classes.get(value.value) or _name(value)
        self.used.add(key)
        return key

    def _term(self, predicate: str) -> Term:
        return self._context.terms.get(predicate) or Term(predicate)

    def _add(self, found: Object, predicate: str, values: list[Any]) -> None:
        term = self._term(predicate)
        self.used.add(term.key)
        if term.by_language:
            if texts := _by_language(values):
                found[term.key] = texts
            values = [value for value in values if not _is_text(value)]
            term = Term(predicate)
        written = [self._value(value, term) for value in values]
        if written:
            found[term.key] = written[0] if len(written) == 1 and not term.many else written

    def _value(self, value: Any, term: Term) -> Any:  # noqa: ANN401 - any term, any JSON
        return _literal(value, term) if isinstance(value, Literal) else self._reference(value)


def _name(node: Node) -> str:
    return f"_:{node.value}" if isinstance(node, BlankNode) else node.value


def _is_text(value: Any) -> bool:  # noqa: ANN401 - any term
    return isinstance(value, Literal) and bool(value.language or value.datatype.value == _STRING)


def _by_language(values: list[Any]) -> Object:
    """Texts by language: one, or a list of several."""
    texts: dict[str, list[str]] = {}
    for value in values:
        if _is_text(value):
            texts.setdefault(value.language or "@none", []).append(value.value)
    return {tag: found[0] if len(found) == 1 else found for tag, found in texts.items()}


def _literal(value: Literal, term: Term) -> Any:  # noqa: ANN401 - any JSON
    """A literal in as few signs as the definition of its key allows."""
    datatype = value.datatype.value
    if value.language:
        if value.language == term.language:
            return value.value
        return {"@value": value.value, "@language": value.language}
    if datatype == _STRING:
        return {"@value": value.value} if term.type or term.language else value.value
    if datatype == term.type:
        return _native(value.value, datatype)
    return {"@value": value.value, "@type": datatype}


def _native(text: str, datatype: str) -> str | int | bool:
    """A number or truth value of JSON where reading it gives the same text again."""
    if datatype == _BOOLEAN and text in ("true", "false"):
        return text == "true"
    if datatype in _WHOLE and len(text) <= _EXACT and re.fullmatch(r"0|-?[1-9]\d*", text, re.ASCII):
        return int(text)
    return text
