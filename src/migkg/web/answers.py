"""Answers of the engine as HTTP responses."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from migkg.engine.protocol import Answer, Caller, Lane, Query
from migkg.errors import BadQuery
from migkg.model.sparql_text import find_fault
from migkg.settings import Settings
from migkg.web import caution
from migkg.web.cache import Entry
from migkg.web.clients import client_of
from migkg.web.headers import RawHeaders, Ready
from migkg.web.journal import trace_of
from migkg.web.state import State, state_of
from migkg.web.validators import FRESH, unless_current, validator
from migkg.web.waiting import sent_while_connected, while_connected

TRUNCATED = b"migkg-truncated"
_CHARACTER = 4  # bytes at most
_FRESH = FRESH.encode()


def caller_of(request: Request, lane: Lane = Lane.SPARQL) -> Caller:
    """Who asks, for the engine."""
    return caller_in(request.scope, state_of(request).settings, lane)


def caller_in(scope: Scope, settings: Settings, lane: Lane = Lane.SPARQL) -> Caller:
    """The same, from a scope with the client and the header fields."""
    trace = trace_of(scope) if settings.engine_url else ""
    return Caller(client_of(scope, settings.proxy_hops), lane, trace)


async def answer_to(request: Request, query: Query, lane: Lane = Lane.SPARQL) -> Answer:
    """The engine's answer; the query is stopped when the client goes away.

    Raises what the engine does, a :class:`BadQuery` in plainer words where there are any.
    """
    state = state_of(request)
    try:
        answer = state.engine.answer(query, caller_of(request, lane))
        return caution.note(await while_connected(request, answer))
    except BadQuery as error:
        raise in_plain_words(error, query, state) from None


def in_plain_words(error: BadQuery, query: Query, state: State) -> BadQuery:
    """What is wrong with a query in plainer words than the engine's, where there are any."""
    return find_fault(query.text, state.schema.prefixes) or error


async def answered(request: Request, query: Query, *, repeatable: bool) -> Response:
    """The response to a query.

    ``repeatable`` says that the same query gives the same answer as long as the release is served.
    What is asked by GET is kept in front of the application, by its address; what is asked by POST
    is kept here, by the query, however it was sent.
    """
    kept = state_of(request).kept
    by_post = request.method == "POST"
    if by_post and (entry := kept.get(query)):
        return Ready(200, list(entry.headers), entry.body)
    answer = await answer_to(request, query)
    response = answer_response(request, answer, repeatable=repeatable, truncate=query.truncate)
    if by_post and "etag" in response.headers:
        entry = Entry(list(response.raw_headers), bytes(response.body), b"")
        kept.put(query, entry, key_size=_CHARACTER * (len(query.text) + len(query.cut)))
    return response


def answer_response(
    request: Request, answer: Answer, *, repeatable: bool, truncate: int | None = None
) -> Response:
    """A complete answer as a response whose length is known.

    One in memory has a strong validator if it is ``repeatable``. If rows were cut, a header says
    so.
    """
    response = complete_answer(answer, repeatable=repeatable, truncate=truncate)
    return unless_current(request, response) if repeatable and answer.in_memory else response


def complete_answer(answer: Answer, *, repeatable: bool, truncate: int | None = None) -> Ready:
    """The same whatever the client has already."""
    content_type = answer.format.content_type.encode()
    headers = [(b"content-type", content_type), (b"vary", b"Accept")]
    if answer.truncated:
        headers.append((TRUNCATED, str(truncate).encode()))
    if answer.engine:
        headers.append((caution.CAUTION, caution.value(answer.engine)))
    headers.append((b"content-length", b"%d" % answer.size))
    headers.append((b"cache-control", _FRESH if repeatable else b"no-store"))
    if not answer.in_memory:
        return _Spooled(answer, headers)
    body = answer.read()
    if repeatable:
        headers.append((b"etag", validator(content_type, body)))
    return Ready(200, headers, body)


class _Spooled(Ready):
    """An answer that is sent from its file, which is closed afterwards in any case."""

    def __init__(self, answer: Answer, headers: RawHeaders) -> None:
        super().__init__(200, headers, b"")
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the answer in parts, as long as the client is there."""
        try:
            await sent_while_connected(receive, self._send(scope["method"], send))
        finally:
            self._answer.close()

    async def _send(self, method: str, send: Send) -> None:
        headers = self.raw_headers
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        if method != "HEAD":
            for part in self._answer.chunks():
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
