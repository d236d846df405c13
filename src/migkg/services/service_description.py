"""What the endpoint says of itself.

Source: SPARQL 1.1 Service Description, https://www.w3.org/TR/sparql11-service-description/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rdflib.namespace import RDF, RDFS

from migkg.engine.rdf_io import BlankNode, Literal, NamedNode, Triple
from migkg.engine.release import Release
from migkg.services.catalogue import FORMAT_IRIS

_SD = "http://www.w3.org/ns/sparql-service-description#"
_VOID = "http://rdfs.org/ns/void#"


def _sd(name: str) -> NamedNode:
    return NamedNode(_SD + name)


def triples(
    endpoint: str, release: Release, limits: str, *, languages: Iterable[str]
) -> list[Triple]:
    """The description of the endpoint, of the dataset behind it, and where its limits stand."""
    return [
        *_service(NamedNode(endpoint), release),
        *(
            Triple(NamedNode(endpoint), _sd("supportedLanguage"), _sd(language))
            for language in languages
        ),
        Triple(NamedNode(endpoint), NamedNode(str(RDFS.seeAlso)), NamedNode(limits)),
        Triple(
            NamedNode(limits),
            NamedNode(str(RDFS.label)),
            Literal("Limits on queries and answers", language="en"),
        ),
    ]


def _service(service: NamedNode, release: Release) -> Iterator[Triple]:
    a = NamedNode(str(RDF.type))
    data, default = BlankNode("dataset"), BlankNode("default")
    yield Triple(service, a, _sd("Service"))
    yield Triple(service, _sd("endpoint"), service)
    yield Triple(service, _sd("feature"), _sd("UnionDefaultGraph"))
    for name in FORMAT_IRIS.values():
        format_iri = NamedNode(f"http://www.w3.org/ns/formats/{name}")
        yield Triple(service, _sd("resultFormat"), format_iri)
    yield Triple(service, _sd("defaultDataset"), data)
    yield Triple(data, a, _sd("Dataset"))
    yield Triple(data, _sd("defaultGraph"), default)
    yield Triple(default, a, _sd("Graph"))
    yield Triple(default, NamedNode(_VOID + "triples"), Literal(release.manifest["triples"]))
    for number, (name, count) in enumerate(release.manifest["graphs"].items()):
        named, graph = BlankNode(f"named{number}"), BlankNode(f"graph{number}")
        yield Triple(data, _sd("namedGraph"), named)
        yield Triple(named, a, _sd("NamedGraph"))
        yield Triple(named, _sd("name"), NamedNode(name))
        yield Triple(named, _sd("graph"), graph)
        yield Triple(graph, a, _sd("Graph"))
        yield Triple(graph, NamedNode(_VOID + "triples"), Literal(count))
