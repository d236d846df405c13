"""What a server holds of our releases: one graph with a record, and the graphs that it names.

The record says which release is current (``dcat:hasCurrentVersion``), which are complete
(``dcat:hasVersion``), and what graphs each has, complete or not (``dcterms:hasPart``), so that
what was begun can be found again. Source: DCAT 3, section 6.4, https://www.w3.org/TR/vocab-dcat-3/.
It also says which runs of ``migkg publish`` write to the server: what each brings
(``prov:generated``), since when (``prov:startedAtTime``), and when it last gave a sign of life
(``dcterms:modified``). Source: https://www.w3.org/TR/prov-o/.

Of a release there is each named graph under a name of its own, a graph with all triples, which is
the default graph of queries, and one that says which name stands for which.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from migkg.model.graph_names import GraphNames

_CURRENT = "http://www.w3.org/ns/dcat#hasCurrentVersion"
_COMPLETE = "http://www.w3.org/ns/dcat#hasVersion"
_PART = "http://purl.org/dc/terms/hasPart"
_ISSUED = "http://purl.org/dc/terms/issued"
_MODIFIED = "http://purl.org/dc/terms/modified"
_STARTED = "http://www.w3.org/ns/prov#startedAtTime"
_GENERATED = "http://www.w3.org/ns/prov#generated"
_LOT = 100


class Record(Protocol):
    """Where the record can be read."""

    def select(self, text: str) -> list[dict[str, dict[str, str]]]:
        """The rows of a SELECT."""


class WritableRecord(Record, Protocol):
    """Where the record can be written too."""

    def update(self, text: str) -> None:
        """Does an update."""


@dataclass(frozen=True)
class Run:
    """A run that writes to the server; ``sign`` changes as long as it is alive."""

    iri: str
    release: str
    started: str
    sign: str


@dataclass(frozen=True)
class Published:
    """What the record says; ``complete`` are ids, the one that was put into service last first.

    ``issued`` is when each was put into service, as ISO 8601 has it, in UTC.
    """

    current: str | None = None
    complete: tuple[str, ...] = ()
    graphs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    issued: Mapping[str, str] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()


def names_of(base_iri: str, release_id: str, graphs: Iterable[str]) -> GraphNames:
    """The names that the graphs of a release have on a server."""
    release = f"{base_iri}release/{release_id}"
    listed = sorted(graphs)
    named = {name: f"{release}/graph/{number}" for number, name in enumerate(listed)}
    # The graph with all triples is not written twice where there is one graph only.
    whole = named[listed[0]] if len(listed) == 1 else f"{release}/all"
    return GraphNames(whole=whole, names=f"{release}/names", graphs=named)


def read(server: Record, base_iri: str) -> Published:
    """The record; an empty one where there is none."""
    place = _place(base_iri)
    rows = server.select(f"SELECT ?s ?p ?o WHERE {{ GRAPH <{place}> {{ ?s ?p ?o }} }}")
    found = [(row["s"]["value"], row["p"]["value"], row["o"]["value"]) for row in rows]
    start = f"{base_iri}release/"

    def ids(predicate: str) -> list[str]:
        return [o.removeprefix(start) for s, p, o in found if p == predicate and s == place]

    issued = {s.removeprefix(start): o for s, p, o in found if p == _ISSUED}
    graphs: dict[str, list[str]] = {}
    for subject, predicate, value in found:
        if predicate == _PART:
            graphs.setdefault(subject.removeprefix(start), []).append(value)
    current = ids(_CURRENT)
    complete = sorted(ids(_COMPLETE), key=lambda name: issued.get(name, ""), reverse=True)
    by_run = {
        predicate: {s: o.removeprefix(start) for s, p, o in found if p == predicate}
        for predicate in (_STARTED, _GENERATED, _MODIFIED)
    }
    runs = (
        Run(iri, by_run[_GENERATED].get(iri, ""), started, by_run[_MODIFIED].get(iri, ""))
        for iri, started in sorted(by_run[_STARTED].items())
    )
    return Published(
        current[0] if len(current) == 1 else None, tuple(complete), graphs, issued, tuple(runs)
    )


@dataclass(frozen=True)
class Holding:
    """How to ask a server whether it holds a release, with its record as the default graph."""

    base_iri: str
    release_id: str

    @property
    def record(self) -> str:
        """The graph with the record."""
        return _place(self.base_iri)

    @property
    def question(self) -> str:
        """The text of the query."""
        return (
            f"SELECT ?complete ?current {{ <{self.record}> <{_COMPLETE}> ?complete "
            f"OPTIONAL {{ <{self.record}> <{_CURRENT}> ?current }} }}"
        )

    def answer(self, body: bytes) -> tuple[bool, str | None]:
        """Whether the server holds the release wholly, and which one is current there.

        Raises :class:`ValueError` for what is no answer to the question.
        """
        start = f"{self.base_iri}release/"
        try:
            rows = json.loads(body)["results"]["bindings"]
            complete = {row["complete"]["value"] for row in rows}
            current = [row["current"]["value"] for row in rows if "current" in row]
            name = current[0].removeprefix(start) if current else None
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no rows: {error}") from None
        return start + self.release_id in complete, name


def claim(server: WritableRecord, base_iri: str, run: str, release_id: str) -> None:
    """Records a run that is about to write."""
    now = _now()
    server.update(
        f"INSERT DATA {{ GRAPH <{_place(base_iri)}> {{ <{run}> <{_STARTED}> {now} ; "
        f"<{_MODIFIED}> {now} ; <{_GENERATED}> <{base_iri}release/{release_id}> }} }}"
    )


def renew(server: WritableRecord, base_iri: str, run: str) -> None:
    """Records that a run is alive, unless its claim was taken away."""
    place = _place(base_iri)
    server.update(
        f"DELETE {{ GRAPH <{place}> {{ <{run}> <{_MODIFIED}> ?sign }} }} "
        f"INSERT {{ GRAPH <{place}> {{ <{run}> <{_MODIFIED}> {_now()} }} }} "
        f"WHERE {{ GRAPH <{place}> {{ <{run}> <{_MODIFIED}> ?sign }} }}"
    )


def withdraw(server: WritableRecord, base_iri: str, run: str) -> None:
    """Removes the claim of a run."""
    _remove(server, base_iri, run)


def begin(server: WritableRecord, base_iri: str, release_id: str, graphs: Iterable[str]) -> None:
    """Records what graphs a release will have."""
    release = f"{base_iri}release/{release_id}"
    # One server compiles an update to a program, and refuses one of more than 10,000 lines.
    listed = sorted(graphs)
    for start in range(0, len(listed), _LOT):
        lot = listed[start : start + _LOT]
        parts = " . ".join(f"<{release}> <{_PART}> <{graph}>" for graph in lot)
        server.update(f"INSERT DATA {{ GRAPH <{_place(base_iri)}> {{ {parts} }} }}")


def make_current(server: WritableRecord, base_iri: str, release_id: str, run: str) -> None:
    """Puts a release that is complete into service, in one update.

    It does nothing where the record of the release, or the claim of the run, was taken away.
    """
    place, release = _place(base_iri), f"{base_iri}release/{release_id}"
    names = names_of(base_iri, release_id, ()).names
    server.update(
        f"DELETE {{ GRAPH <{place}> {{ <{place}> <{_CURRENT}> ?old . "
        f"<{release}> <{_ISSUED}> ?then }} }} "
        f"INSERT {{ GRAPH <{place}> {{ <{place}> <{_CURRENT}> <{release}> ; "
        f"<{_COMPLETE}> <{release}> . "
        f"<{release}> <{_ISSUED}> {_now()} }} }} "
        f"WHERE {{ GRAPH <{place}> {{ <{release}> <{_PART}> <{names}> . "
        f"<{run}> <{_STARTED}> ?started . "
        f"OPTIONAL {{ <{place}> <{_CURRENT}> ?old }} "
        f"OPTIONAL {{ <{release}> <{_ISSUED}> ?then }} }} }}"
    )


def retire(server: WritableRecord, base_iri: str, release_id: str) -> None:
    """Records that a release is not complete any more."""
    place, release = _place(base_iri), f"{base_iri}release/{release_id}"
    server.update(f"DELETE DATA {{ GRAPH <{place}> {{ <{place}> <{_COMPLETE}> <{release}> }} }}")


def forget(server: WritableRecord, base_iri: str, release_id: str) -> None:
    """Removes all that is recorded of a release whose graphs are gone."""
    _remove(server, base_iri, f"{base_iri}release/{release_id}")


def _remove(server: WritableRecord, base_iri: str, subject: str) -> None:
    place = _place(base_iri)
    server.update(
        f"DELETE {{ GRAPH <{place}> {{ <{subject}> ?p ?o }} }} "
        f"WHERE {{ GRAPH <{place}> {{ <{subject}> ?p ?o }} }}"
    )


def _now() -> str:
    """The time as a plain literal, since engines write dates in other ways than they got them."""
    return f'"{datetime.now(UTC).isoformat()}"'


def _place(base_iri: str) -> str:
    """The name of the graph with the record, which is also what has the versions."""
    return f"{base_iri}releases"
