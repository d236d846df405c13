"""What a release says about its own terms: labels, prefixes, ranges and shapes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from rdflib.namespace import DCTERMS, OWL, RDF, RDFS, SKOS

from migkg.engine import rdf_io
from migkg.engine.release import Release
from migkg.model.namespaces import OA, Vocabulary

_GRAPHS = ("ontology", "shapes", "retired")
# Names for people of terms that other vocabularies define.
FOREIGN_LABELS = {
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


@dataclass(frozen=True)
class Retired:
    """An identifier that was given up: what took its place, and why."""

    successors: tuple[str, ...]
    reason: str


class Schema:
    """The ontology and the shapes inside a dataset, and the identifiers that were given up."""

    def __init__(
        self, quads: Iterable[rdf_io.Quad], prefixes: dict[str, str], vocabulary: Vocabulary
    ) -> None:
        self.vocabulary = vocabulary
        self.prefixes = prefixes
        self.graphs: dict[str, list[rdf_io.Triple]] = {name: [] for name in _GRAPHS}
        for quad in quads:
            self._sort(quad)

    @classmethod
    def of(cls, release: Release, vocabulary: Vocabulary) -> Schema:
        """The schema inside a release."""
        graphs = (f"{vocabulary.base_iri}graph/{name}" for name in _GRAPHS)
        return cls(rdf_io.read_graphs(release.store, *graphs), release.prefixes, vocabulary)

    def _sort(self, quad: rdf_io.Quad) -> None:
        name = str(getattr(quad.graph_name, "value", ""))
        tail = name.removeprefix(f"{self.vocabulary.base_iri}graph/").partition("/")[0]
        # The data itself stays with the engine; only the meta graphs are kept here.
        if tail in _GRAPHS:
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
        return {**FOREIGN_LABELS, **self._values(str(RDFS.label))}

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

    @property
    def dataset_description(self) -> str:
        """The description of the dataset: that of the ontology, without what only that has."""
        described = self.description.removeprefix("Classes and properties for ")
        return described[:1].upper() + described[1:]

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
    def retired(self) -> dict[str, Retired]:
        """The identifiers that were given up."""
        values: dict[str, dict[str, list[str]]] = {}
        for triple in self.graphs["retired"]:
            facts = values.setdefault(str(getattr(triple.subject, "value", "")), {})
            value = str(getattr(triple.object, "value", ""))
            facts.setdefault(triple.predicate.value, []).append(value)
        return {
            iri: Retired(
                tuple(sorted(facts.get(str(DCTERMS.isReplacedBy), ()))),
                " ".join(facts.get(str(SKOS.changeNote), ())),
            )
            for iri, facts in values.items()
            if str(OWL.deprecated) in facts
        }

    @cached_property
    def object_properties(self) -> set[str]:
        """The properties whose values are things."""
        return self._of_type(str(OWL.ObjectProperty))

    @cached_property
    def functional(self) -> set[str]:
        """The properties that have one value at most."""
        return self._of_type(str(OWL.FunctionalProperty))

    @cached_property
    def ranges(self) -> dict[str, str]:
        """The class or datatype of the values of each property that states it."""
        return self._values(str(RDFS.range))

    @cached_property
    def alignments(self) -> dict[str, list[str]]:
        """What each term of the ontology is, is a case of, or is close to."""
        return self._links(
            *(str(OWL.equivalentClass), str(OWL.equivalentProperty)),
            *(str(RDFS.subClassOf), str(RDFS.subPropertyOf)),
            *(str(SKOS.exactMatch), str(SKOS.closeMatch)),
        )

    @cached_property
    def broader(self) -> dict[str, list[str]]:
        """The classes and properties that each term of the ontology is a case of."""
        return self._links(str(RDFS.subClassOf), str(RDFS.subPropertyOf))

    def _links(self, *predicates: str) -> dict[str, list[str]]:
        """Terms by the terms that lead to them, those of the first predicate first."""
        found: dict[str, list[str]] = {}
        for predicate in predicates:
            for triple in self.graphs["ontology"]:
                if triple.predicate.value == predicate and isinstance(
                    triple.object, rdf_io.NamedNode
                ):
                    subject = str(getattr(triple.subject, "value", ""))
                    found.setdefault(subject, []).append(triple.object.value)
        return found
