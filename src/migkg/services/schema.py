"""What a release says about its own terms: labels, prefixes, shapes, and the JSON-LD context."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from rdflib.namespace import DCTERMS, OWL, RDF, RDFS, SKOS, XSD

from migkg.engine import rdf_io
from migkg.engine.release import Release
from migkg.model.namespaces import OA, Vocabulary

_LANG_STRING = str(RDF.langString)
# Names for people of terms that other vocabularies define.
_FOREIGN_LABELS = {
    str(RDF.type): "kind",
    str(RDF.subject): "subject",
    str(RDF.predicate): "property",
    str(RDF.object): "value",
    str(RDFS.label): "label",
    str(RDFS.comment): "comment",
    str(SKOS.prefLabel): "label",
    str(SKOS.altLabel): "also called",
    str(SKOS.definition): "definition",
    str(SKOS.notation): "notation",
    str(SKOS.broader): "broader",
    str(SKOS.inScheme): "in scheme",
    str(SKOS.topConceptOf): "top of",
    str(SKOS.exactMatch): "the same elsewhere",
    str(SKOS.closeMatch): "close to, elsewhere",
    str(SKOS.broadMatch): "narrower than, elsewhere",
    str(SKOS.narrowMatch): "broader than, elsewhere",
    str(DCTERMS.source): "source",
    str(DCTERMS.license): "licence",
    str(DCTERMS.rights): "terms of use",
    str(DCTERMS.bibliographicCitation): "to be cited as",
    str(DCTERMS.issued): "issued",
    str(OA.hasSource): "in document",
    str(OA.hasSelector): "selector",
    "http://www.opengis.net/ont/geosparql#hasDefaultGeometry": "geometry",
}
_UNTYPED = {str(RDFS.Literal), str(XSD.string)}


class Schema:
    """The ontology and the shapes inside a dataset."""

    def __init__(
        self, quads: Iterable[rdf_io.Quad], prefixes: dict[str, str], vocabulary: Vocabulary
    ) -> None:
        self.vocabulary = vocabulary
        self.prefixes = prefixes
        self.graphs: dict[str, list[rdf_io.Triple]] = {"ontology": [], "shapes": []}
        for quad in quads:
            self._sort(quad)

    @classmethod
    def of(cls, release: Release, vocabulary: Vocabulary) -> Schema:
        """The schema inside a release."""
        graphs = (f"{vocabulary.base_iri}graph/{name}/" for name in ("ontology", "shapes"))
        return cls(rdf_io.read_graphs(release.store, *graphs), release.prefixes, vocabulary)

    def _sort(self, quad: rdf_io.Quad) -> None:
        name = str(getattr(quad.graph_name, "value", ""))
        tail = name.removeprefix(f"{self.vocabulary.base_iri}graph/").partition("/")[0]
        # The data itself stays with the engine; only the meta graphs are kept here.
        if tail in ("ontology", "shapes"):
            self.graphs[tail].append(quad.triple)

    def _values(self, *predicates: str) -> dict[str, str]:
        wanted = set(predicates)
        return {
            triple.subject.value: triple.object.value
            for triple in self.graphs["ontology"]
            if triple.predicate.value in wanted
            and isinstance(triple.subject, rdf_io.NamedNode)
            and isinstance(triple.object, (rdf_io.NamedNode, rdf_io.Literal))
        }

    @cached_property
    def labels(self) -> dict[str, str]:
        """Label of every term of the ontology, and of well-known terms elsewhere."""
        return {**_FOREIGN_LABELS, **self._values(str(RDFS.label))}

    @cached_property
    def definitions(self) -> dict[str, str]:
        """Definition of every term of the ontology."""
        return self._values(str(RDFS.comment), str(SKOS.definition))

    @cached_property
    def title(self) -> str:
        """The title of the ontology, which is that of the project."""
        return self._values(str(DCTERMS.title)).get(str(self.vocabulary.ontology), "")

    @property
    def dataset_title(self) -> str:
        """The title of the dataset: that of the ontology, without the word."""
        return self.title.removesuffix(" ontology")

    @cached_property
    def description(self) -> str:
        """The description of the ontology."""
        return self._values(str(DCTERMS.description)).get(str(self.vocabulary.ontology), "")

    @cached_property
    def licence(self) -> str:
        """The IRI of the licence of the ontology, which is that of the data too."""
        return self._values(str(DCTERMS.license)).get(str(self.vocabulary.ontology), "")

    @cached_property
    def creator(self) -> str:
        """Who made the ontology, and the data too."""
        return self._values(str(DCTERMS.creator)).get(str(self.vocabulary.ontology), "")

    @cached_property
    def modified(self) -> str:
        """When the ontology says that it was changed."""
        return self._values(str(DCTERMS.modified)).get(str(self.vocabulary.ontology), "")

    def _of_type(self, *types: str) -> set[str]:
        return {
            triple.subject.value
            for triple in self.graphs["ontology"]
            if triple.predicate.value == str(RDF.type)
            and isinstance(triple.object, rdf_io.NamedNode)
            and isinstance(triple.subject, rdf_io.NamedNode)
            and triple.object.value in types
        }

    def _own(self, terms: Iterable[str]) -> list[str]:
        start = str(self.vocabulary.namespace)
        return sorted(term for term in terms if term.startswith(start))

    @cached_property
    def classes(self) -> list[str]:
        """The ontology's own classes."""
        return self._own(self._of_type(str(OWL.Class), str(RDFS.Class)))

    @cached_property
    def properties(self) -> list[str]:
        """The ontology's own properties."""
        return self._own(
            self._of_type(
                str(OWL.ObjectProperty),
                str(OWL.DatatypeProperty),
                str(OWL.AnnotationProperty),
            )
        )

    @cached_property
    def context(self) -> dict[str, Any]:
        """The JSON-LD 1.1 context: prefixes, then a short name for every term of the ontology."""
        start = str(self.vocabulary.namespace)
        context: dict[str, Any] = {"@version": 1.1, **self.prefixes}
        context |= {
            "label": {"@id": str(RDFS.label), "@container": "@language"},
            "altLabel": {"@id": str(SKOS.altLabel), "@language": "en"},
            "exactMatch": {"@id": str(SKOS.exactMatch), "@type": "@id"},
            "closeMatch": {"@id": str(SKOS.closeMatch), "@type": "@id"},
            "subject": {"@id": str(RDF.subject), "@type": "@id"},
            "predicate": {"@id": str(RDF.predicate), "@type": "@id"},
            "object": {"@id": str(RDF.object)},
        }
        context |= {term.removeprefix(start): term for term in self.classes}
        objects = self._of_type(str(OWL.ObjectProperty))
        ranges = self._values(str(RDFS.range))
        for term in self.properties:
            context[term.removeprefix(start)] = _definition(
                term, is_object=term in objects, value_range=ranges.get(term, "")
            )
        return context


def _definition(term: str, *, is_object: bool, value_range: str) -> dict[str, str] | str:
    if is_object:
        return {"@id": term, "@type": "@id"}
    if value_range == _LANG_STRING:
        return {"@id": term, "@language": "en"}
    if value_range and value_range not in _UNTYPED and value_range.startswith(str(XSD)):
        return {"@id": term, "@type": value_range}
    return {"@id": term}
