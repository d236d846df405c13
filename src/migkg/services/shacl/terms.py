"""Terms and values as text in a query; no other module writes what a shape says into one."""

from __future__ import annotations

import re
from functools import lru_cache

from rdflib import Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from migkg.engine.validation_store import WRITTEN, engine_term, stored_form
from migkg.errors import BadQuery, ShapeRefused

_IRI = re.compile(r'[^\x00-\x20<>"{}|^`\\]+')
_PREFIX = re.compile(r"([^\W\d_]([\w.-]*[\w-])?)?")
_LANGUAGE = re.compile(r"[A-Za-z]+(-[A-Za-z0-9]+)*")
_ESCAPES = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)


def prefix(name: str) -> str:
    """The name of a prefix, as it stands before the colon.

    Source: https://www.w3.org/TR/sparql11-query/#rPN_PREFIX, of which the common part is taken.
    """
    if _PREFIX.fullmatch(name):
        return name
    raise ShapeRefused(repr(name), "it is no name for a prefix")


@lru_cache(maxsize=4096)
def iri(node: Node) -> str:
    """An IRI in angle brackets; what the engine takes for none is refused."""
    if isinstance(node, URIRef) and _IRI.fullmatch(str(node)):
        try:
            engine_term(node)
        except BadQuery as error:
            raise ShapeRefused(repr(node), str(error)) from None
        return f"<{node}>"
    raise ShapeRefused(repr(node), "an IRI is needed here")


def string(text: str) -> str:
    """A string literal, whatever the text holds.

    Source: https://www.w3.org/TR/sparql11-query/#grammarEscapes.
    """
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ShapeRefused(repr(text), "a text holds half a character")
    return f'"{text.translate(_ESCAPES)}"'


def term(node: Node) -> str:
    """An IRI or a literal, in the form in which the store keeps it."""
    if not isinstance(node, Literal):
        return iri(node)
    try:
        return _literal(stored_form(node))
    except BadQuery as error:
        raise ShapeRefused(repr(node), str(error)) from None


def value(literal: Literal) -> str:
    """A literal whose value counts, not its form."""
    return _literal(literal)


def compared(left: str, operator: str, right: str) -> str:
    """The comparison of two values, given as expressions; an error where there is none.

    The engine does not order booleans, which SPARQL does, but it orders texts of one language,
    which SPARQL 1.1 does not (https://www.w3.org/TR/sparql11-query/#OperatorMapping).
    """
    boolean, integer = iri(XSD.boolean), iri(XSD.integer)
    both = f"DATATYPE({left}) = {boolean} && DATATYPE({right}) = {boolean}"
    numbers = f"{integer}({left}) {operator} {integer}({right})"
    no_language = f'LANG({left}) = "" && LANG({right}) = ""'
    return f"IF({both}, {numbers}, {no_language} && {left} {operator} {right})"


def value_of(variable: str) -> str:
    """The literal that a variable stands for, by its value again if it is kept as written."""
    datatype = f"STR(DATATYPE({variable}))"
    original = f"STRDT(STR({variable}), IRI(STRAFTER({datatype}, {string(WRITTEN)})))"
    return f"(IF(STRSTARTS({datatype}, {string(WRITTEN)}), {original}, {variable}))"


def written_datatype(datatype: Node) -> str:
    """The datatype under which the store keeps literals of this one as they were written."""
    return iri(URIRef(WRITTEN + str(datatype)))


def _literal(literal: Literal) -> str:
    text = string(str(literal))
    if literal.language:
        if not _LANGUAGE.fullmatch(literal.language):
            raise ShapeRefused(literal.n3(), "the language tag is not well-formed")
        return f"{text}@{literal.language}"
    if literal.datatype is None or literal.datatype == XSD.string:
        return text
    return f"{text}^^{iri(literal.datatype)}"
