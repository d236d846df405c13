"""The HTTP connection, with the limits that uvicorn's has not.

A request has so long to arrive, from its first byte (or from the opening of the connection) to its
last; a client has to take what is sent to it; the head of a request has a largest size; there are
so many connections. Who exceeds one of them loses the connection, with a problem document where no
answer has begun. What else is wrong with a request is refused in the same way, and an offer to
speak another protocol is not taken.

Sources: RFC 9110 sections 7.8 (Upgrade), 9.1 (methods), 15.5.9 (408); RFC 9112 sections 3.2 (Host)
and 9.6 (closing); RFC 6585 section 5 (431).
"""

from __future__ import annotations

import asyncio
import fcntl
import re
import socket
import struct
import termios
from http import HTTPStatus
from typing import Any, cast

import httptools
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from migkg.settings import Settings
from migkg.web import counts
from migkg.web.cycle import Cycle
from migkg.web.express import Express, ExpressCycle
from migkg.web.headers import complete
from migkg.web.problems import problem_response

LONGEST_TARGET = 65_535  # bytes; uvicorn's parser of URLs takes no more
LONGEST_FIELDS = 32 * 1024  # bytes of all header fields
_SLOWEST = 1024  # bytes a second; who takes fewer takes nothing
_LINGER = 2.0  # seconds in which what a refused client still sends is dropped
_RETRY_AFTER = 2
_PIPELINED = 16  # requests that are read while an earlier one is answered
_SEPARATORS = len(b": \r\n")
# What a host and a port are made of: RFC 3986, section 3.2.2.
_HOST = re.compile(rb"[\w.~!$&'()*+,;=%:\[\]-]*", re.ASCII)
# The absolute form of a target up to its path: RFC 9112, section 3.2.2.
_ABSOLUTE = re.compile(rb"^https?://[^/?]*/?", re.IGNORECASE)
_OFFER = (b"upgrade", b"http2-settings")
# A request line whose method the parser does not know: RFC 9110, section 9.1.
_OTHER_METHOD = re.compile(rb"[\w!#$%&'*+.^`|~-]+ [^\s]+ HTTP/1\.[01]\r\n", re.ASCII)


def connection_class(settings: Settings, lane: Express | None = None) -> type[asyncio.Protocol]:
    """The protocol class of a service with these settings, and with the express lane if any."""

    class Connection(_Connection):
        request_deadline = settings.request_deadline
        stall_deadline = settings.stall_deadline
        most = settings.connections
        express = lane

    return Connection


