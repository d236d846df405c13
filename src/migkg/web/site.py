"""Lists of things, validation and health."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from email.message import Message

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migkg.engine import rdf_io
from migkg.engine.protocol import Caller, Lane, Query
from migkg.errors import MigkgError
from migkg.model import formats
from migkg.model.sparql_text import Form
from migkg.services.quality import MEASURES
from migkg.services.results import read_table
from migkg.services.views.columns import Columns
from migkg.web import negotiation, pages
from migkg.web.answers import answer_to
from migkg.web.names import translations
from migkg.web.problems import HttpProblem, not_acceptable
from migkg.web.sparql import read_body
from migkg.web.state import State, state_of
from migkg.web.validators import validated
from migkg.web.waiting import while_connected

_READY_DEADLINE = 2.0
_HEALTH = Caller("", Lane.HEALTH)
_INSTANCES = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing (SAMPLE(?l) AS ?label) WHERE {
  ?thing a <%s> .
  OPTIONAL { ?thing rdfs:label|skos:prefLabel ?l . FILTER(LANG(?l) = "en") }
} GROUP BY ?thing ORDER BY ?label ?thing LIMIT %d"""
_LISTED = 2000  # things on one page; more make it slow to read and to send


async def browse(request: Request) -> Response:
    """The things of one class; of very many the first, and where all are."""
    state = state_of(request)
    name = request.path_params["name"]
    iri = str(state.vocabulary.namespace[name])
    if iri not in state.schema.classes:
        raise HttpProblem(404, "not-found", f"The ontology has no class {name}.")
    text = _INSTANCES % (iri, _LISTED + 1)
    things = (await _select(request, text, _LISTED)).table
    label = state.schema.labels.get(iri, name)
    definition = state.schema.definitions.get(iri, "")
    page = pages.render(
        state,
        "browse.html",
        names=await translations(request, (row[0].value for row in things.rows if row[0])),
        class_name=name,
        label=label,
        definition=definition,
        things=things,
    )
    return validated(request, page)


async def _select(request: Request, text: str, most: int = sys.maxsize) -> Columns:
    query = Query(text=text, form=Form.SELECT, format=formats.JSON)
    return Columns(read_table((await answer_to(request, query, Lane.PAGE)).read(), most), {})


async def quality(request: Request) -> Response:
    """How the graph covers its documents."""
    state = state_of(request)
    tables = [
        (measure.title, await _select(request, measure.text(state.vocabulary)))
        for measure in MEASURES
    ]
    return validated(request, pages.render(state, "quality.html", tables=tables))


async def validate(request: Request) -> Response:
    """The SHACL report on the RDF document in the body."""
    state = state_of(request)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    uploaded = formats.BY_MEDIA_TYPE.get(media_type)
    if uploaded not in formats.GRAPH_FORMATS or "content-encoding" in request.headers:
        known = [item.media_type for item in formats.GRAPH_FORMATS]
        raise HttpProblem(
            415,
            "unsupported-media-type",
            f"Send RDF as one of {', '.join(known)}, not compressed.",
            headers={"Accept-Post": ", ".join(known)},
        )
    _refuse_charset(request)
    offers = [item.media_type for item in formats.GRAPH_FORMATS]
    chosen = negotiation.choose(request.headers.getlist("accept"), offers)
    if chosen is None:
        raise not_acceptable(offers)
    data = await read_body(request, state.settings.upload_bytes)
    report = await while_connected(request, state.validator.validate(data, uploaded))
    return _report(state, report, formats.BY_MEDIA_TYPE[chosen])


def _refuse_charset(request: Request) -> None:
    """415 for a document that says that it is not UTF-8."""
    content_type = Message()
    content_type["Content-Type"] = request.headers["content-type"]
    charset = content_type.get_content_charset("utf-8")
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise HttpProblem(415, "bad-charset", f"The charset is {charset}; send UTF-8.")


def _report(state: State, ntriples: bytes, chosen: formats.Format) -> Response:
    triples = rdf_io.canonical_triples(rdf_io.parse_triples(ntriples, formats.NTRIPLES))
    prefixes = rdf_io.used_prefixes(triples, state.schema.prefixes)
    body = rdf_io.write_triples(triples, chosen, prefixes=prefixes)
    return Response(body, headers={"Content-Type": chosen.content_type, "Vary": "Accept"})


async def live(_: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "live"}, headers={"Cache-Control": "no-store"})


async def ready(request: Request) -> Response:
    """The engine answers, from the release that is named."""
    state = state_of(request)
    query = Query(text="ASK {}", form=Form.ASK, format=formats.JSON)
    try:
        async with asyncio.timeout(_READY_DEADLINE):
            (await state.engine.answer(query, _HEALTH)).close()
    except (MigkgError, TimeoutError) as error:
        detail = f"The engine does not answer: {error}"
        raise HttpProblem(503, "not-ready", detail, endpoints=_endpoints(state)) from None
    content: dict[str, object] = {"status": "ready", "release": state.release.id}
    if endpoints := _endpoints(state):
        content["endpoints"] = endpoints
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


def _endpoints(state: State) -> list[dict[str, object]] | None:
    """How the endpoints of a remote engine stand, as this front sees them."""
    return [asdict(endpoint) for endpoint in state.engine.endpoints()] or None
