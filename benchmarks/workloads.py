"""What is asked: the same queries for every system, and how many rows each must have.

``@@`` in a query becomes a number that no other request has, so that no cache answers. It stands
where it changes neither the work nor the rows: in a limit that is never reached, or in the name of
a variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import graph
from benchmarks.place import Dataset

UNIQUE = "@@"
RESULTS = "application/sparql-results+json"
TRIPLES = "application/n-triples"
MOST_ROWS = 100_000

_POINT = "SELECT ?p ?o WHERE {{ <{iri}> ?p ?o }} LIMIT {limit}"
_JOIN = (
    f"SELECT ?claim ?passage WHERE {{{{ ?claim <{graph.RDF}subject> <{{iri}}> ; "
    f"<{graph.MIG}evidence> ?e . ?e <{graph.MIG}inPassage> ?passage }}}} LIMIT {UNIQUE}"
)
_ASK = f"ASK {{{{ <{{iri}}> ?p{UNIQUE} ?o }}}}"
_DESCRIPTION = (
    "CONSTRUCT {{ <{iri}> ?p ?o . ?s ?q <{iri}> }} WHERE "
    f"{{{{ {{{{ <{{iri}}> ?p ?o }}}} UNION {{{{ ?s ?q <{{iri}}> }}}} }}}} LIMIT {UNIQUE}"
)
_GROUPED = (
    f"SELECT ?indicator (COUNT(?v) AS ?n) (AVG(?v) AS ?mean) WHERE {{ ?o <{graph.MIG}indicator> "
    f"?indicator ; <{graph.MIG}number> ?v }} GROUP BY ?indicator LIMIT {UNIQUE}"
)
_ROWS = f"SELECT ?s ?p ?o{UNIQUE} WHERE {{ ?s ?p ?o{UNIQUE} }} LIMIT {MOST_ROWS}"
_GRAPH = f"CONSTRUCT {{ ?s ?p ?o{UNIQUE} }} WHERE {{ ?s ?p ?o{UNIQUE} }}"


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Queries of one kind; ``about`` says for each what it asks about, if it does."""

    name: str
    label: str
    queries: Sequence[str]
    about: Sequence[str] = ()
    accept: str = RESULTS


POINT = "point"
DESCRIPTION = "description"
CACHED = "cached"
AGGREGATE = "aggregate"
ROWS = "rows"
NOT_MODIFIED = "not-modified"
HELLO = "hello"


def workloads(data: Dataset) -> list[Workload]:
    """All workloads over a dataset, in the order of the tables."""
    subjects, things = data.subjects, data.things
    repeated = _POINT.format(iri=subjects[0], limit=1000)
    return [
        Workload(
            name=POINT,
            label="point lookup",
            queries=[_POINT.format(iri=iri, limit=UNIQUE) for iri in subjects],
        ),
        Workload(
            name=DESCRIPTION,
            label="entity description",
            queries=[_DESCRIPTION.format(iri=iri) for iri in subjects],
            about=subjects,
            accept=TRIPLES,
        ),
        Workload(
            name="join",
            label="two-hop join",
            queries=[_JOIN.format(iri=iri) for iri in things],
        ),
        Workload(name="ask", label="ASK", queries=[_ASK.format(iri=iri) for iri in subjects]),
        Workload(name=AGGREGATE, label="aggregate", queries=[_GROUPED]),
        Workload(name=CACHED, label="repeated query", queries=[repeated]),
        Workload(name=NOT_MODIFIED, label="304 Not Modified", queries=[repeated]),
        Workload(name=ROWS, label="SELECT of 100 k rows", queries=[_ROWS]),
        Workload(name="graph", label="CONSTRUCT of all", queries=[_GRAPH], accept=TRIPLES),
    ]
