"""Home, stored queries, dumps, validation, health, and the documentation of all routes."""

from __future__ import annotations

import asyncio
from asyncio import Semaphore
from email.message import Message
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from migkg.engine import rdf_io
from migkg.engine.protocol import Answer, Caller, Lane, Query
from migkg.errors import EngineBusy, MigkgError
from migkg.model import formats
from migkg.model.sparql_text import Form
from migkg.services.quality import MEASURES
from migkg.services.stored_queries import StoredQuery
from migkg.web import negotiation, pages
from migkg.web.answers import answer_response, caller_of
from migkg.web.problems import HttpProblem
from migkg.web.sparql import not_acceptable, read_body
from migkg.web.state import State, state_of
from migkg.web.waiting import while_connected

_READY_DEADLINE = 2.0
_RETRY_AFTER = 30
_HEALTH = Caller("", Lane.HEALTH)
_DUMP_TYPES = {item.extension: item.content_type for item in formats.GRAPH_FORMATS}
_CLASSES = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?class (COUNT(DISTINCT ?thing) AS ?count) WHERE {
  ?thing a ?class .
  FILTER(STRSTARTS(STR(?class), "%s"))
} GROUP BY ?class ORDER BY DESC(?count) ?class"""
_INSTANCES = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing (SAMPLE(?l) AS ?label) WHERE {
  ?thing a <%s> .
  OPTIONAL { ?thing rdfs:label|skos:prefLabel ?l . FILTER(LANG(?l) = "en") }
} GROUP BY ?thing ORDER BY ?label ?thing LIMIT 2000"""


async def home(request: Request) -> Response:
    """The start page: what the release holds."""
    state = state_of(request)
    table = await _select(state, _CLASSES % state.vocabulary.namespace)
    return pages.render(state, "home.html", table=table, queries=state.queries, schema=state.schema)


async def browse(request: Request) -> Response:
    """All things of one class."""
    state = state_of(request)
    name = request.path_params["name"]
    iri = str(state.vocabulary.namespace[name])
    if iri not in state.schema.classes:
        raise HttpProblem(404, "not-found", f"The ontology has no class {name}.")
    table = await _select(state, _INSTANCES % iri)
    label = state.schema.labels.get(iri, name)
    definition = state.schema.definitions.get(iri, "")
    return pages.render(
        state, "browse.html", iri=iri, label=label, definition=definition, table=table
    )


async def _select(state: State, text: str) -> dict[str, object]:
    query = Query(text=text, form=Form.SELECT, format=formats.JSON)
    return pages.result_table((await state.engine.answer(query)).read())


async def quality(request: Request) -> Response:
    """How the graph covers its documents."""
    state = state_of(request)
    tables = [
        (measure.title, await _select(state, measure.text(state.vocabulary)))
        for measure in MEASURES
    ]
    return pages.render(state, "quality.html", tables=tables)


async def queries(request: Request) -> Response:
    """The list of the stored queries."""
    state = state_of(request)
    listed = list(state.queries.values())
    if _wants_html(request, "application/json"):
        return pages.render(state, "queries.html", queries=listed)
    return JSONResponse(
        {
            "queries": [
                {
                    "name": query.name,
                    "question": query.question,
                    "url": f"{state.settings.public_url}/queries/{query.name}",
                }
                for query in listed
            ]
        },
        headers={"Vary": "Accept"},
    )


async def stored_query(request: Request) -> Response:
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
    parsed = query.parsed()
    offers = [item.media_type for item in parsed.form.answer_formats]
    wanted = request.query_params.get("format")
    if wanted in formats.BY_NAME and formats.BY_NAME[wanted] in parsed.form.answer_formats:
        chosen: str | None = formats.BY_NAME[wanted].media_type
    else:
        html = [negotiation.HTML] if parsed.form in (Form.SELECT, Form.ASK) else []
        chosen = negotiation.choose(request.headers.getlist("accept"), [*html, *offers])
    if chosen is None:
        raise not_acceptable([negotiation.HTML, *offers])
    if chosen == negotiation.HTML:
        answer = await _answer(request, state, query, formats.JSON)
        return pages.query_page(state, query, answer.read())
    answer = await _answer(request, state, query, formats.BY_MEDIA_TYPE[chosen])
    return answer_response(request, answer, repeatable=parsed.repeatable)


async def _answer(
    request: Request, state: State, query: StoredQuery, chosen: formats.Format
) -> Answer:
    asked = Query.of(query.parsed(), chosen)
    return await while_connected(request, state.engine.answer(asked, caller_of(request)))


def _wants_html(request: Request, other: str) -> bool:
    chosen = negotiation.choose(request.headers.getlist("accept"), [other, negotiation.HTML])
    return chosen == negotiation.HTML


async def dumps(request: Request) -> Response:
    """The index of the dumps."""
    state = state_of(request)
    files = {
        name.removeprefix("dumps/"): record
        for name, record in sorted(state.release.manifest["files"].items())
        if name.startswith("dumps/")
    }
    return pages.render(state, "dumps.html", files=files)


async def dump(request: Request) -> Response:
    """One dump, or the file of checksums."""
    state = state_of(request)
    name = request.path_params["name"]
    record = state.release.manifest["files"].get(f"dumps/{name}")
    if record is None:
        raise HttpProblem(
            404, "not-found", f"There is no dump {name}.", advice="/dumps/ lists all."
        )
    media_type = "application/gzip" if name.endswith(".gz") else _dump_type(name)
    headers = {"ETag": f'"{record["sha256"]}"', "Migkg-Release": state.release.id}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return _Download(
        state.downloads,
        state.release.dumps / name,
        media_type=media_type,
        headers=headers,
    )


class _Download(FileResponse):
    """A file that takes one of the places for downloads while it is sent."""

    def __init__(self, places: Semaphore, path: Path, **named: Any) -> None:  # noqa: ANN401
        if places.locked():
            raise EngineBusy(_RETRY_AFTER, "Too many dumps are being sent.")
        super().__init__(path, **named)
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the file, or the part that is asked for."""
        async with self._places:
            await super().__call__(scope, receive, send)


def _dump_type(name: str) -> str:
    return _DUMP_TYPES.get(name.rpartition(".")[2], "text/plain; charset=utf-8")


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
    report = await state.validator.validate(data, uploaded)
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
        raise HttpProblem(503, "not-ready", f"The engine does not answer: {error}") from None
    return JSONResponse(
        {"status": "ready", "release": state.release.id}, headers={"Cache-Control": "no-store"}
    )
