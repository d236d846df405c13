"""``/queries``: the stored queries, their parameters, and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migkg.engine.protocol import Query
from migkg.errors import BadParameters
from migkg.model import formats
from migkg.model.sparql_text import Form, QueryText, read_query
from migkg.services.parameters import Bound, Choice, Parameter, Type
from migkg.services.parameters.values import LONGEST
from migkg.services.stored_queries import StoredQuery
from migkg.web import negotiation, pages, shown
from migkg.web.answers import answer_to, answered
from migkg.web.problems import HttpProblem, not_acceptable
from migkg.web.sparql import parse_pairs
from migkg.web.state import State, state_of
from migkg.web.stored_query_paths import schema
from migkg.web.validators import validated

# What an address may have beside the parameters of the query.
_OTHER = ("format", "view", "release", "lang")
_LONGEST = 200  # characters of a text to look for among the questions


_CONTROLS = {
    Type.INTEGER: "number",
    Type.DECIMAL: "number",
    Type.YEAR: "number",
    Type.DATE: "date",
}


@dataclass(frozen=True)
class Field:
    """One parameter in the form of a page: what was given, what there is, and what is wrong."""

    parameter: Parameter
    value: str
    choices: tuple[Choice, ...] | None
    error: str

    @property
    def options(self) -> list[tuple[str, str]] | None:
        """All that can be chosen, each with its label; None where people type."""
        if self.parameter.type is Type.BOOLEAN:
            listed = [("true", "yes"), ("false", "no")]
        elif self.choices is None:
            return None
        else:
            listed = [(item.value, item.label) for item in self.choices]
        if self.parameter.optional:
            listed.insert(0, ("", "any"))
        if self.value not in [value for value, _ in listed]:
            listed.insert(0, (self.value, self.value))  # what was given stays, with its error
        return listed

    @property
    def control(self) -> str:
        """The type of the input where people type; one for text keeps what is no number."""
        if self.error:
            return "text"
        return _CONTROLS.get(self.parameter.type, "text")

    @property
    def limits(self) -> dict[str, str]:
        """The attributes of that input which hold it within its range."""
        item = self.parameter
        if self.control == "text":
            most = item.maximum if item.type is Type.TEXT else None
            return {"maxlength": most or str(LONGEST)}
        bounds = {"min": item.minimum, "max": item.maximum}
        found = {name: value for name, value in bounds.items() if value is not None}
        return found | ({"step": "any"} if item.type is Type.DECIMAL else {})


async def index(request: Request) -> Response:
    """The list of the stored queries, or of those whose question or name has some words."""
    state = state_of(request)
    text = _given(request, ("q", *_OTHER)).get("q", "")
    if len(text) > _LONGEST:
        detail = f"The parameter 'q' has {len(text)} characters; at most {_LONGEST} are taken."
        raise HttpProblem(400, "bad-parameter", detail)
    listed = [query for query in state.queries.values() if query.has_words(text)]
    chosen = negotiation.choose(
        request.headers.getlist("accept"), [negotiation.JSON, negotiation.HTML]
    )
    if chosen == negotiation.HTML:
        return validated(request, pages.render(state, "queries.html", queries=listed, text=text))
    content = {"queries": [_entry(state, query) for query in listed]}
    return validated(request, JSONResponse(content, headers={"Vary": "Accept"}))


def _entry(state: State, query: StoredQuery) -> dict[str, Any]:
    return {
        "name": query.name,
        "question": query.question,
        "query": query.text,
        "url": f"{state.settings.public_url}/queries/{query.name}",
        "parameters": [_described(item) for item in query.parameters],
    }


def _described(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "type": parameter.type.value,
        "label": parameter.label,
        "required": parameter.required,
        "schema": schema(parameter, None),
    }


async def one(request: Request) -> Response:
    """The answer to a stored query, in any result format or as a page."""
    state = state_of(request)
    query = state.queries.get(request.path_params["name"])
    if query is None:
        raise HttpProblem(
            404,
            "not-found",
            f"There is no stored query {request.path_params['name']}.",
            advice="/queries lists all.",
        )
    given = _given(request, (*query.names, *_OTHER))
    chosen = _chosen(request, query.form, given.get("format"))
    given = {name: value for name, value in given.items() if name in query.names}
    if chosen == negotiation.HTML:
        return await _page(request, query, given)
    bound = await query.bound(given, state.choices)
    text = read_query(bound.text, state.settings.query_limits)
    asked = Query.of(text, formats.BY_MEDIA_TYPE[chosen])
    return await answered(request, asked, repeatable=text.repeatable)


def _given(request: Request, known: tuple[str, ...]) -> dict[str, str]:
    """What the address gives; raises :class:`HttpProblem` for what is unknown or given twice."""
    named = [name for name in known if name != "lang"]
    given: dict[str, str] = {}
    for name, value in parse_pairs(request.scope["query_string"], "query string"):
        if name not in known:
            detail = f"There is no parameter {name[:60]!r} here; there is {', '.join(named)}."
            raise HttpProblem(400, "bad-parameter", detail, available=named)
        if name in given:
            detail = f"The parameter '{name}' is given twice; give it once."
            raise HttpProblem(400, "bad-parameter", detail)
        given[name] = value
    return given


def _chosen(request: Request, form: Form, wanted: str | None) -> str:
    """The media type of the answer, by ``format=`` or ``Accept``."""
    offers = [item.media_type for item in form.answer_formats]
    if wanted:
        names = {item.name: item.media_type for item in form.answer_formats}
        if wanted not in names:
            detail = f"This query has no format {wanted[:60]!r}; there is {', '.join(names)}."
            raise HttpProblem(406, "not-acceptable", detail, available=list(names))
        return names[wanted]
    chosen = negotiation.choose(request.headers.getlist("accept"), [negotiation.HTML, *offers])
    if chosen is None:
        raise not_acceptable([negotiation.HTML, *offers])
    return chosen


async def _page(request: Request, query: StoredQuery, given: dict[str, str]) -> Response:
    """The page with the form and the answer; with the form alone where something is wrong."""
    state = state_of(request)
    try:
        bound = await query.bound(given, state.choices)
    except BadParameters as error:
        return await _form(state, query, given, error.problems)
    text = read_query(bound.text, state.settings.query_limits)
    answer = await answer_to(request, shown.asked(text))
    page = pages.query_page(
        state,
        {
            "query": query,
            "text": bound.text,
            "fields": [
                await _field(state, item, bound.values[item.name]) for item in query.parameters
            ],
            "shown": await shown.of_answer(request, answer, request.query_params.get("view", "")),
            "links": _links(query, bound, text),
            "editor": shown.Links("/sparql").to("query", bound.text),
        },
    )
    return validated(request, page) if text.repeatable else page


async def _form(
    state: State, query: StoredQuery, given: Mapping[str, str], problems: Mapping[str, str]
) -> Response:
    """The form with what was given and what is wrong with it; at first, with examples."""
    asked = any(given.values())
    fields = [
        await _field(state, item, given.get(item.name, ""), problems.get(item.name, ""))
        if asked
        else await _field(state, item, item.default or "")
        for item in query.parameters
    ]
    status = 400 if asked else 200
    page = pages.query_page(state, {"query": query, "fields": fields, "shown": None}, status)
    page.headers["Cache-Control"] = "no-store"
    return page


async def _field(state: State, parameter: Parameter, value: str, error: str = "") -> Field:
    listed = await state.choices.of(parameter) if parameter.source else None
    return Field(parameter, value, listed, error)


def _links(query: StoredQuery, bound: Bound, text: QueryText) -> shown.Links:
    """The answer as it was asked for, in other views and formats."""
    given = tuple((name, value) for name, value in bound.values.items() if value)
    return shown.Links(f"/queries/{query.name}", given, text.form.answer_formats)
