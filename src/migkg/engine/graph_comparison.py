"""Whether a server has a graph as it was sent: read back whole, or else counted by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from migkg.engine.graph_digest import (
    MOST_BLANK,
    Likeness,
    digest_of,
    parsed_digest_of,
    triples_of,
    valued,
    written,
)
from migkg.engine.graph_files import GraphFile
from migkg.engine.rdf_server import RdfServer
from migkg.errors import EngineUnavailable

_DEADLINE = 900.0  # seconds for one graph
_SHOWN = 3
_TYPE = b"<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


@dataclass(frozen=True)
class Comparison:
    """What was found; ``likeness`` is None where the graph was only counted, ``why`` says why so.

    ``differences`` shows some triples that were not given back.
    """

    graph: str
    likeness: Likeness | None
    why: str = ""
    differences: str = ""


def compare(server: RdfServer, file: GraphFile, *, counts_only: bool) -> Iterator[Comparison]:
    """The one comparison of a graph on the server with what was sent."""
    if counts_only:
        yield _by_class(server, file, "")
        return
    try:
        likeness = _likeness(server, file)
    except EngineUnavailable as error:
        yield _by_class(server, file, str(error))
        return
    if likeness is None:
        yield _by_class(server, file, "it is not given back whole")
    else:
        is_same = likeness >= Likeness.SAME_VALUES
        yield Comparison(
            file.name, likeness, differences="" if is_same else _differences(server, file)
        )


def _likeness(server: RdfServer, file: GraphFile) -> Likeness | None:
    """How much alike they are; None if the server does not give back all."""
    sent = digest_of(file.parts())
    found = digest_of(server.read(file.name, deadline=_DEADLINE))
    if not found.is_whole(file.triples):
        return None
    likeness = found.likeness(sent)
    if likeness is not Likeness.DIFFERENT:
        return likeness
    found = parsed_digest_of(server.read(file.name, deadline=_DEADLINE))
    return found.likeness(sent) if found.is_whole(file.triples) else None


def _by_class(server: RdfServer, file: GraphFile, why: str) -> Comparison:
    expected: Counter[str] = Counter()
    for part in file.parts():
        for line in part.splitlines():
            _, predicate, value = line.split(b" ", 2)
            if predicate == _TYPE and value.startswith(b"<"):
                expected[value.removesuffix(b" .")[1:-1].decode()] += 1
    found = server.classes(file.name)
    is_same = all(found.get(name) == number for name, number in expected.items())
    return Comparison(file.name, None if is_same else Likeness.DIFFERENT, why)


def _differences(server: RdfServer, file: GraphFile) -> str:
    """Some triples that were not given back, if all could be read."""
    if file.triples > MOST_BLANK:
        return ""
    try:
        parts = server.read(file.name, deadline=_DEADLINE)
        found = {valued(triple) for triple in triples_of(parts)}
    except EngineUnavailable:
        return ""
    lost = [
        written(triple)
        for triple in triples_of(file.parts())
        if "_:" not in str(triple) and valued(triple) not in found
    ]
    return f"; not given back, such as: {' | '.join(lost[:_SHOWN])}" if lost else ""
