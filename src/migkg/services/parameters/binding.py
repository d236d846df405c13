"""A stored query with its parameters bound: each is replaced by one term."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migkg.errors import BadParameters
from migkg.model.sparql_text.parameters import UNDEF, bound
from migkg.services.parameters.choices import Choices
from migkg.services.parameters.declarations import Parameter, Type
from migkg.services.parameters.values import BadValue, default_term, scalar_term

_SHOWN = 60  # characters of a value in an error


@dataclass(frozen=True)
class Bound:
    """The text of a query for the values that were given.

    ``values`` has what identifies the value of each parameter in an address; empty for one that is
    open.
    """

    text: str
    values: dict[str, str]


def bound_defaults(text: str, parameters: Sequence[Parameter]) -> str:
    """The text of a query to which nothing is given; raises :class:`BadValue`."""
    return bound(text, {item.name: _default(item) for item in parameters})


async def bind(
    text: str, parameters: Sequence[Parameter], given: Mapping[str, str], choices: Choices
) -> Bound:
    """The text of a query with what was given; an empty value is none.

    Raises :class:`BadParameters` for values that cannot be, all at once.
    """
    refuse_unknown(parameters, given)
    problems: dict[str, str] = {}
    available = None
    terms: dict[str, str] = {}
    values: dict[str, str] = {}
    for item in parameters:
        value = given.get(item.name, "")
        try:
            values[item.name], terms[item.name] = await _read(item, value, choices)
        except BadValue as error:
            shown = f" ({value[:_SHOWN]!r}{'…' if len(value) > _SHOWN else ''})" if value else ""
            available = available or error.available
            problems[item.name] = f"The parameter '{item.name}'{shown} {error}."
    if problems:
        raise BadParameters(problems, available if len(problems) == 1 else None)
    return Bound(bound(text, terms), values)


def refuse_unknown(parameters: Sequence[Parameter], given: Iterable[str]) -> None:
    """Raises :class:`BadParameters` for names that no parameter has."""
    known = [item.name for item in parameters]
    unknown = [repr(name[:_SHOWN]) for name in given if name not in known]
    if unknown:
        there = f"there is {', '.join(known)}" if known else "it has none"
        raise BadParameters({"": f"The query has no parameter {unknown[0]}; {there}."}, known)


async def _read(parameter: Parameter, text: str, choices: Choices) -> tuple[str, str]:
    """The value as it stands in an address, and its term."""
    value = text if parameter.type is Type.TEXT else text.strip()
    if not value:
        if parameter.required:
            raise BadValue("is required")
        return parameter.default or "", _default(parameter)
    if parameter.source:
        choice = await choices.choice(parameter, value)
        return choice.value, choice.term
    return value, scalar_term(parameter, value)


def _default(parameter: Parameter) -> str:
    return UNDEF if parameter.optional else default_term(parameter)
