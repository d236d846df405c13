"""``/sparql``: the query operation of the SPARQL 1.1 Protocol.

Source: https://www.w3.org/TR/sparql11-protocol/#query-operation. The raw query string and body are
read here, because frameworks decode form bodies leniently and hide bad UTF-8.
"""

from __future__ import annotations

import json
import re
from binascii import a2b_qp
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.responses import Response

from migkg.engine import rdf_io
from migkg.engine.protocol import Query
from migkg.errors import MigkgError
from migkg.model import formats
from migkg.model.sparql_text import Form, QueryText, read_query
from migkg.services import service_description
from migkg.web import journal, negotiation, pages, shown
from migkg.web.answers import answer_to, answered
from migkg.web.descriptions import described_in, service_url
from migkg.web.problems import HttpProblem, from_error, not_acceptable
from migkg.web.state import State, state_of
from migkg.web.validators import validated

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
_ENCODED = 3  # bytes of a form for a byte of the query, at most
_PARAMETERS = 16 * 1024  # bytes of all others
_CHARACTER = 4  # bytes at most
_NO_OCTET = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_REMEMBERED = 4096
_LONGEST = 500  # characters of an Accept that is worth remembering
_LANGUAGES = ("SPARQL11Query",)  # what any engine speaks; our own speaks more
_DIGITS = 9  # more rows than any answer has


@dataclass(frozen=True)
class Operation:
    """A query operation as the client asked for it."""

    query: str
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    format: str | None
    truncate: int | None
    view: str = ""


async def endpoint(request: Request) -> Response:
    """Answers one query."""
    state = state_of(request)
    operation = await read_operation(request, state.settings.query_text)
    if operation is None:
        return _about(request, state)
    request.scope[journal.QUERY] = operation.query
    try:
        return await _answer(request, operation)
    except MigkgError as error:
        if not _wants_page(request, operation, formats.FORMATS):
            raise
        return _failed(state, operation, error)


async def _answer(request: Request, operation: Operation) -> Response:
    state = state_of(request)
    text = read_query(operation.query, state.settings.query_limits)
    if _wants_page(request, operation, text.form.answer_formats):
        return await _page(request, operation, text)
    chosen = _answer_format(request, operation, text)
    query = Query.of(
        text,
        chosen,
        default_graphs=operation.default_graphs,
        named_graphs=operation.named_graphs,
        truncate=_most_rows(operation, text, state.settings.answer_rows),
        notice=f"{state.settings.public_url}/docs#truncated",
    )
    return await answered(request, query, repeatable=text.repeatable)


def _wants_page(
    request: Request, operation: Operation, answer_formats: Iterable[formats.Format]
) -> bool:
    """True for a browser, which likes HTML best, unless a format is named."""
    if "/" in (operation.format or "") or operation.format in formats.BY_NAME:
        return operation.format == negotiation.HTML
    accept = request.headers.getlist("accept")
    if not any(negotiation.HTML in value for value in accept):
        return False
    offers = [item.media_type for item in answer_formats]
    return negotiation.choose(accept, [*offers, negotiation.HTML]) == negotiation.HTML


def _failed(state: State, operation: Operation, error: MigkgError) -> Response:
    """The page with the query as it was sent and with what its problem document would say."""
    problem = from_error(error)
    content = json.loads(bytes(problem.body))
    page = pages.editor(state, operation.query, problem=content, status=problem.status_code)
    page.headers.update({**problem.headers, **page.headers, "Cache-Control": "no-store"})
    return page


async def _page(request: Request, operation: Operation, text: QueryText) -> Response:
    """The answer as a page, with the form for the next query."""
    state = state_of(request)
    query = shown.asked(
        text, default_graphs=operation.default_graphs, named_graphs=operation.named_graphs
    )
    found = await shown.of_answer(request, await answer_to(request, query), operation.view)
    links = shown.Links("/sparql", _parameters(operation), text.form.answer_formats)
    page = pages.editor(state, operation.query, found, links)
    if text.repeatable:
        return validated(request, page)
    page.headers["Cache-Control"] = "no-store"
    return page


def _parameters(operation: Operation) -> tuple[tuple[str, str], ...]:
    """What asks for the same answer again."""
    return (
        ("query", operation.query),
        *(("default-graph-uri", iri) for iri in operation.default_graphs or ()),
        *(("named-graph-uri", iri) for iri in operation.named_graphs or ()),
    )


