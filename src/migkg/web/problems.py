"""Errors as problem documents (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457): one table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from migkg import errors
from migkg.engine.counters import Counter

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """One kind of problem: its HTTP status, its name in ``type``, and how to go on."""

    status: int
    name: str
    advice: str = ""


TABLE: dict[type[errors.MigkgError], Kind] = {
    errors.QueryRefused: Kind(400, "query-refused"),
    errors.BadQuery: Kind(
        400, "bad-query", "Mend the query, at the line and column if they are given."
    ),
    errors.QueryTimeout: Kind(
        504,
        "query-timeout",
        "Ask for less: add triple patterns that share variables, or a LIMIT; "
        "for everything, take a dump from /dumps/.",
    ),
    errors.QueryCrashed: Kind(507, "query-crashed", "Ask for less, or take a dump from /dumps/."),
    errors.AnswerTooLarge: Kind(
        413,
        "answer-too-large",
        "Add a LIMIT; or ask for the first rows only with ?truncate=; "
        "or, for everything, take a dump from /dumps/.",
    ),
    errors.TooManyRequests: Kind(429, "too-many-requests", "Wait, and send fewer at a time."),
    errors.QueryQuarantined: Kind(
        422, "query-quarantined", "Ask for less; the same text is run again after Retry-After."
    ),
    errors.EngineBusy: Kind(503, "busy", "Try again later."),
    errors.EngineUnavailable: Kind(502, "engine-unavailable", "Try again later."),
    errors.BadParameters: Kind(400, "bad-parameter", "Give each parameter as the detail says."),
    errors.BadSearch: Kind(400, "bad-search", "Give fewer words, or other words."),
    errors.SearchTimeout: Kind(504, "search-timeout", "Search for fewer or longer words."),
    errors.NoIndex: Kind(503, "no-index", "Ask with /sparql meanwhile."),
    errors.CitationsOff: Kind(403, "no-citations", "Cite the query with its text and the release."),
    errors.CitationsFull: Kind(
        507, "citations-full", "Cite the query with its text and the release."
    ),
    errors.CitationsUnavailable: Kind(503, "citations-unavailable", "Try again later."),
    errors.BadUpload: Kind(400, "bad-document"),
    errors.UploadTimeout: Kind(503, "validation-timeout", "Send a smaller document."),
}

# Problems of HTTP itself, raised where they are found; listed here for the documentation.
HTTP_KINDS = (
    Kind(400, "bad-request", "Send HTTP/1.1 as RFC 9112 has it, with one Host."),
    Kind(400, "bad-encoding", "Send UTF-8, percent-encoded once."),
    Kind(400, "no-updates", "Send queries only; the service is read-only."),
    Kind(403, "read-only", "Send queries only; the service is read-only."),
    Kind(403, "no-metrics", "The operator sets who may read them."),
    Kind(404, "not-found", "Begin at the start page, or at the paths above."),
    Kind(405, "method-not-allowed", "Use a method that Allow names."),
    Kind(406, "not-acceptable", "Accept one of the formats that 'available' names."),
    Kind(408, "request-timeout", "Send the whole request at once."),
    Kind(410, "gone", "Use what 'successors' names, if anything."),
    Kind(410, "release-gone", "Ask for the page of the citation, or for ?cite=."),
    Kind(413, "query-too-long", "Send a shorter query."),
    Kind(413, "too-large", "Send a smaller body."),
    Kind(416, "range-not-satisfiable", "Ask for a part that Content-Range has room for."),
    Kind(414, "target-too-long", "Send a long query by POST."),
    Kind(431, "head-too-large", "Send fewer or shorter header fields."),
    Kind(415, "bad-charset", "Send UTF-8."),
    Kind(415, "unsupported-media-type", "Send a media type that Accept-Post names."),
    Kind(500, "answer-changed", "Take the dump of the release."),
    Kind(500, "internal", "Report it; the log of the service says more."),
    Kind(501, "method-unknown", "Use GET or HEAD; OPTIONS tells what else there is."),
    Kind(503, "not-ready", "Try again later."),
)


_NAMES = dict.fromkeys(kind.name for kind in (*TABLE.values(), *HTTP_KINDS))
PROBLEMS = Counter(
    "migkg_problems_total",
    "Problem documents by kind, among them every query that was refused or stopped.",
    label="kind",
    values=[*_NAMES, "other"],
)


def status_of(name: str) -> int:
    """The HTTP status of a kind of problem."""
    return next(kind.status for kind in (*TABLE.values(), *HTTP_KINDS) if kind.name == name)


class HttpProblem(Exception):
    """A problem that belongs to HTTP itself: a wrong method, media type or parameter."""

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.name = name
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members


def not_acceptable(offers: Sequence[str]) -> HttpProblem:
    """The 406 that names what there is."""
    return HttpProblem(
        406,
        "not-acceptable",
        "None of the accepted formats can be had; there is " + ", ".join(offers) + ".",
        headers={"Vary": "Accept"},
        available=list(offers),
    )


def problem_response(
    status: int,
    name: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **members: object,
) -> Response:
    """A problem document; ``members`` that are None are left out."""
    PROBLEMS.add(value=name)
    body: dict[str, Any] = {
        "type": f"/docs#{name}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **{key: value for key, value in members.items() if value not in (None, "")},
    }
    return Response(
        json.dumps(body, ensure_ascii=False) + "\n",
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def from_http_problem(error: HttpProblem) -> Response:
    """The response to a :class:`HttpProblem`."""
    return problem_response(
        error.status, error.name, error.detail, headers=error.headers, **error.members
    )


def from_error(error: errors.MigkgError) -> Response:
    """The response to an error of a layer below."""
    kind = next((TABLE[c] for c in type(error).__mro__ if c in TABLE), None)
    if kind is None:
        return internal_problem()
    headers = {}
    if isinstance(error, errors.EngineBusy):
        headers["Retry-After"] = str(error.retry_after)
    return problem_response(
        kind.status,
        kind.name,
        str(error),
        headers=headers,
        advice=kind.advice,
        line=getattr(error, "line", None),
        column=getattr(error, "column", None),
        available=getattr(error, "available", None),
    )


def internal_problem() -> Response:
    """The response where nothing was foreseen; the log says more."""
    return problem_response(500, "internal", "The service met an unexpected condition.")
