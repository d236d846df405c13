"""A graph that shapes are held against, with its literals as they were written.

The engine keeps some literals by their value: ``"01"^^xsd:integer`` comes back as ``1``. Shapes
speak of terms, so such a literal is stored under a datatype of its own, made of ``WRITTEN`` and the
datatype that it has, and is itself again in every answer. Queries that others wrote expect values
instead; they get a second store, made when the first of them comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from threading import Lock

import pyoxigraph as ox
import rdflib
from rdflib.namespace import XSD
from rdflib.term import Node

from migkg.engine.answering import RDF_FORMATS
from migkg.engine.parser_messages import bad_query
from migkg.engine.rdf_io import bad_document, rdflib_term
from migkg.errors import BadQuery, BadUpload
from migkg.model.formats import Format, Kind

WRITTEN = "urn:x-migkg:written:"
MARKS = "urn:x-migkg:marks"
CHANGES = "urn:x-migkg:changes"
# Nothing that the data can name as a predicate is looked at in the graph of marks.
_MARK = "INSERT {{ GRAPH <{graph}> {{ <{graph}> <{mark}> ?{variable} }} }} WHERE {{ {query} }}"
# By datatype, the forms that the engine certainly keeps; of the others it is asked.
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_KEPT = {
    str(XSD[name]): re.compile(pattern)
    for name, pattern in {
        "boolean": "true|false",
        "date": r"\d{4}-\d\d-\d\d",
        "dateTime": r"\d{4}-\d\d-\d\dT(?!24)\d\d:\d\d:\d\dZ?",
        "gYear": r"\d{4}",
        "gYearMonth": r"\d{4}-\d\d",
        "integer": _INTEGER.pattern,
        "decimal": rf"{_INTEGER.pattern}|-?(?:0|[1-9][0-9]{{0,12}})\.[0-9]{{0,4}}[1-9]",
    }.items()
}
_NEVER = re.compile(r"(?!)")
_BY_VALUE = frozenset(
    str(XSD[name])
    for name in (
        *("boolean", "byte", "date", "dateTime", "dateTimeStamp", "dayTimeDuration", "decimal"),
        *("double", "duration", "float", "gDay", "gMonth", "gMonthDay", "gYear", "gYearMonth"),
        *("int", "integer", "long", "negativeInteger", "nonNegativeInteger", "nonPositiveInteger"),
        *("positiveInteger", "short", "time", "unsignedByte", "unsignedInt", "unsignedLong"),
        *("unsignedShort", "yearMonthDuration"),
    )
)
_NODE = ox.NamedNode("urn:x-migkg:node")

Row = dict[str, Node]
_Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


class ValidationStore:
    """Triples in memory, and marks on their nodes that queries can ask for."""

    def __init__(self, statements: Iterable[ox.Triple | ox.Quad]) -> None:
        """Takes triples, and quads of the default graph."""
        given = list(statements)
        self._changed = _changed(_doubtful(given))
        self._store = ox.Store()
        self._store.bulk_extend(map(self._as_written if self._changed else _quad, given))
        self._by_value: ox.Store | None = None
        self._lock = Lock()
        self._numbers = count()

    def select(self, query: str) -> list[Row]:
        """The rows of a SELECT query, bound variables only, literals as they were written."""
        return _rows(self._store, query)

    def select_values(self, query: str) -> list[Row]:
        """The rows of a query of somebody else, to which literals are their values."""
        return _rows(self._values, query)

    def mark(self, mark: str, variable: str, query: str) -> None:
        """Marks every node that a variable of a query stands for."""
        self._store.update(_MARK.format(graph=MARKS, mark=mark, variable=variable, query=query))

    def mark_terms(self, mark: str, terms: Iterable[Node], *, values: bool = False) -> None:
        """Marks terms one by one, for :meth:`select`, and for :meth:`select_values` if asked."""
        given = [engine_term(term) for term in terms]
        _add_marks(self._store, mark, map(_stored, given))
        if values and self._values is not self._store:
            _add_marks(self._values, mark, given)

    def clear_marks(self) -> None:
        """Takes all marks away."""
        self._clear(MARKS)

    @contextmanager
    def change(self, added: Sequence[ox.Triple], removed: Sequence[ox.Triple]) -> Iterator[None]:
        """Takes triples out and puts others in, the latter if one is among both.

        Within the context the data hold all of them, and so does the graph of changes.
        """
        self._learn([*added, *removed])
        graph = ox.NamedNode(CHANGES)
        for store, form in self._stores():
            store.extend(map(form, added))
            store.extend(_in_graph(form(triple), graph) for triple in (*added, *removed))
        try:
            yield
        finally:
            self._clear(CHANGES)
            kept = set(added)
            for store, form in self._stores():
                for triple in removed:
                    if triple not in kept:
                        store.remove(form(triple))
            if any(_is_by_value(triple.object) for triple in removed):
                self._forget_values()

    def _learn(self, statements: Sequence[ox.Triple]) -> None:
        """Looks at literals before the first of them is stored."""
        found = _changed(_doubtful(statements)) - self._changed
        if found and not self._changed:
            self._by_value = self._load_values()
        self._changed |= found

    def _forget_values(self) -> None:
        """Two literals may have had one value: the second store is made again when it is needed."""
        self._by_value = None

    def _stores(self) -> list[tuple[ox.Store, Callable[[ox.Triple], ox.Quad]]]:
        """Each store, and the form in which it holds a triple."""
        stores: list[tuple[ox.Store, Callable[[ox.Triple], ox.Quad]]] = []
        stores.append((self._store, self._as_written))
        if self._by_value is not None:
            stores.append((self._by_value, _quad))
        return stores

    def _clear(self, graph: str) -> None:
        for store, _ in self._stores():
            store.clear_graph(ox.NamedNode(graph))

    def mark_value(self, term: Node) -> str:
        """Marks one term for :meth:`select_values`, and gives the new mark."""
        mark = f"{MARKS}:value:{next(self._numbers)}"
        _add_marks(self._values, mark, [engine_term(term)])
        return mark

    def runs(self, query: str) -> bool:
        """True if a SELECT query gives a row in which something is bound."""
        return any(row for row in self.select(query))

    @property
    def _values(self) -> ox.Store:
        if not self._changed:
            return self._store
        with self._lock:
            if self._by_value is None:
                self._by_value = self._load_values()
            return self._by_value

    def _load_values(self) -> ox.Store:
        """A store of the same data, in which literals are their values."""
        store = ox.Store()
        graphs = (ox.DefaultGraph(), ox.NamedNode(CHANGES))
        quads = (q for g in graphs for q in self._store.quads_for_pattern(None, None, None, g))
        store.bulk_extend(map(_uncovered, quads))
        return store

    def _as_written(self, statement: ox.Triple | ox.Quad) -> ox.Quad:
        value = statement.object
        if isinstance(value, ox.Literal) and value in self._changed:
            return ox.Quad(statement.subject, statement.predicate, _under_cover(value))
        return _quad(statement)


def read_statements(data: bytes, rdf_format: Format, base_iri: str) -> list[ox.Quad]:
    """The statements of a document, of all its graphs, as quads of the default graph.

    Its blank nodes get names that no other document has. Raises :class:`BadUpload`.
    """
    engine_format = RDF_FORMATS[rdf_format.name]
    try:
        quads = ox.parse(data, format=engine_format, base_iri=base_iri, rename_blank_nodes=True)
        if rdf_format.kind is Kind.DATASET:
            return [ox.Quad(*quad.triple) for quad in quads]
        return list(quads)
    except SyntaxError as error:
        raise bad_document(rdf_format, error) from None


def _quad(statement: ox.Triple | ox.Quad) -> ox.Quad:
    return statement if type(statement) is ox.Quad else ox.Quad(*statement)


@lru_cache(maxsize=4096)
def stored_form(literal: rdflib.Literal) -> rdflib.Literal:
    """The literal that stands for this one in the store: itself, if the engine keeps it."""
    stored = _stored(engine_term(literal))
    if isinstance(stored, ox.Literal) and stored.datatype.value.startswith(WRITTEN):
        datatype = rdflib.URIRef(stored.datatype.value)
        return rdflib.Literal(stored.value, datatype=datatype, normalize=False)
    return literal


def _doubtful(statements: Sequence[ox.Triple | ox.Quad]) -> set[ox.Literal]:
    """The literals that the engine may change; raises :class:`BadUpload` for triple terms."""
    found = set()
    for statement in statements:
        value = statement.object
        if type(value) is ox.Literal:
            datatype = value.datatype.value
            if datatype in _BY_VALUE and not _KEPT.get(datatype, _NEVER).fullmatch(value.value):
                found.add(value)
        elif type(value) is ox.Triple:
            raise BadUpload("Triple terms (RDF 1.2) are not supported here.")
    return found


def _changed(literals: set[ox.Literal]) -> set[ox.Literal]:
    """Those of the literals that a store does not give back as they are."""
    store = ox.Store()
    store.bulk_extend(ox.Quad(_NODE, _NODE, literal) for literal in literals)
    kept = {quad.object for quad in store}
    return {literal for literal in literals if literal not in kept}


def _uncovered(quad: ox.Quad) -> ox.Quad:
    """The statement with its literal as it was given."""
    value = quad.object
    if isinstance(value, ox.Literal) and value.datatype.value.startswith(WRITTEN):
        datatype = ox.NamedNode(value.datatype.value.removeprefix(WRITTEN))
        literal = ox.Literal(value.value, datatype=datatype)
        return ox.Quad(quad.subject, quad.predicate, literal, quad.graph_name)
    return quad


def _in_graph(quad: ox.Quad, graph: ox.NamedNode) -> ox.Quad:
    return ox.Quad(quad.subject, quad.predicate, quad.object, graph)


def _is_by_value(term: _Term) -> bool:
    return isinstance(term, ox.Literal) and term.datatype.value in _BY_VALUE


def _under_cover(literal: ox.Literal) -> ox.Literal:
    return ox.Literal(literal.value, datatype=ox.NamedNode(WRITTEN + literal.datatype.value))


def _stored(term: _Term) -> _Term:
    if isinstance(term, ox.Literal) and term.datatype.value in _BY_VALUE and _changed({term}):
        return _under_cover(term)
    return term


def _add_marks(store: ox.Store, mark: str, terms: Iterable[_Term]) -> None:
    graph, name = ox.NamedNode(MARKS), ox.NamedNode(mark)
    store.extend(ox.Quad(graph, name, term, graph) for term in terms)


def has_mark(mark: str, node: str) -> str:
    """The pattern that holds for, or finds, the nodes with a mark."""
    return f"GRAPH <{MARKS}> {{ <{MARKS}> <{mark}> {node} }}"


def _rows(store: ox.Store, query: str) -> list[Row]:
    try:
        solutions = store.query(query)
    except SyntaxError as error:
        raise bad_query(str(error)) from None
    if not isinstance(solutions, ox.QuerySolutions):
        raise BadQuery("A SELECT query is needed here.")
    names = [variable.value for variable in solutions.variables]
    # All at once: what the engine answers with must end in the thread that asked.
    return [
        {
            name: _as_given(term)
            for name, term in zip(names, solution, strict=True)
            if term is not None
        }
        for solution in solutions
    ]


def _as_given(term: _Term) -> Node:
    if isinstance(term, ox.Literal) and term.datatype.value.startswith(WRITTEN):
        datatype = rdflib.URIRef(term.datatype.value.removeprefix(WRITTEN))
        return rdflib.Literal(term.value, datatype=datatype, normalize=False)
    return rdflib_term(term)


def engine_term(node: Node) -> _Term:
    """A term for the engine; raises :class:`BadQuery` for an IRI that it does not take."""
    try:
        if isinstance(node, rdflib.Literal):
            datatype = ox.NamedNode(str(node.datatype)) if node.datatype else None
            return ox.Literal(str(node), language=node.language, datatype=datatype)
        return (ox.BlankNode if isinstance(node, rdflib.BNode) else ox.NamedNode)(str(node))
    except ValueError as error:
        raise BadQuery(f"{node!r} is not a term: {error}.") from None