def _about(request: Request, state: State) -> Response:
    """The service description (https://www.w3.org/TR/sparql11-service-description/), or the form
    for people."""
    offers = [item.media_type for item in formats.GRAPH_FORMATS]
    accept = request.headers.getlist("accept")
    chosen = negotiation.choose(accept, [*offers, negotiation.HTML])
    if chosen is None:
        raise not_acceptable([*offers, negotiation.HTML])
    if chosen == negotiation.HTML:
        return validated(request, pages.editor(state))
    url = service_url(request)
    triples = service_description.triples(
        f"{url}/sparql",
        state.release,
        f"{url}/limits",
        languages=_LANGUAGES if state.settings.engine_url else (*_LANGUAGES, "SPARQL12Query"),
    )
    return described_in(request, triples, formats.BY_MEDIA_TYPE[chosen])


async def update(_: Request) -> Response:
    """403: no route changes data."""
    raise HttpProblem(403, "read-only", "This service is read-only; it takes no updates.")


async def read_operation(request: Request, limit: int) -> Operation | None:
    """The operation in a request, None if it is a GET for none.

    Raises :class:`HttpProblem` where it breaks the protocol.
    """
    if request.method == "POST":
        return await read_posted(request, limit)
    pairs = parse_pairs(request.scope["query_string"], "query string")
    if not any(name in ("query", "update") for name, _ in pairs):
        return None
    return _operation(pairs, limit)


async def read_posted(request: Request, limit: int) -> Operation:
    """The operation in a POST; raises :class:`HttpProblem` where it breaks the protocol."""
    pairs = parse_pairs(request.scope["query_string"], "query string")
    return _operation(pairs + await _read_pairs(request, limit), limit)


async def _read_pairs(request: Request, limit: int) -> list[tuple[str, str]]:
    """What the body of a POST says, as name and value."""
    media_type = media_type_of(request)
    if media_type not in (FORM, DIRECT):
        raise HttpProblem(
            415,
            "unsupported-media-type",
            f"A POST to this endpoint has the media type {FORM} or {DIRECT}, "
            f"not {media_type or 'none'}.",
            headers={"Accept-Post": f"{FORM}, {DIRECT}"},
        )
    refuse_charset(request)
    if media_type == FORM:
        return parse_pairs(await read_body(request, _ENCODED * limit + _PARAMETERS), "form")
    return [("query", decode_utf8(await read_body(request, limit), "body"))]


def _operation(pairs: list[tuple[str, str]], limit: int) -> Operation:
    given: dict[str, list[str]] = {}
    for key, value in pairs:
        given.setdefault(key, []).append(value)
    queries = given.get("query", ())
    if "update" in given:
        raise HttpProblem(400, "no-updates", "This endpoint answers queries; it takes no updates.")
    if len(queries) != 1:
        raise _parameter(f"There are {len(queries)} parameters 'query'; exactly one is needed.")
    if len(queries[0]) * _CHARACTER > limit and len(queries[0].encode("utf-8")) > limit:
        raise HttpProblem(413, "query-too-long", f"The query is longer than {limit} bytes.")
    default = tuple(given.get("default-graph-uri", ()))
    named = tuple(given.get("named-graph-uri", ()))
    for iri in (*default, *named):
        if rdf_io.named_node(iri) is None:
            raise _parameter(f"The graph {iri!r} is not an absolute IRI.")
    names_dataset = bool(default or named)
    truncate = given.get("truncate")
    return Operation(
        queries[0],
        default if names_dataset else None,
        named if names_dataset else None,
        given["format"][-1] if "format" in given else None,
        _rows(truncate) if truncate else None,
        given["view"][-1] if "view" in given else "",
    )


def _most_rows(operation: Operation, text: QueryText, limit: int) -> int | None:
    """The rows after which the answer may end: no more than any answer may have."""
    if operation.truncate is None or text.form is not Form.SELECT:
        return None
    return min(operation.truncate, limit)


def _rows(values: list[str]) -> int:
    digits = values[0].lstrip("0")[:_DIGITS]
    if len(values) != 1 or not digits or not (values[0].isascii() and values[0].isdigit()):
        raise _parameter("The parameter 'truncate' is one number of rows, 1 or more.")
    return int(digits)


