"""The log of the service: lines for people or for programs, and which requests it tells of.

Sources: https://www.w3.org/TR/trace-context/ (traceparent); RFC 9110, section 5.5 (field values).
A query is told by its digest, and by its beginning only if a setting says so. What clients send is
never written as it is: JSON and ``repr`` leave no way to begin a line of one's own.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from starlette.types import Scope

from migkg.settings import Settings
from migkg.web.clients import client_of

log = logging.getLogger("migkg.requests")

NAMES = frozenset((b"x-request-id", b"traceparent"))
# Where the text of the query stands while it is answered.
QUERY = "migkg.query"
_ID = "migkg.request_id"
# Where the place of a request in a trace stands, if it is traced here.
TRACEPARENT = "migkg.traceparent"
_GIVEN = re.compile(r"[\w.:+/=@~-]{1,128}", re.ASCII)
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-[ -~]{0,100})?")
_LONGEST_PATH = 200  # characters
_DIGEST = 16  # figures
_MOST = 20  # lines of one kind a second; more would let strangers fill a disk
_FIRST = {"off": 1000, "failures": 500, "all": 0}


class _Rules:
    """What the settings say."""

    first = 500  # the first status that is told of
    prefix = 0  # characters of a query
    hops = 0  # proxies of ours in front


def configure(settings: Settings) -> None:
    """Sets how this process and those forked from it log."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if settings.log == "json" else _Text())
    handler.addFilter(_Few(all_requests=settings.log_requests == "all"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(logging.INFO)
    _Rules.first = _FIRST[settings.log_requests]
    _Rules.prefix = settings.log_query
    _Rules.hops = settings.proxy_hops


def teller(settings: Settings, plainly: Callable[[str], object]) -> Callable[[str], None]:
    """What tells how the start goes: ``plainly`` for people, a line of the log for programs."""
    start = logging.getLogger("migkg.start")
    start.setLevel(logging.INFO)

    def tell(text: str) -> None:
        if settings.log == "json":
            start.info("%s", text.strip())
        else:
            plainly(text)

    return tell


def is_logged(status: int) -> bool:
    """True if a request with such an end is told of; 0 is one without an answer."""
    return status >= _Rules.first


def log_request(scope: Scope, status: int, seconds: float) -> None:
    """Tells of one request."""
    log.info("request", extra={"fields": _fields(scope, status, seconds)})


def request_id(scope: Scope) -> str:
    """The name of a request: the client's if it is well formed, else a new one."""
    known: str | None = scope.get(_ID)
    if known is None:
        known = scope[_ID] = _given(scope) or uuid.uuid4().hex
    return known


def trace_of(scope: Scope) -> str:
    """The place in a trace that what is asked for the request belongs to; empty for none."""
    here: str = scope.get(TRACEPARENT, "")
    given = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
    found = _TRACE.fullmatch(given.decode("latin-1"))
    return here or (found[0] if found else "")


def _given(scope: Scope) -> str:
    fields = {name: value.decode("latin-1") for name, value in scope["headers"] if name in NAMES}
    given = _GIVEN.fullmatch(fields.get(b"x-request-id", ""))
    trace = _TRACE.fullmatch(fields.get(b"traceparent", ""))
    return given[0] if given else trace[1] if trace else ""


def _fields(scope: Scope, status: int, seconds: float) -> dict[str, Any]:
    fields = {
        "request_id": request_id(scope),
        "method": scope["method"],
        "path": scope["path"][:_LONGEST_PATH],
        "status": status,
        "seconds": round(seconds, 6),
        "client": client_of(scope, _Rules.hops),
    }
    query: str | None = scope.get(QUERY)
    if query is not None:
        data = query.encode("utf-8", "surrogatepass")
        fields["query"] = hashlib.sha256(data).hexdigest()[:_DIGEST]
        if _Rules.prefix:
            fields["query_begins"] = query[: _Rules.prefix]
    return fields


class _Few(logging.Filter):
    """Lets so many lines of one kind through in a second; a later one tells how many more came."""

    def __init__(self, *, all_requests: bool) -> None:
        super().__init__()
        self._all_requests = all_requests
        self._second = 0
        self._lines: dict[str, int] = {}
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """True if the record is to be written."""
        if self._all_requests and record.name == log.name:
            return True
        now, kind = int(time.monotonic()), str(record.msg)
        if now != self._second:
            self._second, self._lines = now, {}
        self._lines[kind] = self._lines.get(kind, 0) + 1
        if self._lines[kind] > _MOST:
            self._left_out += 1
            return False
        if self._left_out:
            fields = getattr(record, "fields", {})
            record.__dict__["fields"] = {**fields, "left_out_before": self._left_out}
            self._left_out = 0
        return True


class _Text(logging.Formatter):
    """A line for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """See :class:`logging.Formatter`."""
        line = super().format(record)
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        return " ".join([line, *(f"{name}={_plain(value)}" for name, value in fields.items())])


class _Json(logging.Formatter):
    """A JSON object in a line, with the time as RFC 3339 has it."""

    def format(self, record: logging.LogRecord) -> str:
        """See :class:`logging.Formatter`."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _plain(value: object) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text and text.isascii() else ascii(text)
