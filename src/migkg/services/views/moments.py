"""Dates and years as places on a line of time."""

from __future__ import annotations

import math
import re

from rdflib.namespace import XSD

from migkg.services.results import Kind, Term

_DATE = re.compile(
    r"(?P<year>-?\d{4,6})"
    r"(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?P<hour>\d\d):(?P<minute>\d\d)[:.\d]*)?)?)?"
    r"(?:Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_DATATYPES = frozenset(
    map(str, (XSD.date, XSD.dateTime, XSD.dateTimeStamp, XSD.gYear, XSD.gYearMonth))
)
_PLAIN = frozenset(("", str(XSD.string), str(XSD.integer), str(XSD.int)))
_OF_TIME = re.compile("year|date|time|month|day|start|end|when|issued|since", re.IGNORECASE)
_FIRST, _LAST = 1000, 2999  # years that a bare number may be
_DAYS = 365.2425
_MONTH = _DAYS / 12


def years(text: str) -> float | None:
    """A date in XML Schema's form as years, the part of one included; None for what is none."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute = (int(match[name] or 0) for name in match.groupdict())
    if month > 12 or day > 31 or (match["month"] and not month) or hour > 24 or minute > 59:
        return None
    days = max(month - 1, 0) * _MONTH + max(day - 1, 0) + hour / 24 + minute / 1440
    return year + days / _DAYS


def moment(term: Term, variable: str) -> float | None:
    """When a cell says, as years; a bare number or text counts if the variable speaks of time."""
    if term.kind is not Kind.LITERAL:
        return None
    if term.datatype in _DATATYPES:
        return years(term.value)
    if term.datatype not in _PLAIN or not _OF_TIME.search(variable):
        return None
    found = years(term.value)
    return found if found is not None and _FIRST <= math.floor(found) <= _LAST else None
