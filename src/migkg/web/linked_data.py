"""``/id``, ``/page``, ``/data``, ``/describe``, ``/ontology``, ``/shapes``, ``/context.jsonld``.

A thing's IRI answers 303 to a document about it (https://www.w3.org/TR/cooluris/#r303gendocument).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote

from rdflib.namespace import RDF
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from migkg.engine import rdf_io
from migkg.engine.protocol import Lane, Query
from migkg.model import formats
from migkg.model.formats import Format
from migkg.model.sparql_text import Form
from migkg.model.turtle import write_turtle
from migkg.services import jsonld, ontology_docs
from migkg.services.results import result_rows
from migkg.web import negotiation, pages
from migkg.web.answers import answer_to, caller_of
from migkg.web.problems import HttpProblem, not_acceptable
from migkg.web.representation import DOCUMENT_FORMATS, thing_links
from migkg.web.state import State, state_of
from migkg.web.validators import validated

_SAFE = "/:@!$&'()*+,;=~-._"


@dataclass(frozen=True)
class _Document:
    """The triples of a document and the thing it is about."""

    iri: str
    triples: list[rdf_io.Triple]


async def thing(request: Request) -> Response:
    """303 from a thing to its page or its data."""
    state = state_of(request)
    path = request.path_params["path"]
    await _described(request, state.settings.base_iri + "id/" + path)
    offers = [negotiation.HTML, *(item.media_type for item in DOCUMENT_FORMATS)]
    chosen = negotiation.choose(request.headers.getlist("accept"), offers)
    if chosen is None:
        raise not_acceptable(offers)
    folder = "page" if chosen == negotiation.HTML else "data"
    location = f"{state.settings.public_url}/{folder}/{quote(path, safe=_SAFE)}"
    return RedirectResponse(location, status_code=303, headers={"Vary": "Accept"})


async def page(request: Request) -> Response:
    """A page for people about one thing."""
    state = state_of(request)
    path = request.path_params["path"]
    document = await _described(request, state.settings.base_iri + "id/" + path)
    return _html(
        request, state, document, f"{state.settings.public_url}/data/{quote(path, safe=_SAFE)}"
    )


async def data(request: Request) -> Response:
    """The data about one thing; an extension fixes the format."""
    state = state_of(request)
    path, chosen = _split_extension(request.path_params["path"])
    document = await _described(request, state.settings.base_iri + "id/" + path)
    return _rdf(request, state, document, chosen)


async def describe(request: Request) -> Response:
    """The description of any IRI that the release speaks of, given as ``?iri=``."""
    state = state_of(request)
    iris = request.query_params.getlist("iri")
    if len(iris) != 1:
        raise HttpProblem(400, "bad-parameter", "Give exactly one parameter 'iri'.")
    document = await _described(request, iris[0])
    offers = [negotiation.HTML, *(item.media_type for item in DOCUMENT_FORMATS)]
    if negotiation.choose(request.headers.getlist("accept"), offers) == negotiation.HTML:
        url = f"{state.settings.public_url}/describe?iri={quote(iris[0])}"
        return _html(request, state, document, url)
    return _rdf(request, state, document, None)


async def vocabulary(request: Request) -> Response:
    """The ontology or the shapes, as a page or as RDF."""
    state = state_of(request)
    name = request.scope["path"].strip("/").partition("/")[0]
    version = request.path_params.get("version")
    if version and f"{state.vocabulary.ontology}/{version}" not in _versions(state):
        raise _not_found(f"There is no version {version} of the ontology here.")
    offers = [negotiation.HTML, *(item.media_type for item in DOCUMENT_FORMATS)]
    if negotiation.choose(request.headers.getlist("accept"), offers) == negotiation.HTML:
        shown = await _documentation(request, state) if name == "ontology" else pages.shapes(state)
        return validated(request, shown)
    document = _Document(state.settings.base_iri + name, state.schema.graphs[name])
    return _rdf(request, state, document, None)


async def context(request: Request) -> Response:
    """The JSON-LD context of every document."""
    state = state_of(request)
    body = json.dumps({"@context": state.schema.context}, ensure_ascii=False, indent=1)
    return validated(request, Response(body, media_type="application/ld+json"))


async def _documentation(request: Request, state: State) -> Response:
    terms = str(state.vocabulary.namespace)
    rows = []
    for text in (ontology_docs.CLASS_EXAMPLES, ontology_docs.PROPERTY_EXAMPLES):
        query = Query(text=text.format(terms=terms), form=Form.SELECT, format=formats.JSON)
        rows += result_rows((await answer_to(request, query, Lane.PAGE)).read())
    documentation = ontology_docs.document(state.schema, ontology_docs.examples(rows))
    return pages.ontology(state, documentation)


def _versions(state: State) -> set[str]:
    return {
        triple.object.value
        for triple in state.schema.graphs["ontology"]
        if triple.predicate.value.endswith("#versionIRI")
        and isinstance(triple.object, rdf_io.NamedNode)
    }


async def _described(request: Request, iri: str) -> _Document:
    triples = await state_of(request).linked_data.triples(iri, caller_of(request, Lane.PAGE))
    if not triples:
        raise _not_found(f"Nothing is known of <{quote(iri, safe=_SAFE + '%#?[]')}>.")
    return _Document(iri, triples)


def _not_found(detail: str) -> HttpProblem:
    return HttpProblem(
        404,
        "not-found",
        detail,
        advice="The start page lists all kinds of things; /sparql finds a thing by its label.",
    )


def _split_extension(path: str) -> tuple[str, Format | None]:
    stem, dot, extension = path.rpartition(".")
    chosen = formats.BY_EXTENSION.get(extension) if dot else None
    return (stem, chosen) if chosen in DOCUMENT_FORMATS else (path, None)


def _html(request: Request, state: State, document: _Document, data_url: str) -> Response:
    graph = rdf_io.to_rdflib(document.triples)
    view = state.linked_data.describe(document.iri, graph)
    linked = jsonld.compact(graph, document.iri, state.schema, context_url(request, state))
    response = pages.thing(state, view, data_url, jsonld.embed(linked))
    return _finish(request, state, document, response)


def context_url(request: Request, state: State) -> str:
    """Where the context of a JSON-LD document is.

    Without a public URL it is relative to the document: things and their documents are equally
    deep, so it is found from either, on any host.
    """
    if state.settings.public_url:
        return f"{state.settings.public_url}/context.jsonld"
    return "../" * (str(request.scope["path"]).count("/") - 1) + "context.jsonld"


def _rdf(request: Request, state: State, document: _Document, chosen: Format | None) -> Response:
    if chosen is None:
        offers = [item.media_type for item in DOCUMENT_FORMATS]
        accept = request.headers.getlist("accept")
        media_type = negotiation.choose(accept, offers)
        if media_type is None:
            raise not_acceptable(offers)
        chosen = formats.BY_MEDIA_TYPE[media_type]
    response = Response(
        _serialize(state, document, chosen, context_url(request, state)),
        headers={"Content-Type": chosen.content_type, "Vary": "Accept"},
    )
    return _finish(request, state, document, response)


def _finish(request: Request, state: State, document: _Document, response: Response) -> Response:
    """Adds the typed links and the validator of a document."""
    start = state.settings.base_iri + "id/"
    if document.iri.startswith(start):
        path = quote(document.iri.removeprefix(start), safe=_SAFE)
        response.headers["Link"] = thing_links(state, document.iri, path, _types(document))
    return validated(request, response)


def _types(document: _Document) -> list[str]:
    """The classes of the thing that a document is about."""
    return sorted(
        triple.object.value
        for triple in document.triples
        if triple.predicate.value == str(RDF.type)
        and isinstance(triple.object, rdf_io.NamedNode)
        and getattr(triple.subject, "value", "") == document.iri
    )


def _serialize(state: State, document: _Document, chosen: Format, context_at: str) -> bytes:
    if chosen is formats.JSONLD:
        graph = rdf_io.to_rdflib(document.triples)
        linked = jsonld.compact(graph, document.iri, state.schema, context_at)
        return json.dumps(linked, ensure_ascii=False, indent=1).encode("utf-8")
    if chosen is formats.TURTLE:
        text = write_turtle(rdf_io.to_rdflib(document.triples), state.schema.prefixes)
        return text.encode("utf-8")
    prefixes = rdf_io.used_prefixes(document.triples, state.schema.prefixes)
    return rdf_io.write_triples(document.triples, chosen, prefixes=prefixes)
