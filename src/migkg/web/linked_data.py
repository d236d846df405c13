"""``/id``, ``/page``, ``/data``, ``/describe``, ``/profile``: things and the documents about them.

A thing's IRI answers 303 to a document about it (https://www.w3.org/TR/cooluris/#r303gendocument).
"""

from __future__ import annotations

import json
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from migkg.engine import rdf_io
from migkg.engine.protocol import Lane
from migkg.model import formats
from migkg.model.formats import Format
from migkg.services import jsonld, schema_org, thing_view
from migkg.services.linked_data import Document
from migkg.services.profiles import EVIDENCE, PROFILES, SCHEMA_ORG, Profile
from migkg.web import languages, negotiation, pages, profiles, similar, thing_parts
from migkg.web.answers import caller_of
from migkg.web.problems import HttpProblem, not_acceptable
from migkg.web.raw_path import below, encoded, names
from migkg.web.representation import (
    DOCUMENT_FORMATS,
    link,
    page_links,
    profile_links,
    thing_links,
)
from migkg.web.state import State, state_of
from migkg.web.validators import validated

_MEDIA_TYPES = [item.media_type for item in DOCUMENT_FORMATS]
_DIGITS = 6  # more pages than any thing has


async def thing(request: Request) -> Response:
    """303 from a thing to its page or its data."""
    state = state_of(request)
    path = below(request, "/id/")
    await _exists(request, state, path)
    offers = [negotiation.HTML, *_MEDIA_TYPES]
    chosen = negotiation.choose(request.headers.getlist("accept"), offers)
    if chosen is None:
        raise not_acceptable(offers)
    folder = "page" if chosen == negotiation.HTML else "data"
    query = request.scope["query_string"].decode("latin-1")
    location = f"{state.settings.public_url}/{folder}/{path}" + (f"?{query}" if query else "")
    return RedirectResponse(location, status_code=303, headers={"Vary": "Accept"})


async def page(request: Request) -> Response:
    """A page for people about one thing."""
    path = below(request, "/page/")
    document = await _of_ours(request, path, EVIDENCE)
    return await _html(request, document, f"{state_of(request).settings.public_url}/data/{path}")


async def data(request: Request) -> Response:
    """The data about one thing; an extension fixes the format."""
    state = state_of(request)
    path, chosen = _split_extension(below(request, "/data/"))
    profile = profiles.chosen(request, state.settings.base_iri)
    return _rdf(request, await _of_ours(request, path, profile), chosen)


async def describe(request: Request) -> Response:
    """The description of any IRI that the release speaks of, given as ``?iri=``."""
    state = state_of(request)
    iris = request.query_params.getlist("iri")
    if len(iris) != 1 or not iris[0]:
        raise HttpProblem(400, "bad-parameter", "Give exactly one parameter 'iri'.")
    profile = profiles.chosen(request, state.settings.base_iri)
    offers = [negotiation.HTML, *_MEDIA_TYPES]
    is_page = negotiation.choose(request.headers.getlist("accept"), offers) == negotiation.HTML
    document = await _described(request, iris, EVIDENCE if is_page else profile)
    if not is_page:
        return _rdf(request, document, None)
    return await _html(
        request, document, f"{state.settings.public_url}/describe?iri={quote(iris[0])}"
    )


async def profile(request: Request) -> Response:
    """303 from a profile to where it is described."""
    known = [item.name for item in PROFILES]
    name = request.path_params["name"]
    if name not in known:
        raise HttpProblem(404, "not-found", f"There is no profile {name}.", available=known)
    location = f"{state_of(request).settings.public_url}/docs#profile-{name}"
    return RedirectResponse(location, status_code=303)


async def _exists(request: Request, state: State, path: str) -> None:
    """404 or 410 unless the release says something of a thing of ours."""
    caller = caller_of(request, Lane.PAGE)
    iris = _iris(state, path)
    _refuse_retired(state, iris)
    for iri in iris:
        if await state.linked_data.knows(iri, caller):
            return
    raise await _not_found(request, iris[0])


async def _of_ours(request: Request, path: str, profile: Profile) -> Document:
    return await _described(request, _iris(state_of(request), path), profile)


def _iris(state: State, path: str) -> list[str]:
    return [f"{state.settings.base_iri}id/{name}" for name in names(path)]


