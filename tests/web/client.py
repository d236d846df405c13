"""A plain HTTP client for tests: what is written is what is sent, redirects are not followed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox

from tests.conftest import Service

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
MEDIA_TYPES = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "trig": "application/trig",
    "nq": "application/n-quads",
}
RESULTS = ("json", "xml", "csv", "tsv")
GRAPHS = ("ttl", "jsonld", "nt", "rdf", "trig", "nq")

Headers = dict[str, str] | Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def media_type(self) -> str:
        return self.headers.get_content_type()

    def json(self) -> Any:
        return json.loads(self.body)

    def problem(self, status: int, name: str) -> dict[str, Any]:
        """The problem document, which must be of this kind."""
        assert (self.status, self.media_type) == (status, "application/problem+json"), self.text
        problem = self.json()
        assert problem["type"] == f"/docs#{name}", problem
        assert problem["status"] == status
        return dict(problem)


def ask(
    service: Service,
    path: str,
    *,
    method: str = "GET",
    headers: Headers = (),
    body: bytes | None = None,
) -> Reply:
    """Sends one request; ``headers`` may repeat a name, and may set ``Host``."""
    pairs = list(headers.items() if isinstance(headers, dict) else headers)
    names = {name.lower() for name, _ in pairs}
    address = urlsplit(service.url)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=60)
    try:
        connection.putrequest(
            method, path, skip_host="host" in names, skip_accept_encoding="accept-encoding" in names
        )
        for name, value in pairs:
            connection.putheader(name, value)
        if body is not None and "transfer-encoding" not in names:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        with connection.getresponse() as response:
            return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def accept(name: str) -> dict[str, str]:
    """The header that asks for a format by its short name."""
    return {"Accept": MEDIA_TYPES[name]}


def sparql(
    service: Service,
    query: str,
    headers: Headers = (),
    *,
    method: str = "GET",
    **parameters: str | list[str],
) -> Reply:
    """The reply to a query in the query string."""
    pairs = {
        "query": query,
        **{name.replace("_", "-"): value for name, value in parameters.items()},
    }
    path = f"/sparql?{urlencode(pairs, doseq=True)}"
    return ask(service, path, method=method, headers=headers)


def triples(data: bytes | str, name: str) -> set[ox.Triple]:
    """The triples of a document, blank nodes named canonically, read by Oxigraph's parsers."""
    formats = {
        "ttl": ox.RdfFormat.TURTLE,
        "jsonld": ox.RdfFormat.JSON_LD,
        "nt": ox.RdfFormat.N_TRIPLES,
        "rdf": ox.RdfFormat.RDF_XML,
        "trig": ox.RdfFormat.TRIG,
        "nq": ox.RdfFormat.N_QUADS,
    }
    return canonical(quad.triple for quad in ox.parse(data, format=formats[name]))


def canonical(found: Iterable[ox.Triple]) -> set[ox.Triple]:
    """The triples, blank nodes named canonically."""
    graph = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in found)
    graph.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {quad.triple for quad in graph}
