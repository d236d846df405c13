"""SPARQL results in JSON, read (https://www.w3.org/TR/sparql11-results-json/)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from rdflib.namespace import XSD

from migkg.engine import rdf_io
from migkg.model.formats import NTRIPLES


class Kind(Enum):
    """What a cell of an answer holds."""

    IRI = "uri"
    BLANK = "bnode"
    LITERAL = "literal"
    TRIPLE = "triple"


_VARIABLES = 1000
_CELLS = 20_000  # where not all rows are wanted
TRIPLE = ("subject", "predicate", "object")
_KINDS = {**{kind.value: kind for kind in Kind}, "typed-literal": Kind.LITERAL}


@dataclass(frozen=True)
class Term:
    """A term of RDF in an answer; of a triple term, ``value`` is its text."""

    kind: Kind
    value: str
    language: str = ""
    datatype: str = ""


Row = tuple[Term | None, ...]


@dataclass(frozen=True)
class Table:
    """The variables of an answer and its rows; an unbound cell is None.

    ``cut`` says that the answer has further rows.
    """

    variables: tuple[str, ...]
    rows: tuple[Row, ...]
    cut: bool = False


def result_rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a SELECT answer, the value of every bound variable as text."""
    bindings = json.loads(content)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in bindings]


def read_table(content: bytes, most: int = sys.maxsize) -> Table:
    """The first rows of the answer to a SELECT, or an ASK, which has one row under ``answer``.

    There are at most ``most`` of them, and fewer if they are wide. Raises :class:`ValueError` for
    what is not results in JSON, or has too many variables.
    """
    try:
        return _table(json.loads(content), most)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("These are not SPARQL results in JSON.") from error


def read_triples(ntriples: bytes, most: int = sys.maxsize) -> Table:
    """The first triples of the answer to a CONSTRUCT or a DESCRIBE, as rows."""
    lines = ntriples.split(b"\n", most)
    cut = len(lines) > most and bool(lines.pop())
    triples = rdf_io.parse_triples(b"\n".join(lines), NTRIPLES)
    rows = ((_node(t.subject), _node(t.predicate), _node(t.object)) for t in triples)
    return Table(TRIPLE, tuple(rows), cut)


def _node(node: rdf_io.NamedNode | rdf_io.BlankNode | rdf_io.Literal | rdf_io.Triple) -> Term:
    if isinstance(node, rdf_io.NamedNode):
        return Term(Kind.IRI, node.value)
    if isinstance(node, rdf_io.BlankNode):
        return Term(Kind.BLANK, node.value)
    if isinstance(node, rdf_io.Literal):
        plain = node.language is None and node.datatype.value != str(XSD.string)
        return Term(
            Kind.LITERAL, node.value, node.language or "", node.datatype.value if plain else ""
        )
    return Term(Kind.TRIPLE, f"<<( {node} )>>")


def _table(content: Mapping[str, Any], most: int) -> Table:
    if "boolean" in content:
        answer = Term(Kind.LITERAL, str(content["boolean"]).lower())
        return Table(("answer",), ((answer,),))
    variables = tuple(map(str, content["head"]["vars"]))
    if len(variables) > _VARIABLES:
        raise ValueError(f"There are more than {_VARIABLES} variables.")
    bindings = content["results"]["bindings"]
    room = most if most == sys.maxsize else min(most, _CELLS // max(1, len(variables)))
    rows = (
        tuple(_term(row[name]) if name in row else None for name in variables)
        for row in bindings[:room]
    )
    return Table(variables, tuple(rows), cut=len(bindings) > room)


def _term(given: Mapping[str, Any]) -> Term:
    kind = _KINDS[given["type"]]
    if kind is Kind.TRIPLE:
        parts = (given["value"][name] for name in ("subject", "predicate", "object"))
        return Term(kind, f"<<( {' '.join(_term(part).value for part in parts)} )>>")
    return Term(
        kind, str(given["value"]), str(given.get("xml:lang", "")), str(given.get("datatype", ""))
    )
