"""``/limits``: every limit that a client can meet, with its value and the problem that it gets."""

from __future__ import annotations

from dataclasses import dataclass, fields

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migkg.settings import PREFIX, Settings
from migkg.web import negotiation, pages
from migkg.web.problems import status_of
from migkg.web.state import state_of

# The setting, and the name of the problem with which a client meets it.
MET = {
    "request_deadline": "request-timeout",
    "connections": "busy",
    "query_text": "query-too-long",
    "query_depth": "query-refused",
    "query_patterns": "query-refused",
    "query_operators": "query-refused",
    "query_tokens": "query-refused",
    "query_deadline": "query-timeout",
    "query_memory": "query-crashed",
    "quarantine": "query-quarantined",
    "query_processes": "busy",
    "page_processes": "busy",
    "slow_queries": "busy",
    "query_wait": "busy",
    "query_queue": "too-many-requests",
    "answer_rows": "answer-too-large",
    "answer_bytes": "answer-too-large",
    "spool_bytes": "busy",
    "downloads": "busy",
    "upload_bytes": "too-large",
    "validate_deadline": "validation-timeout",
    "validate_processes": "busy",
}


@dataclass(frozen=True)
class Limit:
    """One limit as a client sees it."""

    name: str
    setting: str
    value: float
    meaning: str
    status: int
    problem: str


def limits_of(settings: Settings) -> list[Limit]:
    """The limits in force."""
    texts = {item.name: item.metadata["help"] for item in fields(settings)}
    return [
        Limit(
            name,
            PREFIX + name.upper(),
            getattr(settings, name),
            texts[name].partition("; empty")[0].rstrip(".") + ".",
            status_of(problem),
            f"/docs#{problem}",
        )
        for name, problem in MET.items()
    ]


async def limits(request: Request) -> Response:
    """The limits, as a page or as JSON."""
    state = state_of(request)
    listed = limits_of(state.settings)
    offers = ["application/json", negotiation.HTML]
    if negotiation.choose(request.headers.getlist("accept"), offers) == negotiation.HTML:
        return pages.render(state, "limits.html", limits=listed)
    return JSONResponse({"limits": [vars(item) for item in listed]}, headers={"Vary": "Accept"})
