"""Paths and what answers them: one resource a path, whatever the method."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from migkg.errors import MigkgError
from migkg.web import caution, languages, problem_pages
from migkg.web.headers import Ready, complete
from migkg.web.problems import HttpProblem, from_error, from_http_problem, internal_problem
from migkg.web.state import state_of_scope
from migkg.web.waiting import ClientGone

log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]

RELEASE = b"migkg-release"
READ = ("GET", "HEAD")
_CONVERTER = re.compile(r"{(\w+):\w+}")
_REQUEST_HEADERS = (
    "Accept, Accept-Profile, Content-Type, If-Match, If-None-Match, If-Range, Range, "
    "traceparent, tracestate, X-Request-Id"
)
WRITE = ("POST", "PUT", "DELETE", "PATCH")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a query string or of a form, as the documentation has it."""

    name: str
    meaning: str
    required: bool = False
    type: str = "string"
    values: tuple[str, ...] = ()
    example: str = ""


@dataclass(frozen=True)
class Route:
    """One path of the service."""

    path: str
    endpoint: Endpoint
    summary: str
    methods: tuple[str, ...] = READ
    refused: tuple[str, ...] = ()  # known to the protocol, answered 403
    # For the documentation: what is asked with, what comes back, and an example for the path.
    parameters: tuple[Parameter, ...] = ()
    media_types: tuple[str, ...] = ()
    body: tuple[tuple[str, tuple[Parameter, ...]], ...] = ()
    example: str = ""
    status: str = "200"
    redirects: bool = False

    @property
    def template(self) -> str:
        """The path with the names of its parameters alone, as RFC 6570 has it."""
        return _CONVERTER.sub(r"{\1}", self.path)


class Resource:
    """ASGI application of one path; it knows all methods, so that 405 can name them."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._allowed = ", ".join((*route.methods, "OPTIONS"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, with a problem document or its page if it fails."""
        languages.answering(scope)
        request = Request(scope, receive, send)
        engines = caution.begin()
        try:
            response = await self._answer(request)
        except (ClientDisconnect, ClientGone):
            return
        except Exception as error:  # noqa: BLE001 - the client or the log is told
            response = problem_pages.negotiated(request, problem_of(error, scope))
        if not isinstance(response, Ready):
            complete(response.raw_headers)
        caution.add(response.raw_headers, engines)
        response.raw_headers.append((RELEASE, state_of_scope(scope).release.id.encode()))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method = request.method
        if method == "OPTIONS":
            return options(request, self._allowed)
        if method in self._route.refused:
            raise HttpProblem(403, "read-only", "This service is read-only; it changes no graph.")
        if method not in self._route.methods:
            raise HttpProblem(
                405,
                "method-not-allowed",
                f"{self._route.template} takes {self._allowed}, not {method}.",
                headers={"Allow": self._allowed},
            )
        return await self._route.endpoint(request)


class Direct:
    """ASGI middleware that finds a path without parameters in a table, not by trying patterns."""

    def __init__(self, others: ASGIApp, app: object, resources: Mapping[str, ASGIApp]) -> None:
        self._others = others
        self._app = app
        self._resources = {path: r for path, r in resources.items() if "{" not in path}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection."""
        if scope["type"] == "http" and scope["path"] in self._resources:
            scope["app"] = self._app
            await self._resources[scope["path"]](scope, receive, send)
        else:
            await self._others(scope, receive, send)


def problem_of(error: Exception, scope: Scope) -> Response:
    """The problem document for what a request failed with; what was not foreseen is logged."""
    if isinstance(error, HttpProblem):
        return from_http_problem(error)
    if isinstance(error, MigkgError):
        return from_error(error)
    log.error("%s failed", scope["path"], exc_info=error)
    return internal_problem()


def options(request: Request, allowed: str) -> Response:
    """What a path takes, for clients and for scripts of other origins (CORS)."""
    headers = {"Allow": allowed}
    if "access-control-request-method" in request.headers:
        headers["Access-Control-Allow-Methods"] = allowed
        headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
        headers["Access-Control-Max-Age"] = "86400"
    return Response(status_code=204, headers=headers)
