"""Validators: what a client has already is not sent again.

Sources: RFC 9110 sections 8.8.3 (ETag), 13.1.2 (If-None-Match) and 15.4.5 (304).
"""

from __future__ import annotations

from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response

from migkg.web.headers import RawHeaders, Ready

_DIGEST = 12  # bytes
FRESH = "public, max-age=60"
# What is said of content that is not sent, or that only a 200 says.
_OF_CONTENT = frozenset(
    (
        b"accept-ranges",
        b"content-encoding",
        b"content-language",
        b"content-length",
        b"content-range",
        b"content-type",
        b"last-modified",
        b"migkg-caution",
        b"migkg-truncated",
    )
)


def validated(request: Request, response: Response, freshness: str = FRESH) -> Response:
    """The response with a strong validator and its freshness, or 304 if the client has it.

    The validator is a digest of the content and its type: it differs by format, and stays the same
    from release to release as long as the content does.
    """
    etag = validator(response.headers["content-type"].encode("latin-1"), response.body)
    response.raw_headers += [(b"etag", etag), (b"cache-control", freshness.encode())]
    return unless_current(request, response)


def of_address(public_url: str, freshness: str = FRESH) -> str:
    """The freshness of what names the service by its address.

    Without a public URL that is the one which a client has connected to, so nobody else gets it.
    """
    return freshness if public_url else freshness.replace("public", "private")


def validator(content_type: bytes, body: bytes | memoryview) -> bytes:
    """The strong validator of a content and its type."""
    digest = blake2b(content_type, digest_size=_DIGEST)
    digest.update(body)
    return b'"%b"' % digest.hexdigest().encode()


def unless_current(request: Request, response: Response) -> Response:
    """The response, or 304 if the request names its validator.

    Only a GET or a HEAD asks for a representation that the client may have.
    """
    if request.method not in ("GET", "HEAD"):
        return response
    given = none_match(request.scope["headers"])
    if not given or not matches(given, response.headers["etag"].encode("latin-1")):
        return response
    return Ready(304, not_modified(response.raw_headers), b"")


def none_match(headers: RawHeaders) -> bytes:
    """All that ``If-None-Match`` says; empty without one."""
    return b",".join([value for name, value in headers if name == b"if-none-match"])


def matches(given: bytes, etag: bytes) -> bool:
    """True if ``If-None-Match`` names this validator, compared weakly."""
    if not given:
        return False
    tags = [part.strip().removeprefix(b"W/") for part in given.split(b",")]
    return etag in tags or b"*" in tags


def not_modified(headers: RawHeaders) -> RawHeaders:
    """The headers of a 304 in place of a response with these."""
    return [header for header in headers if header[0].lower() not in _OF_CONTENT]