def _answer_format(request: Request, operation: Operation, text: QueryText) -> formats.Format:
    named = formats.BY_NAME.get(operation.format or "")
    if named in text.form.answer_formats:
        return named
    # Some clients send names of their own beside a good Accept, so an unknown name says nothing.
    given = operation.format if "/" in (operation.format or "") else None
    wanted = given or ",".join(request.headers.getlist("accept"))
    chosen = negotiated(wanted, text.form)
    if chosen is None:
        offers = [item.media_type for item in text.form.answer_formats]
        raise not_acceptable([*offers, negotiation.HTML])
    return chosen


def negotiated(accept: str, form: Form) -> formats.Format | None:
    """The format that ``Accept`` asks for; None if there is none such."""
    return (_remembered if len(accept) <= _LONGEST else _negotiated)(accept, form)


def _negotiated(wanted: str, form: Form) -> formats.Format | None:
    """The format by its preferred media type, else by another that it has."""
    offers = form.answer_formats
    chosen = negotiation.choose([wanted], [item.media_type for item in offers])
    if chosen is None:
        media_types = [media_type for item in offers for media_type in item.media_types]
        chosen = negotiation.choose([wanted], media_types)
    return next((item for item in offers if chosen in item.media_types), None)


_remembered = lru_cache(maxsize=_REMEMBERED)(_negotiated)


def parse_pairs(data: bytes, where: str) -> list[tuple[str, str]]:
    """Name and value of every field in ``application/x-www-form-urlencoded`` data."""
    pairs = []
    for part in data.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            pairs.append((unquoted(name, where), unquoted(value, where)))
    return pairs


def unquoted(data: bytes, where: str) -> str:
    """A name or a value in such data; raises :class:`HttpProblem` where it is not UTF-8."""
    plain = data.replace(b"+", b" ")
    return decode_utf8(percent_decoded(plain) if b"%" in plain else plain, where)


def percent_decoded(data: bytes) -> bytes:
    """The bytes that are written with per cent signs (RFC 3986, section 2.1).

    The same as ``unquote_to_bytes``, which goes through them one by one: written with ``=`` in
    place of ``%`` they are quoted-printable, for which there is a decoder in C.
    """
    if _NO_OCTET.search(data):
        return unquote_to_bytes(data)
    return a2b_qp(data.replace(b"=", b"=3D").replace(b"%", b"="))


def decode_utf8(data: bytes, where: str) -> str:
    """The text; raises :class:`HttpProblem` where the bytes are not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HttpProblem(
            400, "bad-encoding", f"The {where} is not UTF-8 at byte {error.start}."
        ) from None


async def read_body(request: Request, limit: int) -> bytes:
    """The body, at most ``limit`` bytes of it; more is a 413.

    What is too much is read and dropped before it is refused, as a client that still sends may not
    see the answer; unless the client asks first (RFC 9110, section 10.1.1). One that is compressed
    is a 415 (section 15.5.16).
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        detail = "The body is compressed; send it as it is."
        coding = {"Accept-Encoding": "identity"}
        raise HttpProblem(415, "unsupported-media-type", detail, headers=coding)
    if "expect" in request.headers and _declared(request) > limit:
        raise _too_large(limit, {"Connection": "close"})
    body = bytearray()
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= limit:
            body += part
        else:
            body.clear()
    if size > limit:
        raise _too_large(limit)
    return bytes(body)


def _declared(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdigit() else 0


def _too_large(limit: int, headers: Mapping[str, str] | None = None) -> HttpProblem:
    detail = f"The body is larger than {limit} bytes."
    return HttpProblem(413, "too-large", detail, headers=headers)


def media_type_of(request: Request) -> str:
    """The media type of the body in small letters, without parameters; empty if none is given."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def refuse_charset(request: Request) -> None:
    """Raises :class:`HttpProblem` for a body that says that it is not UTF-8."""
    charset = "utf-8"
    for parameter in request.headers.get("content-type", "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise HttpProblem(415, "bad-charset", f"The charset is {charset}; send UTF-8.")


def _parameter(detail: str) -> HttpProblem:
    return HttpProblem(400, "bad-parameter", detail)
