"""Another engine as a place to write to: queries, updates and its graph store, by their protocols.

Sources: SPARQL 1.1 Protocol, https://www.w3.org/TR/sparql11-protocol/, and SPARQL 1.1 Graph Store
HTTP Protocol, https://www.w3.org/TR/sparql11-http-rdf-update/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from migkg.engine.http_client import HttpClient, Reply, checked_url
from migkg.engine.remote import kinds
from migkg.engine.remote.credentials import authorization
from migkg.errors import BadFile, EngineUnavailable, PublishFailed
from migkg.model import formats
from migkg.settings import Settings

FORM = "application/x-www-form-urlencoded"
_UPDATE = "application/sparql-update"
_NTRIPLES = formats.NTRIPLES.media_type
_SHOWN = 300  # characters of what a server says

_WRITER = (
    "set MIGKG_PUBLISH_USER and MIGKG_PUBLISH_PASSWORD, or MIGKG_PUBLISH_TOKEN, to who may write "
    "there."
)
_READER = "set MIGKG_ENGINE_CREDENTIALS to who may read there."
_MOVED = "give the address that it redirects to, {moved}."
_ADVICE = {  # by status, where more can be said than what the server says
    **dict.fromkeys((301, 302, 303, 307, 308), _MOVED),
    401: "{credentials}",
    403: "{credentials}",
    413: "it, or a proxy before it, must take bodies of {size} MiB (nginx: client_max_body_size).",
    429: "it wants fewer requests; run this again later, and it goes on. {said}",
    503: "it is busy or not ready; run this again later, and it goes on. {said}",
    507: "it has no room left. {said}",
}

Term = dict[str, str]
Row = dict[str, Term]


@dataclass(frozen=True)
class Kind:
    """Where a kind of server has its three services, below the address that is given.

    ``bulk`` is the parameter that makes its graph store load at once what is sent, and ``piece``
    are the bytes that it is sent at a time.
    """

    name: str
    query: str
    update: str
    store: str
    bulk: str = ""
    piece: int = 4 * 1024 * 1024


KINDS = {
    kind.name: kind
    for kind in (
        # Without a transaction it takes a third of the time, and larger pieces take less.
        Kind("oxigraph", "/query", "/update", "/store", "no_transaction", 16 * 1024 * 1024),
        Kind("virtuoso", "/sparql", "/sparql-auth", "/sparql-graph-crud-auth"),
        Kind("fuseki", "/query", "/update", "/data"),
        Kind("graphdb", "", "/statements", "/rdf-graphs/service"),
        Kind("generic", "", "", ""),
    )
}


@dataclass(frozen=True)
class Addresses:
    """The addresses of the three services of one server, and how its graph store loads."""

    query: str
    update: str
    store: str
    bulk: str = ""
    piece: int = KINDS["generic"].piece

    @classmethod
    def of(cls, url: str, kind: Kind, *, update: str = "", store: str = "") -> Addresses:
        """Those of a kind, below its address; ``update`` and ``store`` win."""
        base = checked_url(url)
        if kind.name != "generic":  # the place of all three, to which their paths are added
            base = base.rstrip("/")
        if kind.name != "generic" and "?" in base:
            raise BadFile("--to is the address of the server, without parameters.")
        if kind.query and base.endswith(kind.query):
            base = base.removesuffix(kind.query)
        if kind.name == "generic" and not (update and store):
            raise BadFile("A generic server needs --update and --store beside --to.")
        return cls(
            base + kind.query,
            checked_url(update or base + kind.update),
            checked_url(store or base + kind.store),
            kind.bulk,
            kind.piece,
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

    def __init__(
        self, addresses: Addresses, client: HttpClient, *, credentials: str = _WRITER
    ) -> None:
        self.url = addresses.query
        self.piece = addresses.piece
        self._at = addresses
        self._client = client
        self._credentials = credentials  # what to set where they are wanted

    def again(self, deadline: float | None = None) -> RdfServer:
        """The same server over connections of its own, for another thread."""
        again = self._client.again(deadline)
        return RdfServer(self._at, again, credentials=self._credentials)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

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
        return self.count_of(f"{{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")

    def count_of(self, pattern: str) -> int:
        """The number of solutions of a group."""
        return int(self.select(f"SELECT (COUNT(*) AS ?n) WHERE {pattern}")[0]["n"]["value"])

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

    def construct(self, pattern: str, *, deadline: float) -> Iterator[bytes]:
        """The triples of a group that has ``?s ?p ?o``, as N-Triples, in parts."""
        text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {pattern}"
        mark = "&" if "?" in self._at.query else "?"
        url = f"{self._at.query}{mark}query={quote(text, safe='')}"
        return self._client.stream(url, {"Accept": _NTRIPLES}, deadline=deadline)

    def _write(self, method: str, graph: str, data: bytes) -> None:
        headers = {"Content-Type": _NTRIPLES}
        bulk = f"&{self._at.bulk}" if self._at.bulk else ""
        url = self._graph(graph) + bulk
        reply = self._client.send(method, url, body=data, headers=headers)
        self._expect(reply, "a graph", self._at.store)

    def _graph(self, graph: str) -> str:
        return f"{self._at.store}?graph={quote(graph, safe='')}"

    def _expect(self, reply: Reply, what: str, url: str) -> None:
        """Raises :class:`PublishFailed` for a status that is no success (RFC 9110, 15.3)."""
        if 200 <= reply.status < 300:
            return
        said = " ".join(reply.text.split())[:_SHOWN] or "it gives no reason"
        advice = _ADVICE.get(reply.status, "{said}").format(
            said=said,
            moved=reply.headers.get("location", "which it does not name"),
            size=self.piece // 1024**2 or 1,
            credentials=self._credentials,
        )
        raise PublishFailed(f"{url} answered {what} with status {reply.status}: {advice}")


@contextmanager
def reading(
    settings: Settings, url: str, *, deadline: float, store: str = ""
) -> Iterator[RdfServer]:
    """A server that is only read from, with the credentials and certificates of the settings."""
    client = HttpClient(
        deadline=deadline,
        authorization=authorization(settings),
        ca_file=settings.engine_ca_file,
    )
    with closing(client):
        yield RdfServer(Addresses(url, "", store), client, credentials=_READER)


def iri(row: Row, name: str) -> str:
    """The value of a variable, empty if it has none."""
    found: dict[str, Any] = row.get(name, {})
    return str(found.get("value", ""))