async def _described(request: Request, iris: list[str], profile: Profile) -> Document:
    """The document of the first of these that the release says something of."""
    state = state_of(request)
    _refuse_retired(state, iris)
    number = _page_number(request)
    caller = caller_of(request, Lane.PAGE)
    for iri in iris:
        found = await state.linked_data.document(iri, profile, page=number, caller=caller)
        if found:
            return found
    raise await _not_found(request, iris[0], number)


def _refuse_retired(state: State, iris: list[str]) -> None:
    """410 for an identifier that was given up, with those that took its place."""
    for iri in iris:
        retired = state.schema.retired.get(iri)
        if retired is not None:
            links = [link(successor, "successor-version") for successor in retired.successors]
            raise HttpProblem(
                410,
                "gone",
                f"<{encoded(iri)}> is no longer used. {retired.reason}".strip(),
                headers={"Link": ", ".join(links)} if links else None,
                successors=list(retired.successors) or None,
            )


def _page_number(request: Request) -> int:
    given = request.query_params.getlist("page")
    text = given[0].lstrip("0") if given else "1"
    if len(given) > 1 or not (text.isascii() and text.isdigit()) or len(text) > _DIGITS:
        raise HttpProblem(400, "bad-parameter", "The parameter 'page' is one number, 1 or more.")
    return int(text)


async def _not_found(request: Request, iri: str, page: int = 1) -> HttpProblem:
    what = f"There is no page {page} of" if page > 1 else "Nothing is known of"
    return HttpProblem(
        404,
        "not-found",
        f"{what} <{encoded(iri)}>.",
        advice="The start page lists all kinds of things; /search finds a thing by its name.",
        similar=await similar.things(request, iri) or None,
    )


def _split_extension(path: str) -> tuple[str, Format | None]:
    stem, dot, extension = path.rpartition(".")
    chosen = formats.BY_EXTENSION.get(extension) if dot else None
    return (stem, chosen) if chosen in DOCUMENT_FORMATS else (path, None)


async def _html(request: Request, document: Document, data_url: str) -> Response:
    state = state_of(request)
    language = languages.current().code
    view = thing_view.describe(document.iri, document.triples, state.schema, language)
    thing_node = rdf_io.NamedNode(document.iri)
    facts = schema_org.translated(thing_node, document.triples, state.schema)
    linked = [
        jsonld.framed(document.iri, document.triples, state.context),
        schema_org.document(document.iri, facts),
    ]
    around = page_links(request, state, document)
    parts = {
        **await thing_parts.parts(request, document, view),
        "data_url": data_url,
        "linked": list(map(jsonld.embed, linked)),
        "around": around,
    }
    page = _linked(request, document, pages.thing(state, view, parts), is_page=True)
    if parts["late"]:
        page.headers["Cache-Control"] = "no-store"
        return page
    return validated(request, page)


def _rdf(request: Request, document: Document, chosen: Format | None) -> Response:
    state = state_of(request)
    if chosen is None:
        media_type = negotiation.choose(request.headers.getlist("accept"), _MEDIA_TYPES)
        if media_type is None:
            raise not_acceptable(_MEDIA_TYPES)
        chosen = formats.BY_MEDIA_TYPE[media_type]
    headers = {
        "Content-Type": chosen.content_type,
        "Content-Profile": f"<{document.profile.iri(state.settings.base_iri)}>",
        "Vary": "Accept, Accept-Profile",
    }
    response = Response(_serialize(state, document, chosen), headers=headers)
    return validated(request, _linked(request, document, response, is_page=False))


def _linked(request: Request, document: Document, response: Response, *, is_page: bool) -> Response:
    """The response with the typed links of a document."""
    state = state_of(request)
    links = []
    if document.iri.startswith(state.settings.base_iri + "id/"):
        links += thing_links(state, document, is_page=is_page)
        path = encoded(document.iri.removeprefix(state.settings.base_iri + "id/"))
        links += profile_links(state, document, f"{state.settings.public_url}/data/{path}")
    around = page_links(request, state, document)
    links += [link(url, relation) for relation, url in around.items()]
    if links:
        response.headers["Link"] = ", ".join(links)
    return response


def _serialize(state: State, document: Document, chosen: Format) -> bytes:
    if chosen is formats.JSONLD:
        if document.profile is SCHEMA_ORG:
            linked = schema_org.document(document.iri, document.triples)
        else:
            linked = jsonld.framed(document.iri, document.triples, state.context)
        return json.dumps(linked, ensure_ascii=False).encode("utf-8")
    prefixes = rdf_io.used_prefixes(document.triples, state.schema.prefixes)
    return rdf_io.write_triples(document.triples, chosen, prefixes=prefixes)
