"""The rows of queries of our own, for pages."""

from __future__ import annotations

from starlette.requests import Request

from migkg.engine.protocol import Lane, Query
from migkg.model import formats
from migkg.model.sparql_text import Form
from migkg.services.results import result_rows
from migkg.web.answers import answer_to


async def rows(request: Request, text: str) -> list[dict[str, str]]:
    """The answer to a SELECT query, the value of every bound variable as text."""
    return result_rows(await results(request, text))


async def results(request: Request, text: str) -> bytes:
    """The same in the JSON format of results."""
    query = Query(text=text, form=Form.SELECT, format=formats.JSON)
    return (await answer_to(request, query, Lane.PAGE)).read()
