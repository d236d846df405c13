"""The application: routes, headers on every response, errors, and the life of the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import FastAPI
from starlette import routing
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migkg import __version__
from migkg.engine.embedded import EmbeddedEngine
from migkg.engine.protocol import Engine
from migkg.engine.release import Release, open_current
from migkg.errors import MigkgError
from migkg.model.namespaces import Vocabulary
from migkg.resources import find_project
from migkg.services import stored_queries
from migkg.services.linked_data import LinkedData
from migkg.services.schema import Schema
from migkg.services.uploads import Validator
from migkg.settings import Settings
from migkg.web import graph_store, linked_data, openapi, pages, site, sparql
from migkg.web.problems import HttpProblem, from_error, from_http_problem, problem_response
from migkg.web.state import State, state_of

Endpoint = Callable[[Request], Awaitable[Response]]

READ = ("GET", "HEAD")
WRITE = ("POST", "PUT", "DELETE", "PATCH")
_SECURITY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "*",
    "content-security-policy": _SECURITY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True)
class Route:
    """One path of the service."""

    path: str
    endpoint: Endpoint
    summary: str
    methods: tuple[str, ...] = READ
    refused: tuple[str, ...] = ()  # known to the protocol, answered 403


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
    Route("/ontology", linked_data.vocabulary, "The ontology."),
    Route("/ontology/{version}", linked_data.vocabulary, "One version of the ontology."),
    Route("/shapes", linked_data.vocabulary, "The SHACL shapes."),
    Route("/context.jsonld", linked_data.context, "The JSON-LD context."),
    Route("/quality", site.quality, "How the graph covers its documents."),
    Route("/queries", site.queries, "The stored queries."),
    Route("/queries/{name}", site.stored_query, "The answer to a stored query."),
    Route("/dumps", site.dumps, "Index of the dumps."),
    Route("/dumps/", site.dumps, "The same."),
    Route("/dumps/{name}", site.dump, "A dump, or SHA256SUMS."),
    Route("/validate", site.validate, "RDF in, SHACL report out.", ("POST",)),
    Route("/livez", site.live, "The process answers."),
    Route("/readyz", site.ready, "The engine answers."),
)


async def _openapi(request: Request) -> Response:
    listed = [(route.path, route.methods, route.summary) for route in ROUTES]
    server = state_of(request).settings.public_url
    return JSONResponse(openapi.document(listed, title="migkg", version=__version__, server=server))


async def _docs(request: Request) -> Response:
    listed = [(route.path, ", ".join(route.methods), route.summary) for route in ROUTES]
    return pages.docs(state_of(request), listed)


class Headers:
    """ASGI middleware: the headers that every response carries, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.encode(), value.encode())
                        for name, value in _HEADERS.items()
                        if name.encode() not in present
                    ),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def create_app(settings: Settings, release: Release | None = None) -> FastAPI:
    """The service for one release, the current one if none is given."""
    opened = release or open_current(settings.releases)
    engine = _engine(settings, opened)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await engine.start()
        try:
            yield
        finally:
            await engine.close()

    app = FastAPI(
        title="migkg",
        version=__version__,
        description="A knowledge graph in which every fact leads to the words that support it.",
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.migkg = _state(settings, opened, engine)
    for route in (
        *ROUTES,
        Route("/docs", _docs, "Documentation of all paths and problems."),
        Route("/openapi.json", _openapi, "The same for programs."),
    ):
        app.routes.append(routing.Route(route.path, _Resource(route)))
    app.mount("/static", StaticFiles(packages=[("migkg.web", "static")]), name="static")
    app.add_exception_handler(HttpProblem, from_http_problem)
    app.add_exception_handler(MigkgError, from_error)
    app.add_exception_handler(HTTPException, _from_framework)
    app.add_middleware(Headers)
    return app


def _engine(settings: Settings, release: Release) -> Engine:
    if not settings.engine_url:
        return EmbeddedEngine(release.store, settings)
    from migkg.engine.remote import RemoteEngine  # slow to import

    return RemoteEngine(settings)


def _state(settings: Settings, release: Release, engine: Engine) -> State:
    vocabulary = Vocabulary(settings.base_iri)
    schema = Schema.of(release, vocabulary)
    return State(
        settings=settings,
        vocabulary=vocabulary,
        release=release,
        engine=engine,
        schema=schema,
        linked_data=LinkedData(engine, schema, limit=settings.page_facts),
        queries=stored_queries.load(find_project(settings)),
        validator=Validator(release, settings),
    )


class _Resource:
    """One path, whatever the method, so that 405 can name every method that there is."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._allowed = ", ".join((*route.methods, "OPTIONS"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        response = await self._answer(Request(scope, receive, send))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return _options(request, self._allowed)
        if request.method in self._route.refused:
            raise HttpProblem(403, "read-only", "This service is read-only; it changes no graph.")
        if request.method not in self._route.methods:
            raise HttpProblem(
                405,
                "method-not-allowed",
                f"{self._route.path} takes {self._allowed}, not {request.method}.",
                headers={"Allow": self._allowed},
            )
        return await self._route.endpoint(request)


def _options(request: Request, allowed: str) -> Response:
    headers = {"Allow": allowed}
    if "access-control-request-method" in request.headers:
        headers["Access-Control-Allow-Methods"] = allowed
        headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
        headers["Access-Control-Max-Age"] = "86400"
    return Response(status_code=204, headers=headers)


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
