"""What the fronts count of each request.

The names follow https://opentelemetry.io/docs/specs/semconv/http/http-metrics/ as Prometheus
writes them.
"""

from __future__ import annotations

import time

from migkg.engine.counters import Counter, Gauge, Histogram

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# The first part of a path: what is asked for, with no more values than there are routes.
_ROUTES = (
    *("", "sparql", "update", "graph", "rdf-graph-store", "id", "data", "page", "describe"),
    *("queries", "q", "search", "browse", "validate", "dumps", "releases", "ontology", "shapes"),
    *("context", "context.jsonld", "profile", "views", "sdg", "disagreements", "quality", "limits"),
    *("catalog", ".well-known", "docs", "openapi.json", "robots.txt", "sitemap", "sitemap.xml"),
    *("static", "livez", "readyz", "metrics", "other"),
)
_CLASSES = ("2xx", "3xx", "4xx", "5xx", "none")

DURATION = Histogram(
    "http_server_request_duration_seconds",
    "Time from the head of a request to the end of its answer.",
    _BOUNDS,
    label="http_route",
    values=[f"/{name}" for name in _ROUTES],
)
STATUS = Counter(
    "http_server_responses_total",
    "Answers by class of status; none: the client left before.",
    label="status",
    values=_CLASSES,
)
CONNECTIONS = Gauge("http_server_open_connections", "Connections that are open.")
HITS = Counter("migkg_cache_hits_total", "Answers that were kept from before.")

_CELLS = {f"/{name}": DURATION.cell(f"/{name}") for name in _ROUTES}
_STATUS = [STATUS.cell(f"{first}xx" if first > 1 else "none") for first in range(10)]


def route_of(path: str) -> str:
    """The first part of a path, or that without its extension; ``/other`` if there is no such."""
    name = f"/{path[1:].partition('/')[0]}"
    if name not in _CELLS:
        name = f"/{name[1:].partition('.')[0] or 'other'}"
    return name if name in _CELLS else "/other"


def count(path: str, status: int, began: float) -> None:
    """Counts one request; ``status`` is 0 where no answer was sent."""
    cell = _CELLS.get(path) or _CELLS[route_of(path)]
    DURATION.observe(time.perf_counter() - began, cell)
    STATUS.add_in(_STATUS[status // 100])
