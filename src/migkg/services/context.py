"""The JSON-LD context, made from the ontology and the shapes: a plain key for every property.

Source: JSON-LD 1.1, section 3.1, https://www.w3.org/TR/json-ld11/#the-context.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from rdflib.namespace import RDF, RDFS, SH, SKOS, XSD

from migkg.engine import rdf_io
from migkg.services.schema import FOREIGN_LABELS, Schema

ID, TYPE, INCLUDED = "id", "type", "included"
_KEYWORDS = {ID: "@id", TYPE: "@type", INCLUDED: "@included"}
_CLAIMS = "claims"
_LANGUAGE = "en"
_BY_LANGUAGE = (str(RDFS.label), str(SKOS.prefLabel))
_NO_KEY = frozenset((str(RDF.type),))
_UNTYPED = frozenset((str(RDFS.Literal), str(XSD.string), str(RDF.langString)))
_VERSION = 16  # figures of the digest


@dataclass(frozen=True)
class Term:
    """A key of the context. ``type`` is that of its values: ``@id``, a datatype, or nothing.

    ``inverse`` is the key that leads from a value to what has it.
    """

    key: str
    inverse: str = ""
    type: str = ""
    language: str = ""
    by_language: bool = False
    many: bool = True

    def definition(self, iri: str) -> dict[str, str]:
        """What the context says of the key."""
        found = {"@id": iri}
        if self.type:
            found["@type"] = self.type
        if self.language:
            found["@language"] = self.language
        if self.by_language:
            found["@container"] = "@language"
        elif self.many:
            found["@container"] = "@set"
        return found


@dataclass(frozen=True)
class Context:
    """Keys for properties and classes, by their IRIs.

    Where a shape allows one value at most, the key holds it; any other key holds an array, and a
    label is an object with a text for each language. ``claims`` leads from a thing to the claims
    that are about it, and ``heldAtOf`` to what is ``heldAt`` it.
    """

    terms: Mapping[str, Term]
    classes: Mapping[str, str]
    document: Mapping[str, Any] = field(init=False)
    text: bytes = field(init=False)
    version: str = field(init=False)

    def __post_init__(self) -> None:
        content: dict[str, Any] = {"@version": 1.1, **_KEYWORDS}
        content |= {key: iri for iri, key in self.classes.items()}
        content |= {term.key: term.definition(iri) for iri, term in self.terms.items()}
        content |= {
            term.inverse: {"@reverse": iri, "@container": "@set"}
            for iri, term in self.terms.items()
            if term.inverse
        }
        text = json.dumps({"@context": content}, ensure_ascii=False, indent=1).encode()
        object.__setattr__(self, "document", content)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "version", sha256(text).hexdigest()[:_VERSION])

    def part(self, keys: Container[str]) -> dict[str, Any]:
        """What the context says of some of its keys, in its own order; others are passed over."""
        return {
            key: value for key, value in self.document.items() if key in keys or key.startswith("@")
        }

    @classmethod
    def of(cls, schema: Schema) -> Context:
        """The context of a release's ontology and shapes."""
        start = str(schema.vocabulary.namespace)
        classes = {iri: iri.removeprefix(start) for iri in schema.classes}
        taken = {*_KEYWORDS, *classes.values()}
        shapes = _Shapes(schema.graphs["shapes"])
        terms: dict[str, Term] = {}
        for iri in _properties(schema, shapes):
            key = iri.removeprefix(start) if iri.startswith(start) else _local_name(iri)
            if key and key not in taken and iri not in _NO_KEY:
                taken.add(key)
                terms[iri] = _term(iri, key, schema, shapes)
        return cls({iri: _with_inverse(iri, terms[iri], taken) for iri in terms}, classes)


class _Shapes:
    """What the shapes say of the values of a property."""

    def __init__(self, triples: Iterable[rdf_io.Triple]) -> None:
        nodes: dict[object, dict[str, str]] = {}
        for triple in triples:
            value = str(getattr(triple.object, "value", ""))
            nodes.setdefault(triple.subject, {})[triple.predicate.value] = value
        self._by_path: dict[str, list[dict[str, str]]] = {}
        for node in nodes.values():
            if path := node.get(str(SH.path)):
                self._by_path.setdefault(path, []).append(node)
        # The path of a rule may be a blank node: a path of several steps.
        self.paths = sorted(path for path in self._by_path if ":" in path)

    def single(self, iri: str) -> bool:
        return "1" in self._all(iri, str(SH.maxCount))

    def type(self, iri: str) -> str:
        kinds = self._all(iri, str(SH.nodeKind))
        if self._all(iri, str(SH["class"])) or kinds == {str(SH.IRI)}:
            return "@id"
        datatypes = self._all(iri, str(SH.datatype))
        return datatypes.pop() if len(datatypes) == 1 else ""

    def _all(self, iri: str, predicate: str) -> set[str]:
        return {node[predicate] for node in self._by_path.get(iri, ()) if predicate in node}


def _properties(schema: Schema, shapes: _Shapes) -> list[str]:
    """Those that have a key, the first in the list first."""
    return list(dict.fromkeys([*schema.properties, *FOREIGN_LABELS, *shapes.paths]))


def _local_name(iri: str) -> str:
    return iri.rpartition("#" if "#" in iri else "/")[2]


def _term(iri: str, key: str, schema: Schema, shapes: _Shapes) -> Term:
    if iri in _BY_LANGUAGE:
        return Term(key, by_language=True)
    value_range = schema.ranges.get(iri, "")
    value_type = "@id" if iri in schema.object_properties else shapes.type(iri)
    if not value_type and value_range.startswith(str(XSD)):
        value_type = value_range
    many = not shapes.single(iri) and iri not in schema.functional
    if value_range == str(RDF.langString):
        return Term(key, language=_LANGUAGE, many=many)
    return Term(key, type="" if value_type in _UNTYPED else value_type, many=many)


def _with_inverse(iri: str, term: Term, taken: set[str]) -> Term:
    """The term with a key for the way back, unless its values are texts or numbers."""
    inverse = _CLAIMS if iri == str(RDF.subject) else f"{term.key}Of"
    if term.by_language or term.language or term.type not in ("", "@id") or inverse in taken:
        return term
    taken.add(inverse)
    return replace(term, inverse=inverse)
