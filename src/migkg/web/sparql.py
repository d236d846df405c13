"""``/sparql``: the query operation of the SPARQL 1.1 Protocol.

Source: https://www.w3.org/TR/sparql11-protocol/#query-operation. The raw query string and body are
read here, because frameworks decode form bodies leniently and hide bad UTF-8.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from migkg.engine import rdf_io
from migkg.engine.protocol import Answer, Query
from migkg.model import formats
from migkg.model.sparql_text import QueryText, read_query
from migkg.services import service_description
from migkg.services.linked_data import is_iri
from migkg.web import negotiation, pages
from migkg.web.problems import HttpProblem
from migkg.web.state import State, state_of

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
METHODS = "GET, HEAD, POST, OPTIONS"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Operation:
    """A query operation as the client asked for it."""

    query: str
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    format: str | None


async def endpoint(request: Request) -> Response:
    """Answers one query."""
    state = state_of(request)
    if request.method != "POST" and not _has_query(request):
        return _about(request, state)
    operation = await read_operation(request, state.settings.query_text)
    text = read_query(operation.query, state.settings.query_limits)
    chosen = _answer_format(request, operation, text)
    query = Query.of(
        text,
        chosen,
        default_graphs=operation.default_graphs,
        named_graphs=operation.named_graphs,
    )
    answer = await while_connected(request, state.engine.answer(query))
    return answer_response(answer, head=request.method == "HEAD")


def _has_query(request: Request) -> bool:
    pairs = parse_pairs(request.scope["query_string"], "query string")
    return any(name in ("query", "update") for name, _ in pairs)


def _about(request: Request, state: State) -> Response:
    """The service description (https://www.w3.org/TR/sparql11-service-description/), or the form
    for people."""
    offers = [item.media_type for item in formats.GRAPH_FORMATS]
    accept = request.headers.getlist("accept")
    chosen = negotiation.choose(accept, [*offers, negotiation.HTML])
    if chosen is None:
        raise not_acceptable([*offers, negotiation.HTML])
    if chosen == negotiation.HTML:
        return pages.editor(state)
    endpoint_iri = f"{state.settings.public_url or str(request.base_url).rstrip('/')}/sparql"
    chosen_format = formats.BY_MEDIA_TYPE[chosen]
    triples = service_description.triples(endpoint_iri, state.release)
    prefixes = rdf_io.used_prefixes(triples, state.schema.prefixes)
    body = rdf_io.write_triples(triples, chosen_format, prefixes=prefixes)
    return Response(body, headers={"Content-Type": chosen_format.content_type, "Vary": "Accept"})


async def update(_: Request) -> Response:
    """403: no route changes data."""
    raise HttpProblem(403, "read-only", "This service is read-only; it takes no updates.")


def answer_response(answer: Answer, *, head: bool = False) -> Response:
    """A complete answer as a response whose length is known."""
    headers = {
        "Content-Type": answer.format.content_type,
        "Content-Length": str(answer.size),
        "Vary": "Accept",
    }
    if head:
        answer.close()
        return Response(headers=headers)
    return StreamingResponse(answer.chunks(), headers=headers)


async def while_connected(request: Request, work: Awaitable[_T]) -> _T:
    """The result of ``work``, which is cancelled when the client goes away."""
    task = asyncio.ensure_future(work)
    watcher = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise HttpProblem(400, "client-gone", "The client has gone.")
        return task.result()
    finally:
        for future in (watcher, task):
            if not future.done():
                future.cancel()
        await asyncio.gather(watcher, task, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def read_operation(request: Request, limit: int) -> Operation:
    """The operation in a request; raises :class:`HttpProblem` where it breaks the protocol."""
    pairs = parse_pairs(request.scope["query_string"], "query string")
    if request.method == "POST":
        media_type, charset = _content_type(request)
        if charset not in ("utf-8", "utf8", "us-ascii"):
            raise HttpProblem(415, "bad-charset", f"The charset is {charset}; send UTF-8.")
        body = await read_body(request, limit)
        if media_type == FORM:
            pairs += parse_pairs(body, "form")
        elif media_type == DIRECT:
            if any(name == "query" for name, _ in pairs):
                raise _parameter("The query stands both in the body and in the query string.")
            pairs.append(("query", decode_utf8(body, "body")))
        else:
            raise HttpProblem(
                415,
                "unsupported-media-type",
                f"A POST to this endpoint has the media type {FORM} or {DIRECT}, "
                f"not {media_type or 'none'}.",
                headers={"Accept-Post": f"{FORM}, {DIRECT}"},
            )
    return _operation(pairs, limit)


def _operation(pairs: list[tuple[str, str]], limit: int) -> Operation:
    def values(name: str) -> tuple[str, ...]:
        return tuple(value for key, value in pairs if key == name)

    queries = values("query")
    if values("update"):
        raise HttpProblem(400, "no-updates", "This endpoint answers queries; it takes no updates.")
    if len(queries) != 1:
        raise _parameter(f"There are {len(queries)} parameters 'query'; exactly one is needed.")
    if len(queries[0].encode("utf-8")) > limit:
        raise HttpProblem(413, "query-too-long", f"The query is longer than {limit} bytes.")
    default, named = values("default-graph-uri"), values("named-graph-uri")
    for iri in (*default, *named):
        if not is_iri(iri) or ":" not in iri:
            raise _parameter(f"The graph {iri!r} is not an absolute IRI.")
    given = bool(default or named)
    names = values("format")
    return Operation(
        queries[0],
        default if given else None,
        named if given else None,
        names[-1] if names else None,
    )


def _answer_format(request: Request, operation: Operation, text: QueryText) -> formats.Format:
    offers = text.form.answer_formats
    named = formats.BY_NAME.get(operation.format or "")
    if named in offers:
        return named
    # Some clients send names of their own beside a good Accept, so an unknown name says nothing.
    given = operation.format if "/" in (operation.format or "") else None
    wanted = [given] if given else request.headers.getlist("accept")
    media_types = [media_type for item in offers for media_type in item.media_types]
    preferred = [item.media_type for item in offers]
    chosen = negotiation.choose(wanted, preferred) or negotiation.choose(wanted, media_types)
    if chosen is None:
        raise not_acceptable(preferred)
    return next(item for item in offers if chosen in item.media_types)


def not_acceptable(offers: list[str]) -> HttpProblem:
    """The 406 that names what there is."""
    return HttpProblem(
        406,
        "not-acceptable",
        "None of the accepted formats can be had; there is " + ", ".join(offers) + ".",
        headers={"Vary": "Accept"},
        available=offers,
    )


def parse_pairs(data: bytes, where: str) -> list[tuple[str, str]]:
    """Name and value of every field in ``application/x-www-form-urlencoded`` data."""
    pairs = []
    for part in data.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            pairs.append((_unquote(name, where), _unquote(value, where)))
    return pairs


def _unquote(data: bytes, where: str) -> str:
    return decode_utf8(unquote_to_bytes(data.replace(b"+", b" ")), where)


def decode_utf8(data: bytes, where: str) -> str:
    """The text; raises :class:`HttpProblem` where the bytes are not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HttpProblem(
            400, "bad-encoding", f"The {where} is not UTF-8 at byte {error.start}."
        ) from None


async def read_body(request: Request, limit: int) -> bytes:
    """The body, at most ``limit`` bytes of it; more is a 413."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise HttpProblem(413, "too-large", f"The body is larger than {limit} bytes.")
    return bytes(body)


def _content_type(request: Request) -> tuple[str, str]:
    media_type, *parameters = request.headers.get("content-type", "").split(";")
    charset = "utf-8"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return media_type.strip().lower(), charset


def _parameter(detail: str) -> HttpProblem:
    return HttpProblem(400, "bad-parameter", detail)
