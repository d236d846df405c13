"""The OpenAPI operations of stored queries with parameters, each at its own path."""

from __future__ import annotations

from typing import Any

from migkg.services.parameters import Choice, Parameter, Type
from migkg.services.parameters.values import LONGEST
from migkg.services.stored_queries import StoredQuery
from migkg.services.views import choosing
from migkg.web import openapi, routing
from migkg.web.negotiation import HTML
from migkg.web.state import State

_SCHEMAS: dict[Type, dict[str, Any]] = {
    Type.YEAR: {"type": "integer"},
    Type.INTEGER: {"type": "integer"},
    Type.DECIMAL: {"type": "number"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DATE: {"type": "string", "format": "date"},
    Type.LANGUAGE: {"type": "string", "pattern": "^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,4}$"},
}


async def operations(state: State) -> dict[str, dict[str, Any]]:
    """The operation of every stored query that has parameters, by its path."""
    return {
        f"/queries/{query.name}": await _operation(state, query)
        for query in state.queries.values()
        if query.parameters
    }


async def _operation(state: State, query: StoredQuery) -> dict[str, Any]:
    offers = query.form.answer_formats
    output = routing.Parameter(
        "format", "Format of the answer.", values=tuple(item.name for item in offers)
    )
    view = routing.Parameter("view", "What the page draws.", values=choosing.VIEWS)
    parameters = [
        _described(item, await state.choices.of(item) if item.source else None)
        for item in query.parameters
    ]
    return openapi.operation(
        f"queries_{query.name}",
        query.question,
        [*parameters, openapi.in_query(output), openapi.in_query(view)],
        (HTML, *(item.media_type for item in offers)),
    )


def _described(parameter: Parameter, choices: tuple[Choice, ...] | None) -> dict[str, Any]:
    """The parameter object (https://spec.openapis.org/oas/v3.1.0.html#parameter-object)."""
    return {
        "name": parameter.name,
        "in": "query",
        "description": _meaning(parameter),
        "required": parameter.required,
        "schema": schema(parameter, choices),
    }


def _meaning(parameter: Parameter) -> str:
    named = " An IRI or the English name will do too." if parameter.source else ""
    left_out = " Left out: any." if parameter.optional else ""
    return f"{parameter.label}.{named}{left_out}"


def schema(parameter: Parameter, choices: tuple[Choice, ...] | None) -> dict[str, Any]:
    """The JSON Schema of what can be given, with the default, or the example of what must be."""
    found = _values(parameter, choices)
    kind = found["type"]
    bounds = {"minimum": parameter.minimum, "maximum": parameter.maximum}
    if kind in ("integer", "number"):
        found |= {name: _typed(kind, value) for name, value in bounds.items() if value is not None}
    if parameter.default is not None and parameter.required:
        found["examples"] = [_typed(kind, parameter.default)]
    elif parameter.default is not None:
        found["default"] = _typed(kind, parameter.default)
    return found


def _values(parameter: Parameter, choices: tuple[Choice, ...] | None) -> dict[str, Any]:
    if parameter.source:
        listed = {"enum": [item.value for item in choices]} if choices else {}
        return {"type": "string", **listed}
    if parameter.type is Type.TEXT:
        return {"type": "string", "maxLength": int(parameter.maximum or LONGEST)}
    return dict(_SCHEMAS[parameter.type])


def _typed(kind: str, text: str) -> object:
    """A value as JSON has it."""
    if kind == "integer":
        return int(text)
    if kind == "number":
        return float(text)
    return text == "true" if kind == "boolean" else text
