"""The express lane: a query by GET with nothing unusual about it, answered on the shortest way.

Nearly all that a busy endpoint gets is this kind of request. For it no ASGI scope, no middleware
and no request object are made, which saves more than half of the time. What is unusual, and what is
found to be wrong before the engine is asked, goes through the application. Both ways give the same
answer, and keep answers for repeats in the same place.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from migkg.engine.protocol import Query
from migkg.errors import BadQuery, MigkgError
from migkg.model.sparql_text import read_query
from migkg.web import counts, journal, negotiation, sparql
from migkg.web.answers import caller_in, complete_answer, in_plain_words
from migkg.web.cache import Entry, Key
from migkg.web.cycle import Cycle
from migkg.web.headers import Ready, complete
from migkg.web.problems import HttpProblem
from migkg.web.routing import RELEASE, problem_of

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Message, Scope
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    from migkg.model.sparql_text import QueryText
    from migkg.web.front import Releases
    from migkg.web.headers import RawHeaders
    from migkg.web.served import Served

log = logging.getLogger(__name__)

_PATH = "/sparql"
_TARGET = b"/sparql?query="
# What changes nothing in an answer, or is minded here.
_ORDINARY = frozenset(
    (
        *(b"host", b"connection", b"user-agent", b"accept-encoding", b"accept-language", b"dnt"),
        *(b"origin", b"referer", b"cache-control", b"pragma", b"priority", b"via"),
        *(b"x-real-ip", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"),
        *journal.NAMES,
    )
)


@dataclass(slots=True)
class Asked:
    """A query as it was read, and as the engine is asked."""

    text: QueryText
    query: Query


@dataclass(slots=True)
class Wanted:
    """What a request wants: an answer that is kept, or one to what is asked."""

    served: Served
    key: Key
    what: Entry | Asked


class Express:
    """Tells which requests can take the lane."""

    def __init__(self, releases: Releases) -> None:
        self._releases = releases

    def wanted(self, target: bytes, headers: RawHeaders) -> Wanted | None:
        """What a GET wants; None if it has to go through the application."""
        if not target.startswith(_TARGET) or b"&" in target or b"#" in target:
            return None
        accept = b""
        for name, value in headers:
            if name == b"accept" and not accept:
                accept = value
            elif name not in _ORDINARY:
                return None
        served = self._releases.current
        key = ("GET", b"/sparql", target[len(_PATH) + 1 :], accept)
        kept = served.state.kept.get(key)
        if kept is not None:
            return Wanted(served, key, kept) if kept.etag else None
        return _read(served, key, target[len(_TARGET) :])


def _read(served: Served, key: Key, value: bytes) -> Wanted | None:
    settings = served.state.settings
    accept = key[-1].decode("latin-1")
    if len(value) > settings.query_text or negotiation.HTML in accept:
        return None
    try:
        text = read_query(sparql.unquoted(value, "query string"), settings.query_limits)
    except (HttpProblem, MigkgError):
        return None
    chosen = sparql.negotiated(accept, text.form)
    if chosen is None:
        return None
    return Wanted(served, key, Asked(text, Query.of(text, chosen)))


class ExpressCycle(Cycle):
    """One request in the lane, and its response."""

    # What uvicorn looks at, as it is for every request in the lane.
    access_log = False
    chunked_encoding = None
    disconnected = False
    expected_content_length = 0
    keep_alive = True
    more_body = False
    response_complete = False
    response_started = False
    waiting_for_100_continue = False

    def __init__(self, connection: HttpToolsProtocol, wanted: Wanted) -> None:
        # Not uvicorn's own, which makes an event and much else that is not needed.
        self.transport = connection.transport
        self.flow = connection.flow
        self.logger = connection.logger
        self.default_headers = connection.server_state.default_headers
        self.on_response = connection.on_response_complete
        self.message_event = cast("asyncio.Event", self)  # uvicorn calls ``set``
        self._loop = connection.loop
        self._wanted = wanted
        self._task: asyncio.Task[None] | None = None
        # As much of a scope as problems, the log and fairness look at.
        self._scope: Scope = {
            "type": "http",
            "method": "GET",
            "path": _PATH,
            "client": connection.client,
            "headers": connection.headers,
        }
        self.scope = cast("Any", self._scope)
        self.arrived()

    def begin(self, tasks: set[asyncio.Task[None]]) -> None:
        """Responds: at once if the answer is kept, else in one of the ``tasks``."""
        what = self._wanted.what
        if isinstance(what, Entry):
            counts.HITS.add()
            self._send_whole(what.headers, what.body)
            return
        task = self._task = self._loop.create_task(self._respond(what))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def set(self) -> None:
        """Ends the work on an answer if its client has gone."""
        if self.disconnected and self._task is not None:
            self._task.cancel()

    async def _respond(self, asked: Asked) -> None:
        served = self._wanted.served
        served.begin()
        try:
            response = await self._response(served, asked)
            response.raw_headers.append((RELEASE, served.id.encode()))
            await self._send(response)
        except Exception:
            log.exception("An answer could not be sent.")
            self.transport.close()
        finally:
            served.finish()

    async def _response(self, served: Served, asked: Asked) -> Response:
        """The answer of the engine, or what went wrong."""
        self._scope[journal.QUERY] = asked.text.text
        try:
            caller = caller_in(self._scope, served.state.settings)
            answer = await served.state.engine.answer(asked.query, caller)
        except BadQuery as error:
            response = problem_of(in_plain_words(error, asked.query, served.state), self._scope)
        except Exception as error:  # noqa: BLE001 - the client or the log is told
            response = problem_of(error, self._scope)
        else:
            return complete_answer(answer, repeatable=asked.text.repeatable)
        complete(response.raw_headers)
        return response

    async def _send(self, response: Response) -> None:
        """Sends it in one piece if it can be, and keeps it if it may be."""
        if type(response) is not Ready or self.flow.write_paused:
            await response(self._scope, _nothing, self.send)
            return
        headers, body = response.raw_headers, bytes(response.body)
        etag = next((value for name, value in headers if name == b"etag"), b"")
        if etag:
            key = self._wanted.key
            entry = Entry(headers, body, etag)
            self._wanted.served.state.kept.put(key, entry, key_size=_size(key))
        self._send_whole(headers, body)

    def _send_whole(self, headers: RawHeaders, body: bytes) -> None:
        if self.disconnected:
            return
        self.status = 200
        self.write(b"%b\r\n%b" % (self.head(200, self.named(headers)), body))


def _size(key: Key) -> int:
    return sum(map(len, key))


async def _nothing() -> Message:
    """Never comes: that the client goes ends the task."""
    never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    return await never
