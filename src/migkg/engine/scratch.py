"""A store for triples that were just read, for the project's own queries only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox
from rdflib.term import Node

from migkg.engine.parser_messages import bad_query
from migkg.engine.rdf_io import rdflib_term
from migkg.errors import BadQuery

_BASE = "x:/"  # any will do to read a text


class ScratchStore:
    """Triples in memory. A query from a stranger belongs in a child process, not here."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._store = ox.Store()
        self._store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)

    def check(self, query: str) -> None:
        """Raises :class:`BadQuery` with line and column for a text that the engine cannot read."""
        try:
            self._store.query(query, base_iri=_BASE)
        except SyntaxError as error:
            raise bad_query(str(error)) from None

    def select(self, query: str) -> Iterator[dict[str, Node]]:
        """The rows of a SELECT query, bound variables only; raises :class:`BadQuery`."""
        try:
            solutions = self._store.query(query)
        except SyntaxError as error:
            raise BadQuery(str(error)) from None
        if not isinstance(solutions, ox.QuerySolutions):
            raise BadQuery("A SELECT query is needed here.")
        names = [variable.value for variable in solutions.variables]
        for solution in solutions:
            row = {name: solution[name] for name in names}
            yield {name: rdflib_term(term) for name, term in row.items() if term is not None}

    def construct(self, query: str) -> list[ox.Triple]:
        """The triples of a CONSTRUCT query, each once; raises :class:`BadQuery`."""
        try:
            found = self._store.query(query)
        except SyntaxError as error:
            raise BadQuery(str(error)) from None
        if not isinstance(found, ox.QueryTriples):
            raise BadQuery("A CONSTRUCT query is needed here.")
        return list(dict.fromkeys(found))


def lost_in_store(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """The triples that a store would not give back as they are, such as "01" as an integer."""
    given = [t for t in dict.fromkeys(triples) if isinstance(t.object, ox.Literal)]
    store = ox.Store()
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in given)
    kept = {quad.triple for quad in store}
    return [triple for triple in given if triple not in kept]
