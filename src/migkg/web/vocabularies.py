"""``/ontology``, ``/shapes`` and ``/context.jsonld``: the words that all documents are made of."""

from __future__ import annotations

import json
import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from migkg.engine import rdf_io
from migkg.model import formats
from migkg.model.formats import Format
from migkg.model.turtle import write_turtle
from migkg.services import jsonld, ontology_docs
from migkg.web import negotiation, pages
from migkg.web.problems import HttpProblem, not_acceptable
from migkg.web.representation import DOCUMENT_FORMATS, link
from migkg.web.rows import rows
from migkg.web.state import State, state_of
from migkg.web.validators import validated

_YEAR = "public, max-age=31536000, immutable"
_VERSION = re.compile(r"([0-9a-f]{16})\.jsonld")


async def vocabulary(request: Request) -> Response:
    """The ontology or the shapes, as a page or as RDF; an extension fixes the format."""
    state = state_of(request)
    name = re.split("[/.]", request.scope["path"])[1]
    version = request.path_params.get("version")
    if version and f"{state.vocabulary.ontology}/{version}" not in _versions(state):
        detail = f"There is no version {version} of the ontology here."
        raise HttpProblem(404, "not-found", detail, advice="/ontology is the current one.")
    extension = request.path_params.get("extension")
    if extension is not None:
        return _rdf(request, name, _by_extension(extension))
    offers = [negotiation.HTML, *(item.media_type for item in DOCUMENT_FORMATS)]
    chosen = negotiation.choose(request.headers.getlist("accept"), offers)
    if chosen is None:
        raise not_acceptable(offers)
    if chosen == negotiation.HTML:
        shown = await _documentation(request, state) if name == "ontology" else pages.shapes(state)
        shown.headers["Link"] = _alternates(state, name)
        return validated(request, shown)
    return _rdf(
        request, name, formats.BY_MEDIA_TYPE[chosen], Vary="Accept", Link=_alternates(state, name)
    )


def _alternates(state: State, name: str) -> str:
    """The typed links to the same in each format (RFC 8288)."""
    within = f"?release={state.release.id}" if state.older else ""
    start = f"{state.settings.public_url}/{name}"
    return ", ".join(
        link(f"{start}.{item.extension}{within}", "alternate", type=item.media_type)
        for item in DOCUMENT_FORMATS
    )


def _by_extension(extension: str) -> Format:
    chosen = formats.BY_EXTENSION.get(extension)
    if chosen in DOCUMENT_FORMATS:
        return chosen
    raise HttpProblem(
        404,
        "not-found",
        f"There is no format with the extension .{extension} here.",
        available=[item.extension for item in DOCUMENT_FORMATS],
    )


def _rdf(request: Request, name: str, chosen: Format, **headers: str) -> Response:
    state = state_of(request)
    body = _serialize(state, state.schema.graphs[name], chosen)
    headers |= {"Content-Type": chosen.content_type}
    return validated(request, Response(body, headers=headers))


async def context(request: Request) -> Response:
    """The JSON-LD context as it is now; ``Content-Location`` names its version."""
    state = state_of(request)
    version = f"{state.settings.public_url}/context/{state.context.version}.jsonld"
    within = f"?release={state.release.id}" if state.older else ""
    headers = {"Content-Location": version + within, "Content-Type": formats.JSONLD.media_type}
    return validated(request, Response(state.context.text, headers=headers))


async def context_version(request: Request) -> Response:
    """One version of the context, which never changes; from an earlier one to the current.

    Keys are added and keep their meaning, so the current version reads earlier documents too.
    """
    state = state_of(request)
    match = _VERSION.fullmatch(request.path_params["name"])
    if match is None:
        detail = f"There is no context {request.path_params['name']}."
        raise HttpProblem(404, "not-found", detail, advice="/context.jsonld is the current one.")
    if match[1] != state.context.version:
        location = f"{state.settings.public_url}/context.jsonld"
        return RedirectResponse(location, status_code=303, headers={"Cache-Control": "no-store"})
    response = await context(request)
    response.headers["Cache-Control"] = _YEAR
    return response


async def _documentation(request: Request, state: State) -> Response:
    terms = str(state.vocabulary.namespace)
    found = []
    for text in (ontology_docs.CLASS_EXAMPLES, ontology_docs.PROPERTY_EXAMPLES):
        found += await rows(request, text.format(terms=terms))
    documentation = ontology_docs.document(state.schema, ontology_docs.examples(found))
    return pages.ontology(state, documentation)


def _versions(state: State) -> set[str]:
    return {
        triple.object.value
        for triple in state.schema.graphs["ontology"]
        if triple.predicate.value.endswith("#versionIRI")
        and isinstance(triple.object, rdf_io.NamedNode)
    }


def _serialize(state: State, triples: list[rdf_io.Triple], chosen: Format) -> bytes:
    if chosen is formats.JSONLD:
        linked = jsonld.flat(triples, state.context)
        return json.dumps(linked, ensure_ascii=False).encode("utf-8")
    if chosen is formats.TURTLE:
        return write_turtle(rdf_io.to_rdflib(triples), state.schema.prefixes).encode("utf-8")
    prefixes = rdf_io.used_prefixes(triples, state.schema.prefixes)
    return rdf_io.write_triples(triples, chosen, prefixes=prefixes)
