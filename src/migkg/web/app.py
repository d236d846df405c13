"""The application: its routes, what stands in front of them, and the life of the engine."""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from urllib.parse import quote

from fastapi import FastAPI
from starlette import routing
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from migkg import __version__
from migkg.engine.embedded import OwnEngine
from migkg.engine.protocol import Engine
from migkg.engine.release import Release, open_current
from migkg.model.namespaces import Vocabulary
from migkg.resources import find_project
from migkg.services import stored_queries
from migkg.services.context import Context
from migkg.services.linked_data import LinkedData
from migkg.services.schema import Schema
from migkg.services.uploads import Validator
from migkg.settings import Settings
from migkg.web import (
    dumps,
    graph_store,
    limits,
    linked_data,
    openapi,
    pages,
    site,
    sparql,
    vocabularies,
)
from migkg.web.cache import Kept, ResponseCache
from migkg.web.headers import Headers
from migkg.web.problems import problem_response
from migkg.web.routing import READ, WRITE, Direct, Resource, Route
from migkg.web.state import State, state_of
from migkg.web.validators import validated

ROUTES = (
    Route("/", site.home, "Start page."),
    Route("/sparql", sparql.endpoint, "SPARQL 1.1 Protocol, query.", (*READ, "POST")),
    Route("/update", sparql.update, "403: the service is read-only.", ("POST",)),
    Route(
        "/rdf-graph-store",
        graph_store.indirect,
        "Graph Store Protocol, reading: ?graph= or ?default.",
        refused=WRITE,
    ),
    Route(
        "/graph/{path:path}",
        graph_store.direct,
        "One of our own graphs, by its own address.",
        refused=WRITE,
    ),
    Route("/id/{path:path}", linked_data.thing, "303 to the page or the data of a thing."),
    Route("/page/{path:path}", linked_data.page, "Page of a thing."),
    Route("/data/{path:path}", linked_data.data, "Data of a thing, negotiated or by extension."),
    Route("/describe", linked_data.describe, "Description of any IRI, ?iri=."),
    Route("/browse/{name}", site.browse, "All things of a class."),
    Route("/profile/{name}", linked_data.profile, "303 to what a profile of a document holds."),
    Route("/ontology", vocabularies.vocabulary, "The ontology."),
    Route("/ontology/{version}", vocabularies.vocabulary, "One version of the ontology."),
    Route("/shapes", vocabularies.vocabulary, "The SHACL shapes."),
    Route("/context.jsonld", vocabularies.context, "The JSON-LD context as it is now."),
    Route("/context/{name}", vocabularies.context_version, "One version of the context."),
    Route("/quality", site.quality, "How the graph covers its documents."),
    Route("/queries", site.queries, "The stored queries."),
    Route("/queries/{name}", site.stored_query, "The answer to a stored query."),
    Route("/limits", limits.limits, "Every limit that a client can meet."),
    Route("/dumps", dumps.index, "Index of the dumps."),
    Route("/dumps/", dumps.index, "The same."),
    Route("/dumps/{name}", dumps.dump, "A dump, or SHA256SUMS."),
    Route("/validate", site.validate, "RDF in, SHACL report out.", ("POST",)),
    Route("/livez", site.live, "The process answers."),
    Route("/readyz", site.ready, "The engine answers."),
)


async def _openapi(request: Request) -> Response:
    listed = [(route.path, route.methods, route.summary) for route in ROUTES]
    server = state_of(request).settings.public_url
    document = openapi.document(listed, title="migkg", version=__version__, server=server)
    return validated(request, JSONResponse(document))


async def _docs(request: Request) -> Response:
    listed = [(route.path, ", ".join(route.methods), route.summary) for route in ROUTES]
    return validated(request, pages.docs(state_of(request), listed))


_DOCUMENTATION = (
    Route("/docs", _docs, "Documentation of all paths and problems."),
    Route("/openapi.json", _openapi, "The same for programs."),
)
_ALL = (*ROUTES, *_DOCUMENTATION)
# OPTIONS asks it about the server as a whole (RFC 9110, section 9.3.7).
_SERVER = Route("*", _docs, "The server.", ())


def create_app(
    settings: Settings, release: Release | None = None, engine: Engine | None = None
) -> ASGIApp:
    """The service for one release, the current one if none is given, and its engine."""
    opened = release or open_current(settings.releases)
    state = _state(settings, opened, engine or _engine(settings, opened))
    app = FastAPI(
        title="migkg",
        version=__version__,
        description="A knowledge graph in which every fact leads to the words that support it.",
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(state),
    )
    resources = {route.path: Resource(route) for route in (*_ALL, _SERVER)}
    app.routes.extend(routing.Route(route.path, resources[route.path]) for route in _ALL)
    static = StaticFiles(packages=[("migkg.web", "static")])
    app.mount("/static", static, name="static")
    app.add_exception_handler(HTTPException, _from_framework)
    return ResponseCache(Direct(Headers(app), app, resources), state.kept)


def _lifespan(state: State) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, State]]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, State]]:
        await state.engine.start()
        try:
            yield {"migkg": state}
        finally:
            await state.engine.close()

    return lifespan


def _engine(settings: Settings, release: Release) -> Engine:
    if not settings.engine_url:
        return OwnEngine(release, settings.share())
    from migkg.engine.remote import RemoteEngine  # slow to import

    return RemoteEngine(settings.share())


def _state(settings: Settings, release: Release, engine: Engine) -> State:
    vocabulary = Vocabulary(settings.base_iri)
    schema = Schema.of(release, vocabulary)
    return State(
        settings=settings,
        vocabulary=vocabulary,
        release=release,
        engine=engine,
        schema=schema,
        context=Context.of(schema),
        linked_data=LinkedData(engine, schema, limit=settings.page_facts),
        queries=stored_queries.load(find_project(settings)),
        validator=Validator(release, settings.share()),
        downloads=Semaphore(settings.share().downloads),
        kept=Kept(settings.share().cache_bytes),
    )


def _from_framework(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    detail = (
        f"There is nothing at {quote(request.scope['path'])}."
        if error.status_code == 404
        else error.detail
    )
    return problem_response(
        error.status_code,
        "not-found" if error.status_code == 404 else "http",
        detail,
        headers=error.headers,
        advice="/docs lists all paths." if error.status_code == 404 else None,
    )
