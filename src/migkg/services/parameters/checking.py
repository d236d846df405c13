"""Whether what a query declares and what it uses go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from migkg.errors import BadDeclaration
from migkg.model.sparql_text.parameters import MARK, Place, places
from migkg.services.parameters.declarations import Parameter, Type
from migkg.services.parameters.values import LONGEST, BadValue, default_term, scalar_term

_COUNTS = ("LIMIT", "OFFSET")


def check(text: str, parameters: Sequence[Parameter]) -> None:
    """Raises :class:`BadDeclaration` for the first thing that does not fit, with its place."""
    declared = {item.name: item for item in parameters}
    for item in parameters:
        _check_values(item)
    used = set()
    for place in places(text):
        if place.name not in declared:
            message = f"The parameter ?{MARK}{place.name} is not declared."
            raise _at(place, text, f"{message} Declare it as '#+ {place.name}: {{type: …}}'.")
        used.add(place.name)
        _check_place(declared[place.name], place, text)
    for item in parameters:
        if item.name not in used:
            message = f"The query does not use the parameter {item.name}: write ?{MARK}{item.name}."
            raise BadDeclaration(message, line=item.line)


def _check_place(parameter: Parameter, place: Place, text: str) -> None:
    if parameter.optional and not place.among_rows:
        raise _at(
            place,
            text,
            f"The parameter {parameter.name} has no default, so it may be open, and can stand "
            "only among the rows of VALUES.",
        )
    if place.behind in _COUNTS and not _counts(parameter):
        message = f"Behind {place.behind} a parameter is an integer with a minimum of 0 or more."
        raise _at(place, text, message)


def _counts(parameter: Parameter) -> bool:
    return parameter.type is Type.INTEGER and int(parameter.minimum or -1) >= 0


def _check_values(parameter: Parameter) -> None:
    """Raises :class:`BadDeclaration` for bounds or a default that could not be given."""
    free = replace(parameter, minimum=None, maximum=None)
    for key in ("maximum", "minimum", "default"):
        value = getattr(parameter, key)
        if value is None:
            continue
        try:
            if key == "default":
                default_term(parameter)
            elif parameter.type is Type.TEXT:
                _check_length(value)
            else:
                scalar_term(
                    free if key == "maximum" else replace(free, maximum=parameter.maximum), value
                )
        except BadValue as error:
            message = f"The {key} of the parameter {parameter.name}, {value!r}, {error}."
            raise BadDeclaration(message, line=parameter.line) from None


def _check_length(text: str) -> None:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LONGEST):
        raise BadValue(f"is no number of characters from 1 to {LONGEST}")


def _at(place: Place, text: str, message: str) -> BadDeclaration:
    line = text.count("\n", 0, place.start) + 1
    column = place.start - text.rfind("\n", 0, place.start)
    return BadDeclaration(message, line=line, column=column)
