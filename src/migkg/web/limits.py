"""``/limits``: every limit that a client can meet, with its value and the problem that it gets."""

from __future__ import annotations

from dataclasses import dataclass, fields

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migkg.services.parameters.values import LONGEST
from migkg.settings import PREFIX, Settings
from migkg.web import negotiation, pages
from migkg.web.connection import LONGEST_FIELDS, LONGEST_TARGET
from migkg.web.problems import status_of
from migkg.web.state import state_of
from migkg.web.validators import validated

# The setting, and the name of the problem with which a client meets it; empty where there is none,
# because the connection is cut or the page says how much is left out.
MET = {
    "stall_deadline": "",
    "page_facts": "",
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
    "open_releases": "busy",
    "citations": "citations-full",
    "citation_bytes": "too-large",
    "citation_rate": "too-many-requests",
    "upload_bytes": "too-large",
    "validate_deadline": "validation-timeout",
    "validate_processes": "busy",
    "search_text": "bad-parameter",
    "search_deadline": "search-timeout",
    "searches": "busy",
}
_FIXED = (
    ("parameter", LONGEST, "Characters of a parameter of a stored query.", "bad-parameter"),
    ("target", LONGEST_TARGET, "Bytes of the target of a request.", "target-too-long"),
    ("fields", LONGEST_FIELDS, "Bytes of the header fields of a request.", "head-too-large"),
)


@dataclass(frozen=True)
class Limit:
    """One limit as a client sees it."""

    name: str
    setting: str | None
    value: float
    meaning: str
    status: int | None
    problem: str | None


def limits_of(settings: Settings) -> list[Limit]:
    """The limits in force: those that settings change, then those that nothing changes."""
    texts = {item.name: item.metadata["help"] for item in fields(settings)}
    changeable = [
        Limit(
            name,
            PREFIX + name.upper(),
            getattr(settings, name),
            texts[name].partition("; empty")[0].rstrip(".") + ".",
            status_of(problem) if problem else None,
            f"/docs#{problem}" if problem else None,
        )
        for name, problem in MET.items()
    ]
    return changeable + [
        Limit(name, None, value, meaning, status_of(problem), f"/docs#{problem}")
        for name, value, meaning, problem in _FIXED
    ]


async def limits(request: Request) -> Response:
    """The limits, as a page or as JSON."""
    state = state_of(request)
    listed = limits_of(state.settings)
    offers = [negotiation.JSON, negotiation.HTML]
    if negotiation.choose(request.headers.getlist("accept"), offers) == negotiation.HTML:
        return validated(request, pages.render(state, "limits.html", limits=listed))
    content = {"limits": [vars(item) for item in listed]}
    return validated(request, JSONResponse(content, headers={"Vary": "Accept"}))
