"""The application: its routes, what stands in front of them, and the life of the engine."""

from __future__ import annotations

from asyncio import Semaphore
from socket import socket
from urllib.parse import quote

from fastapi import FastAPI
from starlette import routing
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from migkg import __version__
from migkg.engine import history, statistics
from migkg.engine.embedded import EmbeddedEngine, OwnEngine
from migkg.engine.protocol import Engine
from migkg.engine.published import Holding
from migkg.engine.published_engine import PublishedEngine
from migkg.engine.release import Release, open_current
from migkg.model.namespaces import Vocabulary
from migkg.resources import find_project
from migkg.services import page_queries, stored_queries
from migkg.services.catalogue import Catalogue
from migkg.services.citations import Citations, folder_of
from migkg.services.context import Context
from migkg.services.linked_data import LinkedData
from migkg.services.parameters import Choices
from migkg.services.schema import Schema
from migkg.services.uploads import Validator
from migkg.settings import Settings
from migkg.web import openapi, pages, problem_pages, stored_query_paths
from migkg.web.cache import Kept, ResponseCache
from migkg.web.caution import Noting
from migkg.web.front import Front, Single
from migkg.web.headers import Headers
from migkg.web.negotiation import HTML, JSON
from migkg.web.problems import problem_response
from migkg.web.rate import Rate
from migkg.web.routes import ROUTES
from migkg.web.routing import RELEASE, Direct, Resource, Route, options
from migkg.web.search_threads import Searching
from migkg.web.served import Served
from migkg.web.state import State, state_of
from migkg.web.validators import validated


async def _openapi(request: Request) -> Response:
    state = state_of(request)
    document = openapi.document(
        _ALL,
        title="migkg",
        version=__version__,
        server=state.settings.public_url,
        licence=state.schema.licence,
        operations=await stored_query_paths.operations(state),
    )
    return validated(request, JSONResponse(document))


async def _docs(request: Request) -> Response:
    listed = [(route.template, ", ".join(route.methods), route.summary) for route in _ALL]
    return validated(request, pages.docs(state_of(request), listed))


_DOCUMENTATION = (
    Route("/docs", _docs, "Documentation of all paths and problems.", media_types=(HTML,)),
    Route("/openapi.json", _openapi, "The same for programs.", media_types=(JSON,)),
)
_ALL = (*ROUTES, *_DOCUMENTATION)
_FROM_FRAMEWORK = {
    404: ("not-found", "There is nothing at {place}.", "/docs lists all paths."),
    405: ("method-not-allowed", "{place} does not take {method}.", "Allow names what it takes."),
}
# OPTIONS asks it about the server as a whole (RFC 9110, section 9.3.7).
_SERVER = Route("*", _docs, "The server.", ())


def create_app(
    settings: Settings, release: Release | None = None, engine: Engine | None = None
) -> ASGIApp:
    """The service for one release, the current one if none is given, and its engine."""
    opened = release or open_current(settings.releases)
    return Front(Single(create_served(settings, opened, engine)))


def create_served(
    settings: Settings, release: Release, engine: Engine | None = None, *, older: bool = False
) -> Served:
    """The application for one release; ``older`` where another one is the current one."""
    state = _state(settings, release, engine or _engine(settings, release), older=older)
    app = FastAPI(
        title="migkg",
        version=__version__,
        description="A knowledge graph in which every fact leads to the words that support it.",
        openapi_url=None,
        redirect_slashes=False,
    )
    resources = {route.path: Resource(route) for route in (*_ALL, _SERVER)}
    app.routes.extend(routing.Route(route.path, resources[route.path]) for route in _ALL)
    static = StaticFiles(packages=[("migkg.web", "static")])
    app.mount("/static", static, name="static")
    app.add_exception_handler(HTTPException, _from_framework)
    return Served(state, ResponseCache(Direct(Headers(app), app, resources), state.kept))


def engine_of(release: Release, settings: Settings, control: socket | None) -> Engine:
    """What answers from a release: the process behind a socket, or the engine that holds it."""
    if control:
        return EmbeddedEngine(control, settings.share())
    holding = Holding(settings.base_iri, release.id)
    return PublishedEngine(_engine(settings, release, holding), release, settings.base_iri)


def _engine(settings: Settings, release: Release, holding: Holding | None = None) -> Engine:
    if not settings.engine_url:
        return OwnEngine(release, settings.share())
    from migkg.engine.remote import RemoteEngine  # slow to import

    return RemoteEngine(settings.share(), graphs=release.manifest["graphs"], holding=holding)


def _state(settings: Settings, release: Release, engine: Engine, *, older: bool) -> State:
    vocabulary = Vocabulary(settings.base_iri)
    schema = Schema.of(release, vocabulary)
    project = find_project(settings)
    page_texts = page_queries.load(project)
    return State(
        settings=settings,
        vocabulary=vocabulary,
        release=release,
        older=older,
        engine=engine,
        schema=schema,
        catalogue=Catalogue(
            release,
            schema,
            statistics.of_release(release, settings.base_iri),
            history.event_of(release).made,
        ),
        context=Context.of(schema),
        linked_data=LinkedData(Noting(engine), schema, limit=settings.page_facts),
        queries=stored_queries.load(project),
        page_queries=page_texts,
        choices=Choices.of_engine(Noting(engine), schema.prefixes),
        searching=Searching(release, page_queries.facets(page_texts), settings.share()),
        validator=Validator(release, settings.share()),
        downloads=Semaphore(settings.share().downloads),
        kept=Kept(settings.share().cache_bytes),
        citations=Citations(folder_of(settings), settings.citations),
        citation_rate=Rate(settings.citation_rate),
    )


def _from_framework(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    headers = {**(error.headers or {}), RELEASE.decode(): state_of(request).release.id}
    if error.status_code == 405:  # of a static file, the one thing that is not a resource of ours
        allowed = f"{headers['Allow']}, OPTIONS"
        if request.method == "OPTIONS":
            return options(request, allowed)
        headers["Allow"] = allowed
    name, detail, advice = _FROM_FRAMEWORK.get(error.status_code, ("http", error.detail, None))
    place = quote(request.scope["path"])
    problem = problem_response(
        error.status_code,
        name,
        detail.format(place=place, method=request.method),
        headers=headers,
        advice=advice,
    )
    return problem_pages.negotiated(request, problem)
