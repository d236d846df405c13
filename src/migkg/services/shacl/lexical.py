"""Which texts are well-formed literals of a datatype.

The specification asks for it of the datatypes that SPARQL 1.1 supports
(https://www.w3.org/TR/shacl/#DatatypeConstraintComponent); here it is asked of every datatype of
XML Schema that has rules of its own (https://www.w3.org/TR/xmlschema11-2/#built-in-datatypes).
"""

from __future__ import annotations

from rdflib import URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from migkg.services.shacl import terms

_DECIMAL = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_DOUBLE = rf"{_DECIMAL}([eE][+-]?[0-9]+)?|[+-]?INF|NaN"
_NATURAL = r"\+?[0-9]+|-0+"
_PATTERNS = {
    XSD.boolean: "true|false|1|0",
    XSD.integer: "[+-]?[0-9]+",
    XSD.decimal: _DECIMAL,
    XSD.double: _DOUBLE,
    XSD.float: _DOUBLE,
    XSD.nonNegativeInteger: _NATURAL,
    XSD.positiveInteger: r"\+?0*[1-9][0-9]*",
    XSD.nonPositiveInteger: r"-[0-9]+|\+?0+",
    XSD.negativeInteger: "-0*[1-9][0-9]*",
    XSD.unsignedLong: r"\+?0*[0-9]{1,20}|-0+",
    XSD.hexBinary: "([0-9a-fA-F]{2})*",
}
_BOUNDS = {
    XSD.long: (-(2**63), 2**63 - 1),
    XSD.int: (-(2**31), 2**31 - 1),
    XSD.short: (-(2**15), 2**15 - 1),
    XSD.byte: (-(2**7), 2**7 - 1),
    XSD.unsignedInt: (0, 2**32 - 1),
    XSD.unsignedShort: (0, 2**16 - 1),
    XSD.unsignedByte: (0, 2**8 - 1),
}
# The engine reads these; a text that it cannot read is not one of them.
_READ = frozenset(
    (
        XSD.date,
        XSD.dateTime,
        XSD.time,
        XSD.gYear,
        XSD.gYearMonth,
        XSD.gMonth,
        XSD.gMonthDay,
        XSD.gDay,
        XSD.duration,
        XSD.dayTimeDuration,
        XSD.yearMonthDuration,
    )
)


def well_formed(datatype: Node, variable: str) -> str:
    """True of a well-formed literal of the datatype, false or an error of any other one."""
    text = f"STR({variable})"
    if datatype in _PATTERNS and isinstance(datatype, URIRef):
        return f"REGEX({text}, {terms.string(f'^({_PATTERNS[datatype]})$')})"
    if datatype in _BOUNDS and isinstance(datatype, URIRef):
        low, high = _BOUNDS[datatype]
        number = f"{terms.iri(XSD.integer)}({text})"
        return f"({number} >= {low} && {number} <= {high})"
    if datatype in _READ:
        return f"isLiteral({terms.iri(datatype)}({text}))"
    return ""
