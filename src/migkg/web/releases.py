"""``/releases``: the releases that are kept, as a page, JSON or RDF."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migkg.engine import kept
from migkg.errors import AmbiguousRelease, UnknownRelease
from migkg.model import formats
from migkg.services import release_list
from migkg.services.release_list import Entry
from migkg.web import negotiation, pages
from migkg.web.descriptions import OFFERS, described_in, service_url
from migkg.web.problems import HttpProblem, not_acceptable
from migkg.web.state import State, state_of
from migkg.web.validators import validated

# Another process may have put a release here, or taken one away.
_FRESHNESS = "no-cache"


async def index(request: Request) -> Response:
    """All releases that are kept."""
    return _answer(request, _entries(state_of(request)), whole=True)


async def one(request: Request) -> Response:
    """One of them; its id may be shortened as long as it is the only one that begins so."""
    state = state_of(request)
    found = find(state, request.path_params["id"])
    return _answer(request, [e for e in _entries(state) if e.id == found], whole=False)


def find(state: State, text: str) -> str:
    """The id of a release that is kept; raises :class:`HttpProblem` where there is not one."""
    try:
        return kept.find(state.settings.releases, text)
    except AmbiguousRelease as error:
        raise HttpProblem(400, "bad-parameter", str(error), available=error.available) from None
    except UnknownRelease as error:
        raise HttpProblem(
            404,
            "not-found",
            f"No release {text[:64]!r} is kept here.",
            advice="/releases lists those that are.",
            available=error.available,
        ) from None


def _entries(state: State) -> list[Entry]:
    folder = state.settings.releases
    current = kept.current_id(folder) if state.older else state.release.id
    return release_list.entries(folder, current)


def _answer(request: Request, entries: list[Entry], *, whole: bool) -> Response:
    state = state_of(request)
    offers = [negotiation.JSON, negotiation.HTML, *OFFERS]
    chosen = negotiation.choose(request.headers.getlist("accept"), offers)
    if chosen is None:
        raise not_acceptable(offers)
    if chosen == negotiation.HTML:
        page = pages.render(state, "releases.html", entries=entries, whole=whole)
        return validated(request, page, _FRESHNESS)
    if chosen == negotiation.JSON:
        contents = [entry.content(state.settings.public_url) for entry in entries]
        content = {"releases": contents} if whole else contents[0]
        return validated(request, JSONResponse(content, headers={"Vary": "Accept"}), _FRESHNESS)
    url = service_url(request)
    triples = [t for entry in entries for t in entry.triples(state.settings.base_iri, url)]
    return described_in(request, triples, formats.BY_MEDIA_TYPE[chosen], _FRESHNESS)
