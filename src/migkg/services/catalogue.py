"""What the release and its service say of themselves: VoID, DCAT and schema.org.

Sources: https://www.w3.org/TR/void/, https://www.w3.org/TR/vocab-dcat-3/ and
https://schema.org/Dataset.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migkg.engine.rdf_io import BlankNode, Literal, NamedNode, Triple
from migkg.engine.release import Release
from migkg.engine.statistics import Statistics
from migkg.model import formats
from migkg.model.formats import Format
from migkg.services import reifiers
from migkg.services.schema import Schema

PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "spdx": "http://spdx.org/rdf/terms#",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_IANA = "https://www.iana.org/assignments/media-types/"
_RDF12 = "https://www.w3.org/TR/rdf12-turtle/"
_PROTOCOL = "https://www.w3.org/TR/sparql11-protocol/"
# https://www.iana.org/assignments/media-types/
OTHERS = {".zip": "application/zip"}
PACKINGS = {".gz": "application/gzip", ".zst": "application/zstd"}
# https://www.w3.org/ns/formats/
FORMAT_IRIS = {
    formats.JSON: "SPARQL_Results_JSON",
    formats.XML: "SPARQL_Results_XML",
    formats.CSV: "SPARQL_Results_CSV",
    formats.TSV: "SPARQL_Results_TSV",
    formats.TURTLE: "Turtle",
    formats.JSONLD: "JSON-LD",
    formats.NTRIPLES: "N-Triples",
    formats.RDFXML: "RDF_XML",
    formats.TRIG: "TriG",
    formats.NQUADS: "N-Quads",
}


@dataclass(frozen=True)
class Distribution:
    """One file of the release that can be downloaded.

    ``conforms_to`` names a specification that its media type alone does not.
    ``format`` is None for what is not RDF; ``packing`` is the media type of what it is compressed
    with, empty if it is not.
    """

    name: str
    format: Format | None
    media_type: str
    packing: str
    size: int
    sha256: str
    conforms_to: str = ""


@dataclass(frozen=True)
class Catalogue:
    """One release described, at whatever address it is served.

    ``issued`` is when the release was put into service, in ISO 8601.
    """

    release: Release
    schema: Schema
    statistics: Statistics
    issued: str

    @property
    def dataset(self) -> str:
        """The IRI of the dataset, over all its releases."""
        return self.schema.vocabulary.base_iri + "dataset"

    @property
    def version(self) -> str:
        """The IRI of this release."""
        return f"{self.schema.vocabulary.base_iri}release/{self.release.id}"

    @property
    def title(self) -> str:
        """The title of the dataset, its IRI if it has none."""
        return self.schema.dataset_title or self.dataset

    def distributions(self) -> list[Distribution]:
        """Every dump, in the order of their names."""
        files = sorted(self.release.manifest["files"].items())
        return [
            found
            for name, record in files
            if name.startswith("dumps/")
            and (found := _distribution(name.removeprefix("dumps/"), record))
        ]

    def void(self, url: str) -> list[Triple]:
        """The dataset in VoID; ``url`` is where the service is."""
        return [*_Description(self, url).void()]

    def dcat(self, url: str) -> list[Triple]:
        """The catalogue in DCAT 3; ``url`` is where the service is."""
        return [*_Description(self, url).dcat()]

    def schema_org(self, url: str) -> dict[str, Any]:
        """The dataset as ``schema:Dataset``, in JSON-LD."""
        found: dict[str, Any] = {
            "@context": "https://schema.org/",
            "@type": "Dataset",
            "@id": self.dataset,
            "name": self.title,
            "description": self.schema.dataset_description,
            "identifier": self.version,
            "version": self.release.id,
            "dateModified": self.schema.modified,
            "url": f"{url}/",
            "isAccessibleForFree": True,
            "license": self.schema.licence,
            "size": f"{self.release.manifest['triples']} triples",
            "distribution": [_download(item, url) for item in self.distributions()],
        }
        if self.schema.creator:
            found["creator"] = {"@type": "Organization", "name": self.schema.creator}
        return {name: value for name, value in found.items() if value not in ("", [])}


def _download(item: Distribution, url: str) -> dict[str, str]:
    return {
        "@type": "DataDownload",
        "name": item.name,
        "contentUrl": f"{url}/dumps/{item.name}",
        "encodingFormat": item.packing or item.media_type,
        "contentSize": f"{item.size} B",
        "sha256": item.sha256,
    }


def _distribution(name: str, record: dict[str, Any]) -> Distribution | None:
    ending = Path(name).suffix
    packing = PACKINGS.get(ending, "")
    stem = name.removesuffix(ending) if packing else name
    chosen = formats.BY_EXTENSION.get(stem.rpartition(".")[2])
    media_type = chosen.media_type if chosen else OTHERS.get(ending)
    if media_type is None:
        return None
    conforms_to = _RDF12 if name == Path(reifiers.FILE).name else ""
    return Distribution(
        name, chosen, media_type, packing, record["bytes"], record["sha256"], conforms_to
    )


def _term(name: str) -> NamedNode:
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local)


Value = NamedNode | BlankNode | Literal


class _Description:
    """Writes the triples for one address of the service."""

    def __init__(self, catalogue: Catalogue, url: str) -> None:
        self._catalogue = catalogue
        self._schema = catalogue.schema
        self._url = url
        self._dataset = NamedNode(catalogue.dataset)
        self._version = NamedNode(catalogue.version)

    def _at(self, path: str) -> NamedNode:
        return NamedNode(f"{self._url}{path}")

    def _says(
        self, subject: NamedNode | BlankNode, *pairs: tuple[str, Value | None]
    ) -> Iterator[Triple]:
        for name, value in pairs:
            if value is not None:
                yield Triple(subject, _term(name), value)

    def _text(self, text: str) -> Literal | None:
        return Literal(text, language="en") if text else None

    def _issued(self) -> Literal:
        return Literal(self._catalogue.issued, datatype=_term("xsd:dateTime"))

    def _head(self) -> Iterator[Triple]:
        """What both descriptions say of the dataset and of its release."""
        licence = self._schema.licence
        creator = self._schema.creator
        yield from self._says(
            self._dataset,
            ("dcterms:title", self._text(self._catalogue.title)),
            ("dcterms:description", self._text(self._schema.dataset_description)),
            ("dcterms:license", NamedNode(licence) if licence else None),
            ("dcterms:creator", BlankNode("creator") if creator else None),
            ("dcterms:publisher", BlankNode("creator") if creator else None),
            ("dcterms:modified", self._issued()),
            ("foaf:homepage", self._at("/")),
            ("owl:versionInfo", Literal(self._catalogue.release.id)),
            ("dcat:hasCurrentVersion", self._version),
        )
        if creator:
            yield from self._says(
                BlankNode("creator"),
                ("rdf:type", _term("foaf:Agent")),
                ("foaf:name", Literal(creator)),
            )
        yield from self._says(
            self._version,
            ("rdf:type", _term("dcat:Dataset")),
            ("rdf:type", _term("void:Dataset")),
            ("dcat:isVersionOf", self._dataset),
            ("dcat:version", Literal(self._catalogue.release.id)),
            ("dcterms:issued", self._issued()),
            ("dcterms:title", self._text(self._catalogue.title)),
            ("dcterms:license", NamedNode(licence) if licence else None),
            ("dcat:landingPage", self._at(f"/releases/{self._catalogue.release.id}")),
        )

    def void(self) -> Iterator[Triple]:
        manifest, found = self._catalogue.release.manifest, self._catalogue.statistics
        document = self._at("/.well-known/void")
        yield from self._says(
            document,
            ("rdf:type", _term("void:DatasetDescription")),
            ("foaf:primaryTopic", self._dataset),
        )
        yield from self._head()
        yield from self._says(
            self._dataset,
            ("rdf:type", _term("void:Dataset")),
            ("void:sparqlEndpoint", self._at("/sparql")),
            ("void:uriSpace", Literal(self._schema.vocabulary.base_iri + "id/")),
            ("void:vocabulary", NamedNode(str(self._schema.vocabulary.namespace))),
            ("void:triples", Literal(manifest["triples"])),
        )
        for item in self._catalogue.distributions():
            if item.conforms_to or item.format is None:  # not what a reader of RDF 1.1 expects
                continue
            yield Triple(self._dataset, _term("void:dataDump"), self._at(f"/dumps/{item.name}"))
            if not item.packing:
                feature = NamedNode(f"http://www.w3.org/ns/formats/{FORMAT_IRIS[item.format]}")
                yield Triple(self._dataset, _term("void:feature"), feature)
        if found.properties:
            yield from self._counts(found)

    def _counts(self, found: Statistics) -> Iterator[Triple]:
        yield from self._says(
            self._dataset,
            ("void:distinctSubjects", Literal(found.subjects)),
            ("void:entities", Literal(found.entities)),
            ("void:classes", Literal(len(found.classes))),
            ("void:properties", Literal(len(found.properties))),
        )
        for iri in sorted(set(found.examples.values())):
            yield Triple(self._dataset, _term("void:exampleResource"), NamedNode(iri))
        for number, (iri, entities) in enumerate(found.classes.items()):
            part = BlankNode(f"class{number}")
            yield Triple(self._dataset, _term("void:classPartition"), part)
            yield from self._says(
                part, ("void:class", NamedNode(iri)), ("void:entities", Literal(entities))
            )
        for number, (iri, use) in enumerate(found.properties.items()):
            part = BlankNode(f"property{number}")
            yield Triple(self._dataset, _term("void:propertyPartition"), part)
            yield from self._says(
                part,
                ("void:property", NamedNode(iri)),
                ("void:triples", Literal(use.triples)),
                ("void:distinctSubjects", Literal(use.subjects)),
            )
        yield from self._linksets(found)

    def _linksets(self, found: Statistics) -> Iterator[Triple]:
        """Links to other datasets, which are known by where their identifiers begin."""
        targets = {target: f"target{n}" for n, target in enumerate(_targets(found))}
        for target, label in targets.items():
            yield from self._says(
                BlankNode(label),
                ("rdf:type", _term("void:Dataset")),
                ("void:uriSpace", Literal(target)),
            )
        for number, link in enumerate(found.links):
            linkset = BlankNode(f"linkset{number}")
            yield Triple(self._dataset, _term("void:subset"), linkset)
            yield from self._says(
                linkset,
                ("rdf:type", _term("void:Linkset")),
                ("void:linkPredicate", NamedNode(link.predicate)),
                ("void:subjectsTarget", self._dataset),
                ("void:objectsTarget", BlankNode(targets[link.target])),
                ("void:triples", Literal(link.triples)),
            )

    def dcat(self) -> Iterator[Triple]:
        catalogue = NamedNode(self._schema.vocabulary.base_iri + "catalog")
        service = self._at("/sparql")
        yield from self._head()
        yield from self._says(
            catalogue,
            ("rdf:type", _term("dcat:Catalog")),
            ("dcterms:title", self._text(self._catalogue.title)),
            ("dcterms:modified", self._issued()),
            ("foaf:homepage", self._at("/")),
            ("dcat:dataset", self._dataset),
            ("dcat:service", service),
        )
        yield from self._says(
            service,
            ("rdf:type", _term("dcat:DataService")),
            ("dcterms:title", self._text("SPARQL endpoint")),
            ("dcat:endpointURL", service),
            ("dcat:endpointDescription", self._at("/openapi.json")),
            ("dcterms:conformsTo", NamedNode(_PROTOCOL)),
            ("dcat:servesDataset", self._dataset),
        )
        yield Triple(self._dataset, _term("rdf:type"), _term("dcat:Dataset"))
        for item in self._catalogue.distributions():
            yield from self._distribution(item)

    def _distribution(self, item: Distribution) -> Iterator[Triple]:
        where = self._at(f"/dumps/{item.name}")
        file = NamedNode(f"{self._catalogue.version}#{item.name}")
        checksum = BlankNode(f"sum-{item.name.replace('.', '-')}")
        yield Triple(self._dataset, _term("dcat:distribution"), file)
        yield Triple(self._version, _term("dcat:distribution"), file)
        yield from self._says(
            file,
            ("rdf:type", _term("dcat:Distribution")),
            ("dcterms:title", Literal(item.name)),
            ("dcat:accessURL", self._at("/dumps/")),
            ("dcat:downloadURL", where),
            ("dcat:mediaType", NamedNode(_IANA + item.media_type)),
            ("dcterms:conformsTo", NamedNode(item.conforms_to) if item.conforms_to else None),
            ("dcat:compressFormat", NamedNode(_IANA + item.packing) if item.packing else None),
            ("dcat:byteSize", Literal(str(item.size), datatype=_term("xsd:nonNegativeInteger"))),
            ("spdx:checksum", checksum),
        )
        yield from self._says(
            checksum,
            ("rdf:type", _term("spdx:Checksum")),
            ("spdx:algorithm", _term("spdx:checksumAlgorithm_sha256")),
            ("spdx:checksumValue", Literal(item.sha256, datatype=_term("xsd:hexBinary"))),
        )


def _targets(found: Statistics) -> list[str]:
    return sorted({link.target for link in found.links})
