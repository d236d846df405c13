"""The start page, and the pages that a project's own queries make."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from migkg.model import formats
from migkg.services import disagreements, jsonld, overviews
from migkg.web import descriptions, negotiation, pages
from migkg.web.names import translations
from migkg.web.problems import HttpProblem, not_acceptable
from migkg.web.rows import rows
from migkg.web.state import state_of
from migkg.web.validators import validated

_CLASSES = """SELECT ?class (COUNT(DISTINCT ?thing) AS ?count) WHERE {
  ?thing a ?class .
  FILTER(STRSTARTS(STR(?class), "%s"))
} GROUP BY ?class ORDER BY DESC(?count) ?class"""


async def home(request: Request) -> Response:
    """The start page: what the release holds; to programs, the catalogue and the dataset."""
    state = state_of(request)
    offers = [negotiation.HTML, *descriptions.OFFERS]
    chosen = negotiation.choose(request.headers.getlist("accept"), offers)
    if chosen is None:
        raise not_acceptable(offers)
    if chosen != negotiation.HTML:
        return descriptions.overview(request, formats.BY_MEDIA_TYPE[chosen])
    places = overviews.places(await _listed(request, overviews.MAP))
    years = overviews.timeline(await _listed(request, overviews.TIMELINE))
    shown = [place.iri for place in places]
    shown += [event.iri for events in years.values() for event in events]
    page = pages.render(
        state,
        "home.html",
        names=await translations(request, shown),
        linked=jsonld.embed(state.catalogue.schema_org(state.settings.public_url)),
        schema=state.schema,
        queries=state.queries,
        classes=await rows(request, _CLASSES % state.vocabulary.namespace),
        places=places,
        years=years,
        titles={name: query.question for name, query in state.page_queries.items()},
    )
    return validated(request, page)


async def outline(request: Request) -> Response:
    """A tree of things with what is linked to each: ``/sdg`` from ``pages/sdg.rq``."""
    state = state_of(request)
    name = request.scope["path"].strip("/")
    items = overviews.outline(await _needed(request, name))
    title = state.page_queries[name].question
    shown = [iri for item in items for iri in item.iris()]
    page = pages.render(
        state, "outline.html", names=await translations(request, shown), title=title, items=items
    )
    return validated(request, page)


async def differences(request: Request) -> Response:
    """All disagreements, by kind."""
    state = state_of(request)
    listed = disagreements.read(await _needed(request, disagreements.QUERY))
    page = pages.render(
        state,
        "disagreements.html",
        title=state.page_queries[disagreements.QUERY].question,
        kinds=disagreements.by_kind(listed),
    )
    return validated(request, page)


async def _listed(request: Request, name: str) -> list[dict[str, str]]:
    query = state_of(request).page_queries.get(name)
    return await rows(request, query.text) if query else []


async def _needed(request: Request, name: str) -> list[dict[str, str]]:
    """The rows of a query for pages; 404 where the project has none."""
    if name not in state_of(request).page_queries:
        raise HttpProblem(404, "not-found", f"This project has no pages/{name}.rq.")
    return await _listed(request, name)
