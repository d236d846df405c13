"""The values of parameters that need no data to be read: text in, a SPARQL term out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

from migkg.model.formats import NOT_XML
from migkg.model.namespaces import expand
from migkg.model.sparql_text.terms import iri_term, literal_term, wrong_in_iri
from migkg.services.parameters.declarations import Parameter, Type

LONGEST = 500
_XSD = "http://www.w3.org/2001/XMLSchema#"
_T = TypeVar("_T", int, Decimal, date)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


class BadValue(Exception):
    """A value cannot be read; the text says why, and ends the sentence about the parameter.

    ``available`` has the values that can be given, where they are few.
    """

    def __init__(self, why: str, available: list[str] | None = None) -> None:
        super().__init__(why)
        self.available = available


def scalar_term(parameter: Parameter, text: str) -> str:
    """The term for a value of a type that is not chosen from the data; raises :class:`BadValue`."""
    check_text(text)
    return _READ[parameter.type](parameter, text)


def iri_of(text: str, prefixes: Mapping[str, str]) -> str | None:
    """The IRI that a text is, or names with a prefix; None if it looks like neither.

    Raises :class:`BadValue` for an IRI with a character that IRIs have not.
    """
    text = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    iri = expand(text, prefixes)
    if iri == text and not _SCHEME.match(text):
        return None
    if iri == text and " " in text and "://" not in text:
        return None  # a name with a colon in it
    wrong = wrong_in_iri(iri)
    if wrong:
        place = wrong[1] - (len(iri) - len(text)) + 1
        raise BadValue(f"is no IRI: no IRI has the character {wrong[0]!r} (number {place} here)")
    return iri


def default_term(parameter: Parameter) -> str:
    """The term for the default of a parameter, without asking the data."""
    text = parameter.default or ""
    if not parameter.source:
        return scalar_term(parameter, text)
    iri = iri_of(text, parameter.prefixes)
    if iri is not None:
        return iri_term(iri)
    if parameter.type in (Type.ENTITY, Type.CONCEPT):
        raise BadValue("is no IRI, and no name with a prefix of this query")
    return literal_term(text)


def check_text(text: str) -> None:
    """Raises :class:`BadValue` for a text that is too long or has characters that XML has not."""
    if len(text) > LONGEST:
        raise BadValue(f"has {len(text)} characters; at most {LONGEST} are taken")
    found = NOT_XML.search(text)
    if found:
        place = f"U+{ord(found[0]):04X} (number {found.start() + 1})"
        raise BadValue(f"has the character {place}, which no text may have")


def _text(parameter: Parameter, text: str) -> str:
    most = int(parameter.maximum or LONGEST)
    if len(text) > most:
        raise BadValue(f"has {len(text)} characters; at most {most} are taken")
    return literal_term(text)


def _integer(parameter: Parameter, text: str) -> str:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text, re.ASCII):
        raise BadValue(f"is no whole number{_range(parameter)}")
    _check_range(parameter, int(text), int)
    return literal_term(str(int(text)), f"{_XSD}integer")


def _decimal(parameter: Parameter, text: str) -> str:
    if not re.fullmatch(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})", text, re.ASCII):
        raise BadValue(f"is no number{_range(parameter)}")
    _check_range(parameter, Decimal(text), Decimal)
    return literal_term(f"{Decimal(text):f}", f"{_XSD}decimal")


def _boolean(_: Parameter, text: str) -> str:
    if text not in ("true", "false"):
        raise BadValue("is neither true nor false")
    return literal_term(text, f"{_XSD}boolean")


def _year(parameter: Parameter, text: str) -> str:
    if not re.fullmatch("[0-9]{4}", text, re.ASCII):
        raise BadValue(f"is no year with four figures{_range(parameter)}")
    _check_range(parameter, int(text), int)
    return literal_term(text, f"{_XSD}gYear")


def _date(parameter: Parameter, text: str) -> str:
    try:
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
            raise ValueError
        _check_range(parameter, date.fromisoformat(text), date.fromisoformat)
    except ValueError:
        raise BadValue(f"is no date such as 2015-12-31{_range(parameter)}") from None
    return literal_term(text, f"{_XSD}date")


def _language(_: Parameter, text: str) -> str:
    if not re.fullmatch("[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,4}", text, re.ASCII):
        raise BadValue("is no language tag such as en or pt-BR")
    return literal_term(text.lower())


_READ: Mapping[Type, Callable[[Parameter, str], str]] = {
    Type.TEXT: _text,
    Type.INTEGER: _integer,
    Type.DECIMAL: _decimal,
    Type.BOOLEAN: _boolean,
    Type.YEAR: _year,
    Type.DATE: _date,
    Type.LANGUAGE: _language,
}


def _check_range(parameter: Parameter, value: _T, read: Callable[[str], _T]) -> None:
    low, high = parameter.minimum, parameter.maximum
    if (low and value < read(low)) or (high and value > read(high)):
        raise BadValue(f"is not{_range(parameter)}")


def _range(parameter: Parameter) -> str:
    low, high = parameter.minimum, parameter.maximum
    if low and high:
        return f" from {low} to {high}"
    return f" from {low} on" if low else f" up to {high}" if high else ""
