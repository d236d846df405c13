"""Another engine as a place to write to: queries, updates and its graph store, by their protocols.

Sources: SPARQL 1.1 Protocol, https://www.w3.org/TR/sparql11-protocol/, and SPARQL 1.1 Graph Store
HTTP Protocol, https://www.w3.org/TR/sparql11-http-rdf-update/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from migkg.engine.http_client import HttpClient, Reply, checked_url
from migkg.engine.remote import kinds
from migkg.errors import BadFile, EngineUnavailable, PublishFailed
from migkg.model import formats

FORM = "application/x-www-form-urlencoded"
_UPDATE = "application/sparql-update"
_NTRIPLES = formats.NTRIPLES.media_type
_SHOWN = 300  # characters of what a server says

Term = dict[str, str]
Row = dict[str, Term]


@dataclass(frozen=True)
class Kind:
    """Where a kind of server has its three services, below the address that is given."""

    name: str
    query: str
    update: str
    store: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind("oxigraph", "/query", "/update", "/store"),
        Kind("virtuoso", "/sparql", "/sparql-auth", "/sparql-graph-crud-auth"),
        Kind("fuseki", "/query", "/update", "/data"),
        Kind("graphdb", "", "/statements", "/rdf-graphs/service"),
        Kind("generic", "", "", ""),
    )
}


@dataclass(frozen=True)
class Addresses:
    """The addresses of the three services of one server."""

    query: str
    update: str
    store: str

    @classmethod
    def of(cls, url: str, kind: Kind, *, update: str = "", store: str = "") -> Addresses:
        """Those of a kind, below its address; ``update`` and ``store`` win."""
        base = checked_url(url)
        if kind.query and base.endswith(kind.query):
            base = base.removesuffix(kind.query)
        if kind.name == "generic" and not (update and store):
            raise BadFile("A generic server needs --update and --store beside --to.")
        return cls(
            base + kind.query,
            checked_url(update or base + kind.update),
            checked_url(store or base + kind.store),
        )


def named_kind(name: str) -> Kind:
    """The kind of a name; raises :class:`BadFile` for none."""
    if name not in KINDS:
        raise BadFile(f"There is no kind {name}; take {', '.join(KINDS)}.")
    return KINDS[name]


def kind_of(url: str, client: HttpClient) -> Kind:
    """The kind of server at an address, by the fields of a reply."""
    kind = known_kind(client.send("GET", checked_url(url)))
    if kind is not None:
        return kind
    raise BadFile(f"{url} does not say what it is; give --kind, one of {', '.join(KINDS)}.")


def known_kind(reply: Reply) -> Kind | None:
    """The kind of server that a reply is from; None where it does not say."""
    found = kinds.of_fields(reply.headers)
    return None if found is kinds.GENERIC else KINDS.get(found.name)


class RdfServer:
    """One server; raises :class:`PublishFailed` where it refuses, with what it says."""

    def __init__(self, addresses: Addresses, client: HttpClient) -> None:
        self._at = addresses
        self._client = client

    def select(self, text: str) -> list[Row]:
        """The rows of a SELECT, which goes as a form: not every server takes it as the body."""
        reply = self._client.send(
            "POST",
            self._at.query,
            body=urlencode({"query": text}).encode(),
            headers={"Content-Type": FORM, "Accept": formats.JSON.media_type},
        )
        self._expect(reply, "a query", self._at.query)
        try:
            rows: list[Row] = json.loads(reply.body)["results"]["bindings"]
        except (ValueError, KeyError, TypeError):
            raise EngineUnavailable(f"{self._at.query} did not answer with results.") from None
        return rows

    def count(self, graph: str) -> int:
        """The number of triples in a graph; 0 if there is none."""
        rows = self.select(f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
        return int(rows[0]["n"]["value"])

    def classes(self, graph: str) -> dict[str, int]:
        """How many things of each class a graph has."""
        rows = self.select(
            f"SELECT ?c (COUNT(?s) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s a ?c }} }} GROUP BY ?c"
        )
        return {row["c"]["value"]: int(row["n"]["value"]) for row in rows}

    def update(self, text: str) -> None:
        """Does an update."""
        reply = self._client.send(
            "POST", self._at.update, body=text.encode(), headers={"Content-Type": _UPDATE}
        )
        self._expect(reply, "an update", self._at.update)

    def put(self, graph: str, data: bytes) -> None:
        """Replaces a graph by N-Triples."""
        self._write("PUT", graph, data)

    def add(self, graph: str, data: bytes) -> None:
        """Adds N-Triples to a graph."""
        self._write("POST", graph, data)

    def drop(self, graph: str) -> None:
        """Removes a graph, if it is there."""
        reply = self._client.send("DELETE", self._graph(graph))
        if reply.status != 404:
            self._expect(reply, "a graph to be removed", self._at.store)

    def read(self, graph: str, *, deadline: float) -> Iterator[bytes]:
        """A graph as N-Triples, in parts."""
        return self._client.stream(self._graph(graph), {"Accept": _NTRIPLES}, deadline=deadline)

    def _write(self, method: str, graph: str, data: bytes) -> None:
        headers = {"Content-Type": _NTRIPLES}
        reply = self._client.send(method, self._graph(graph), body=data, headers=headers)
        self._expect(reply, "a graph", self._at.store)

    def _graph(self, graph: str) -> str:
        return f"{self._at.store}?graph={quote(graph, safe='')}"

    def _expect(self, reply: Reply, what: str, url: str) -> None:
        if 200 <= reply.status < 300:
            return
        if reply.status in (401, 403):
            raise PublishFailed(
                f"{url} answered {what} with status {reply.status}: set MIGKG_PUBLISH_USER and "
                "MIGKG_PUBLISH_PASSWORD, or MIGKG_PUBLISH_TOKEN, to who may write there."
            )
        said = " ".join(reply.text.split())[:_SHOWN]
        raise PublishFailed(f"{url} answered {what} with status {reply.status}: {said}")


def iri(row: Row, name: str) -> str:
    """The value of a variable, empty if it has none."""
    found: dict[str, Any] = row.get(name, {})
    return str(found.get("value", ""))
