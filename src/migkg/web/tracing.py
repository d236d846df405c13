"""Traces for an OpenTelemetry collector, if one is named; without, none of it is imported.

Sources: https://www.w3.org/TR/trace-context/, https://opentelemetry.io/docs/specs/semconv/http/
and, for all that the environment says beside the endpoint (``OTEL_…``),
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migkg import __version__
from migkg.errors import BadSetting
from migkg.settings import PREFIX, Settings
from migkg.web.counts import route_of
from migkg.web.journal import TRACEPARENT

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_FAILED = 500
_CARRIED = (b"traceparent", b"tracestate")


def check(settings: Settings) -> None:
    """Raises :class:`BadSetting` where traces are wanted and what makes them is missing."""
    needed = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
    if settings.otlp_endpoint and not all(map(_is_there, needed)):
        why = "traces need more packages: pip install 'migkg[otel]'"
        raise BadSetting(PREFIX + "OTLP_ENDPOINT", settings.otlp_endpoint, why)


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def traced(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The application with a span for each request; itself where no traces are wanted.

    It is made in the process that answers, because a thread sends the spans.
    """
    if not settings.otlp_endpoint:
        return app
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    about = Resource.create({"service.name": "migkg", "service.version": __version__})
    provider = TracerProvider(resource=about)
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_endpoint))
    )
    return _Traced(app, provider.get_tracer("migkg", __version__))


class _Traced:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation import tracecontext

        propagator = tracecontext.TraceContextTextMapPropagator()
        given = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in _CARRIED
        }
        method, route = scope["method"], route_of(scope["path"])
        with self._tracer.start_as_current_span(
            f"{method} {route}",
            context=propagator.extract(given),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "http.route": route},
        ) as span:
            carrier: dict[str, str] = {}
            propagator.inject(carrier)
            scope[TRACEPARENT] = carrier["traceparent"]

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= _FAILED:
                        span.set_status(StatusCode.ERROR)
                await send(message)

            await self._app(scope, receive, noting)
