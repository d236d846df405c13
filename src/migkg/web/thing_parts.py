"""What the page of a thing shows beside its facts.

Each part is a query of its own. One that is late costs the page that part, not its facts; the page
then says so, and nobody keeps it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Any, TypeVar

from starlette.requests import Request

from migkg.errors import EngineBusy, QueryCrashed, QueryRefused, QueryTimeout
from migkg.model.messages import translatable
from migkg.services import disagreements, neighbourhood, page_queries, paragraphs
from migkg.services.linked_data import Document
from migkg.services.thing_view import Description
from migkg.web.names import translations
from migkg.web.problems import HttpProblem
from migkg.web.rows import rows
from migkg.web.state import state_of

log = logging.getLogger(__name__)

_Part = TypeVar("_Part")
_DIGITS = 5  # more pages of paragraphs than any document has


async def parts(request: Request, document: Document, view: Description) -> dict[str, Any]:
    """The parts by the names that the template has for them; ``late`` are those left out."""
    state = state_of(request)
    first = document.page == 1
    base = state.settings.base_iri
    late: list[str] = []
    source = (
        await _unless_late(
            _source(request, document, view), translatable("its paragraphs and what it names"), late
        )
        if first
        else None
    )
    named = [row["thing"] for kind in source["kinds"].values() for row in kind] if source else []
    return {
        "names": await _unless_late(
            translations(request, named), translatable("names in this language"), late
        ),
        "picture": neighbourhood.picture(view, base) if first else None,
        "disagreements": await _unless_late(
            _disagreements(request, document),
            translatable("where statements about it differ"),
            late,
        )
        if first
        else None,
        "source": source,
        "late": late,
        "query_text": state.linked_data.query_text(document.iri, document.page),
    }


async def _unless_late(part: Awaitable[_Part], name: str, late: list[str]) -> _Part | None:
    """A part, or None, with its name in ``late``, if the engine did not give it in time."""
    try:
        return await part
    except (EngineBusy, QueryCrashed, QueryRefused, QueryTimeout) as error:
        log.warning("A page is sent without %s: %s", name, error)
        late.append(name)
        return None


async def _disagreements(request: Request, document: Document) -> list[disagreements.Disagreement]:
    query = state_of(request).page_queries.get(disagreements.QUERY_OF_THING)
    if query is None:
        return []
    return disagreements.read(await rows(request, page_queries.about(query, document.iri)))


async def _source(request: Request, document: Document, view: Description) -> dict[str, Any] | None:
    """What was drawn from a source document, if the thing is one."""
    terms = state_of(request).vocabulary
    if str(terms.source_document) not in [kind.iri for kind in view.types]:
        return None
    page = _page(request)
    listed = paragraphs.read(
        await rows(request, paragraphs.facts_query(document.iri, terms, page=page))
    )
    (coverage,) = await rows(request, paragraphs.coverage_query(document.iri, terms))
    kinds: dict[str, list[dict[str, str]]] = {}
    for row in await rows(request, paragraphs.named_query(document.iri, terms)):
        kinds.setdefault(row["kind"], []).append(row)
    return {
        "paragraphs": listed,
        "total": int(coverage["paragraphs"]),
        "supporting": int(coverage["supporting"]),
        "page": page,
        "pages": -(-int(coverage["paragraphs"]) // paragraphs.PAGE),
        "kinds": kinds,
    }


def _page(request: Request) -> int:
    given = request.query_params.getlist("paragraphs")
    text = given[0] if given else "1"
    is_number = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    if len(given) > 1 or not is_number or int(text) < 1:
        raise HttpProblem(
            400, "bad-parameter", "The parameter 'paragraphs' is one number, 1 or more."
        )
    return int(text)
