"""``/sparql/check``, ``/sparql/format`` and ``/sparql/terms``: what an editor of queries asks."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migkg.engine.protocol import Query
from migkg.errors import BadQuery
from migkg.model.sparql_text import QueryText, laid_out, limit_rows, read_query
from migkg.services.completion import vocabulary
from migkg.web.answers import answer_to
from migkg.web.sparql import DIRECT, read_posted
from migkg.web.state import state_of
from migkg.web.validators import validated

# The name of no graph: a dataset without triples.
_NOTHING = ("urn:x-migkg:nothing",)


async def check(request: Request) -> Response:
    """What is wrong with a query, and where; nothing if it could be run.

    The check itself succeeds, so the answer is no problem document.
    """
    state = state_of(request)
    operation = await read_posted(request, state.settings.query_text)
    form, problems = None, []
    try:
        text = read_query(operation.query, state.settings.query_limits)
        await _read_by_engine(request, text)
        form = text.form.value
    except BadQuery as error:
        problems.append({"detail": str(error), "line": error.line, "column": error.column})
    return _unkept(JSONResponse({"form": form, "problems": problems}))


async def _read_by_engine(request: Request, text: QueryText) -> None:
    """Has the engine read and plan a query; there is nothing that it could work on.

    What is wrong is said of the text as it was sent: behind its end stands nothing of ours.
    """
    short = limit_rows(text, 0)
    try:
        await _plan(request, text, short)
    except BadQuery:
        if short == text.text:
            raise
        await _plan(request, text, text.text)


async def _plan(request: Request, text: QueryText, words: str) -> None:
    query = Query(
        text=words,
        form=text.form,
        format=text.form.answer_formats[0],
        default_graphs=_NOTHING,
        named_graphs=_NOTHING,
    )
    (await answer_to(request, query)).close()


async def layout(request: Request) -> Response:
    """The same query with other white space."""
    settings = state_of(request).settings
    operation = await read_posted(request, settings.query_text)
    # In a thread: a long text takes longer than others should wait.
    out = await asyncio.to_thread(laid_out, operation.query, settings.query_limits)
    return _unkept(Response(out, headers={"Content-Type": f"{DIRECT}; charset=utf-8"}))


async def terms(request: Request) -> Response:
    """The prefixes and terms of the release."""
    state = state_of(request)
    content = vocabulary(state.schema, state.catalogue.statistics)
    return validated(request, JSONResponse({"release": state.release.id, **content}))


def _unkept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