class _Connection(HttpToolsProtocol):
    request_deadline: float
    stall_deadline: float
    most: int
    express: Express | None

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **named)
        self._arriving: asyncio.TimerHandle | None = None  # the deadline of the request
        self._taking: asyncio.TimerHandle | None = None  # the next look at what was taken
        self._ending: asyncio.TimerHandle | None = None
        self._untaken = 0  # bytes, at the last look
        self._in_head = True
        self._arrived = False  # to its end, and nothing of the next one has come
        self._head = 0  # bytes of it that came so far
        self._refused = False
        self._answering: Cycle | None = None  # what is or was answered last

    # A request arrives.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        counts.CONNECTIONS.add(1)
        if len(self.connections) > 2 * self.most:  # too many even to be told so
            transport.abort()
        else:
            self._expect_request()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._unset_keepalive_if_required()
        self._arrived = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._read_without_offer(data[offer.args[0] :])
        except httptools.HttpParserInvalidMethodError:
            self._refuse(_unknown_method() if _OTHER_METHOD.match(data) else _not_http())
        except httptools.HttpParserError:
            self._refuse(_not_http())
        if self._in_head:
            self._head += len(data)
            if self._head > LONGEST_TARGET + LONGEST_FIELDS:
                self._refuse(_too_large(self.url))
        if self._arriving is None and not self._arrived:
            self._expect_request()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unset_keepalive_if_required()
        self._in_head = True
        self._arrived = False
        self._head = 0

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self.url = _ABSOLUTE.sub(b"/", self.url)
        problem = self._problem()
        if problem is not None:
            self.app = _ending_with(problem)
            self.url = b"/"
        elif self._takes_express():
            return
        super().on_headers_complete()
        self._in_head = False
        if len(self.pipeline) <= _PIPELINED:
            self.flow.resume_reading()  # else the end of the connection would not be seen

    def _takes_express(self) -> bool:
        """True if the request is one for the express lane, which then responds to it."""
        if self.express is None or self.parser.get_method() != b"GET":
            return False
        before: RequestResponseCycle | None = self.cycle
        if before is not None and not before.response_complete:
            return False
        if self.parser.get_http_version() != "1.1" or not self.parser.should_keep_alive():
            return False
        wanted = self.express.wanted(self.url, self.headers)
        if wanted is None:
            return False
        self._in_head = False
        self.cycle = self._answering = cycle = ExpressCycle(self, wanted)
        cycle.begin(self.tasks)
        return True

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401 - uvicorn's own
        cycle.__class__ = Cycle  # uvicorn makes its own and has no setting for it
        self._answering = cast(Cycle, cycle)
        self._answering.arrived()
        super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        _cancel(self._arriving)
        self._arriving = None
        self._arrived = True
        self._in_head = True
        self._head = 0
        super().on_message_complete()
        if self.cycle.response_complete:  # it was answered before its body had come
            self._expect_next()

    def _read_without_offer(self, rest: bytes) -> None:
        """Reads the head again as one that offers no other protocol, then the body.

        The parser takes for granted that what follows an offer is in the other protocol.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(problem_response(400, "bad-request", "This is not a proxy."))
            return
        fields = [b"%b: %b\r\n" % item for item in self.headers if item[0] not in _OFFER]
        line = b"%b %b HTTP/%b\r\n" % (method, self.url, self.parser.get_http_version().encode())
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.data_received(b"".join([line, *fields, b"\r\n", rest]))

    def _problem(self) -> Response | None:
        """What is wrong with a request whose head has come."""
        if len(self.connections) > self.most:
            detail = "There are too many connections."
            retry = {"Retry-After": str(_RETRY_AFTER)}
            return problem_response(503, "busy", detail, headers=retry)
        size = 0
        hosts = []
        for name, value in self.headers:
            size += len(name) + len(value) + _SEPARATORS
            if name == b"host":
                hosts.append(value)
        if size > LONGEST_FIELDS or len(self.url) > LONGEST_TARGET:
            return _too_large(self.url)
        if not _HOST.fullmatch(b"".join(hosts)) or len(hosts) > 1:
            return problem_response(400, "bad-request", "The header Host is wrong.")
        if not hosts and self.parser.get_http_version() == "1.1":
            return problem_response(400, "bad-request", "The header Host is missing.")
        return None

    def _expect_next(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _expect_request(self) -> None:
        self._arriving = self.loop.call_later(self.request_deadline, self._too_late)

    def _too_late(self) -> None:
        detail = f"The request did not arrive within {self.request_deadline:g} seconds."
        self._refuse(problem_response(408, "request-timeout", detail))

    # It is refused.

    def _refuse(self, problem: Response) -> None:
        """Takes no more requests; the one that arrives gets the problem if no answer has begun."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        _cancel(self._arriving)
        cycle: RequestResponseCycle | None = self.cycle
        if self.pipeline:  # an earlier answer is under way; the connection ends with the last one
            if not self._in_head:
                self.pipeline.popleft()
        elif cycle is None or cycle.response_complete:
            self._end(problem if self._in_head else None)
        elif not self._in_head and not cycle.response_started:
            self._end(problem)
            cycle.disconnected = True
            cycle.message_event.set()

    def _end(self, problem: Response | None) -> None:
        """Closes so that the client sees the problem although it may still send."""
        if problem is not None:
            self.transport.write(_bytes(problem, self.server_state.default_headers))
        self.flow.resume_reading()
        self.transport.write_eof()
        self._ending = self.loop.call_later(_LINGER, self._close)

    def on_response_complete(self) -> None:
        was_last = not self.pipeline
        if self._answering is not None:
            self._answering.end()
            self._answering = None
        super().on_response_complete()
        if not self._arrived:  # the next request has begun
            self._unset_keepalive_if_required()
        if self._refused and was_last:
            self.transport.close()
        if self.transport.is_closing():
            self._watch_client()

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def _close(self) -> None:
        self.transport.close()  # once everything is sent, for which it waits
        self._watch_client()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._arriving, self._taking, self._ending):
            _cancel(timer)
        if self._answering is not None:  # uvicorn tells only the last request that came
            self._answering.disconnected = True
            self._answering.message_event.set()
            self._answering.end()
        counts.CONNECTIONS.add(-1)
        super().connection_lost(exc)

    # What is sent is taken.

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_client()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            _cancel(self._taking)
            self._taking = None

    def _watch_client(self) -> None:
        """Looks from time to time how much the client has taken; nothing is written meanwhile."""
        if self._taking is None and self.transport.get_write_buffer_size():
            self._untaken = self._count_untaken()
            self._taking = self.loop.call_later(self.stall_deadline, self._look)

    def _look(self) -> None:
        self._taking = None
        if self._untaken - self._count_untaken() < _SLOWEST * self.stall_deadline:
            self._cut()
        else:
            self._watch_client()

    def _cut(self) -> None:
        """Closes at once, and lets the kernel drop what it has not sent."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _count_untaken(self) -> int:
        """Bytes that the other end has not received: ours, and those that the kernel has."""
        ours = self.transport.get_write_buffer_size()
        sock = self.transport.get_extra_info("socket")
        if sock is None or sock.fileno() < 0:
            return ours
        waiting = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
        return ours + int(struct.unpack("i", waiting)[0])


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def _not_http() -> Response:
    return problem_response(400, "bad-request", "This is not HTTP.")


def _unknown_method() -> Response:
    return problem_response(501, "method-unknown", "No resource here has this method.")


def _too_large(target: bytes) -> Response:
    if len(target) > LONGEST_TARGET:
        detail = f"The target of a request has at most {LONGEST_TARGET} bytes."
        return problem_response(414, "target-too-long", detail)
    detail = f"The header fields of a request have at most {LONGEST_FIELDS} bytes."
    return problem_response(431, "head-too-large", detail)


def _ending_with(problem: Response) -> Response:
    """The problem as an application of its own, after which the connection is closed."""
    problem.headers["connection"] = "close"
    complete(problem.raw_headers)
    return problem


def _bytes(problem: Response, more: list[tuple[bytes, bytes]]) -> bytes:
    """The problem as it goes over the wire."""
    fields = [*more, *_ending_with(problem).raw_headers]
    head = b"".join(b"%b: %b\r\n" % item for item in fields)
    phrase = HTTPStatus(problem.status_code).phrase.encode()
    line = b"HTTP/1.1 %d %b\r\n" % (problem.status_code, phrase)
    return b"".join([line, head, b"\r\n", bytes(problem.body)])
