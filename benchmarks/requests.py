"""A workload as requests to one system, and whether the system answers it rightly."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import pyoxigraph as ox

from benchmarks import graph, workloads
from benchmarks.place import Dataset
from benchmarks.systems import Running
from benchmarks.workloads import UNIQUE, Workload

_TIMEOUT = 120.0
_SAMPLES = 5
_PATIENCE = 3.0  # seconds; then no further answer is looked at
_UNIQUE_START = 900_000_000  # above all numbers of the measurements
_RDF = {
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "text/ntriples": ox.RdfFormat.N_TRIPLES,
    "text/plain": ox.RdfFormat.N_TRIPLES,
    "text/turtle": ox.RdfFormat.TURTLE,
}
_TRIPLES = f"{workloads.TRIPLES}, text/plain;q=0.8, text/turtle;q=0.5"


@dataclass(frozen=True)
class Requests:
    """The paths of a workload on one system, asked in turn, and their headers."""

    paths: Sequence[str]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What came back, and after how many seconds."""

    status: int
    media_type: str
    etag: str
    body: bytes
    seconds: float


class Wrong(Exception):
    """A system's answer is not the right one."""


def get(url: str, headers: dict[str, str]) -> Reply:
    """One request; a status of failure is a reply like any other."""
    begin = time.monotonic()
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            body, status, found = response.read(), response.status, response.headers
    except urllib.error.HTTPError as error:
        with error:
            body, status, found = error.read(), error.code, error.headers
    media_type = found.get_content_type()
    return Reply(status, media_type, found.get("ETag", ""), body, time.monotonic() - begin)


def requests_for(system: Running, workload: Workload) -> Requests | None:
    """The requests of a workload; None where a system has nothing like it."""
    if (system.sparql is None) != (workload.name == workloads.HELLO):
        return None
    if system.sparql is None:
        return Requests(["/"])
    accept = {"Accept": _TRIPLES if workload.accept == workloads.TRIPLES else workload.accept}
    if workload.name == workloads.NOT_MODIFIED:
        return _conditional(system, workload, accept)
    if workload.name == workloads.DESCRIPTION and system.linked_data:
        start = f"{graph.BASE}id/"
        return Requests([f"/data/{iri.removeprefix(start)}" for iri in workload.about], accept)
    return Requests([_query_path(system, text) for text in workload.queries], accept)


def _query_path(system: Running, text: str) -> str:
    return f"{system.sparql}?query={quote(text, safe='@')}"


def _conditional(system: Running, workload: Workload, accept: dict[str, str]) -> Requests | None:
    """The repeated query with its validator, else that of a description; None without any."""
    paths = [_query_path(system, workload.queries[0])]
    if system.linked_data:
        thing = graph.thing(0).removeprefix(f"{graph.BASE}id/")
        paths.append(f"/data/{thing}")
    for path in paths:
        headers = accept if "?" in path else {"Accept": workloads.TRIPLES}
        if etag := get(system.url + path, headers).etag:
            return Requests([path], {**headers, "If-None-Match": etag})
    return None


class Expected:
    """What the answers must be, by the engine's library on the same file."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._known: dict[tuple[str, int], int] = {}

    @classmethod
    def of(cls, data: Dataset) -> Expected:
        """The expectations of a dataset."""
        store = ox.Store()
        store.bulk_load(path=str(data.nquads), format=ox.RdfFormat.N_QUADS)
        return cls(store)

    def rows(self, workload: Workload, which: int) -> int:
        """Rows, triples, or 1 for a true ``ASK``, of one query of a workload."""
        key = (workload.name, which)
        if key not in self._known:
            self._known[key] = self._count(workload, which)
        return self._known[key]

    def _count(self, workload: Workload, which: int) -> int:
        if workload.about:
            return len(self._own(workload.about[which]))
        text = workload.queries[which].replace(UNIQUE, str(_UNIQUE_START))
        result = self._store.query(text, use_default_graph_as_union=True)
        if isinstance(result, ox.QueryBoolean):
            return int(bool(result))
        return len(set(result) if isinstance(result, ox.QueryTriples) else list(result))

    def _own(self, iri: str) -> set[ox.Triple]:
        found = self._store.quads_for_pattern(ox.NamedNode(iri), None, None)
        return {quad.triple for quad in found}


def check(system: Running, workload: Workload, requests: Requests, expected: Expected) -> Reply:
    """The fastest of some right answers; raises :class:`Wrong` at the first wrong one."""
    replies: list[Reply] = []
    for which in range(_SAMPLES):
        at = which % len(requests.paths)
        path = requests.paths[at].replace(UNIQUE, str(_UNIQUE_START + which))
        try:
            reply = get(system.url + path, requests.headers)
        except (OSError, ValueError) as error:
            raise Wrong(f"no answer: {error}") from None
        _check_reply(reply, workload, at, expected)
        replies.append(reply)
        if sum(reply.seconds for reply in replies) > _PATIENCE:
            break
    return min(replies, key=lambda reply: reply.seconds)


def _check_reply(reply: Reply, workload: Workload, which: int, expected: Expected) -> None:
    wanted_status = 304 if workload.name == workloads.NOT_MODIFIED else 200
    if reply.status != wanted_status:
        raise Wrong(f"status {reply.status}, not {wanted_status}")
    if workload.name in (workloads.NOT_MODIFIED, workloads.HELLO):
        return
    count = _count_triples if workload.accept == workloads.TRIPLES else _count_rows
    try:
        found = count(reply, workload.about[which] if workload.about else None)
    except (ValueError, KeyError, SyntaxError) as error:
        raise Wrong(f"an answer that cannot be read: {error}") from None
    wanted = expected.rows(workload, which)
    if found != wanted:
        raise Wrong(f"{found} rows, not {wanted}")


def _count_rows(reply: Reply, _: str | None) -> int:
    result = json.loads(reply.body)
    if "boolean" in result:
        return int(result["boolean"])
    return len(result["results"]["bindings"])


def _count_triples(reply: Reply, about: str | None) -> int:
    """All triples; of a description those that it is about, since some systems say more."""
    found = {quad.triple for quad in ox.parse(reply.body, format=_RDF[reply.media_type])}
    if about is None:
        return len(found)
    return sum(triple.subject == ox.NamedNode(about) for triple in found)
