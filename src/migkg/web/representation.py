"""What a representation says of itself in headers: validator, freshness, and typed links.

Sources: RFC 9110 sections 8.8.3 and 13.1.2 (ETag, If-None-Match), RFC 8288 (Link), and Signposting
(https://signposting.org/FAIR/).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from migkg import __version__
from migkg.model import formats
from migkg.web.state import State

DOCUMENT_FORMATS = (
    formats.JSONLD,
    formats.TURTLE,
    formats.NTRIPLES,
    formats.RDFXML,
    formats.TRIG,
    formats.NQUADS,
)
_PAGE_TYPE = "https://schema.org/AboutPage"
_CACHE = "public, max-age=60"
_IRI_SAFE = "/:@!$&'()*+,;=~-._?#[]%"


def validated(request: Request, state: State, name: str, response: Response) -> Response:
    """The response with a strong validator, or 304 if the client has this representation.

    ``name`` tells the representations of one resource apart; the release, which never changes,
    does the rest.
    """
    tag = f'"{state.release.id}-{name}-{__version__}"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = _CACHE
    if not _matches(request, tag):
        return response
    kept = {
        header: value
        for header, value in response.headers.items()
        if header in ("etag", "cache-control", "vary", "link", "content-location")
    }
    return Response(status_code=304, headers=kept)


def _matches(request: Request, tag: str) -> bool:
    """If-None-Match compares weakly (RFC 9110, section 13.1.2)."""
    given = [
        part.strip().removeprefix("W/")
        for line in request.headers.getlist("if-none-match")
        for part in line.split(",")
    ]
    return tag in given or "*" in given


def thing_links(state: State, iri: str, path: str, types: Iterable[str]) -> str:
    """The ``Link`` header of a document about a thing of ours; ``path`` is below ``/data/``."""
    data = f"{state.settings.public_url}/data/{path}"
    page = f"{state.settings.public_url}/page/{path}"
    links = [_link(iri, "cite-as"), _link(_PAGE_TYPE, "type")]
    if state.schema.licence:
        links.append(_link(state.schema.licence, "license"))
    links += [_link(kind, "type") for kind in types]
    links.append(_link(page, "alternate", type="text/html"))
    links += [
        _link(f"{data}.{item.extension}", "alternate describedby", type=item.media_type)
        for item in DOCUMENT_FORMATS
    ]
    return ", ".join(links)


def _link(target: str, relation: str, **parameters: str) -> str:
    more = "".join(f'; {name}="{value}"' for name, value in parameters.items())
    return f'<{quote(target, safe=_IRI_SAFE)}>; rel="{relation}"{more}'
