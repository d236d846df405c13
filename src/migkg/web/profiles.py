"""Which profile of a document a client gets.

Source: Content Negotiation by Profile, https://www.w3.org/TR/dx-prof-conneg/, section 7.1 (HTTP
headers) and 7.2 (query string arguments).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.requests import Request

from migkg.services.profiles import PROFILES, Profile
from migkg.web.negotiation import quality_of
from migkg.web.problems import HttpProblem

_RANGE = re.compile(r"<([^<>]*)>([^,]*)")
_RANGES = 50


def chosen(request: Request, base_iri: str) -> Profile:
    """The profile that ``?profile=`` names, by name or IRI, else the one that ``Accept-Profile``
    likes best.

    A header that names no profile of ours gets the usual one, and ``Content-Profile`` says so.
    """
    named = request.query_params.getlist("profile")
    if not named:
        return _liked(request.headers.getlist("accept-profile"), base_iri)
    by_name = {name: item for item in PROFILES for name in (item.name, item.iri(base_iri))}
    if len(named) != 1 or named[0] not in by_name:
        raise HttpProblem(
            400,
            "bad-parameter",
            "The parameter 'profile' is the name or the IRI of one profile.",
            available=list(by_name),
        )
    return by_name[named[0]]


def _liked(lines: Iterable[str], base_iri: str) -> Profile:
    by_iri = {item.iri(base_iri): item for item in PROFILES}
    best, profile = 0.0, PROFILES[0]
    for iri, parameters in _RANGE.findall(",".join(lines))[:_RANGES]:
        quality = quality_of(parameters)
        if iri in by_iri and quality > best:
            best, profile = quality, by_iri[iri]
    return profile
