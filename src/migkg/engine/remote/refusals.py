"""What a status other than 200 means, as an error that says nothing of where the endpoint is.

A query that an engine stopped at a limit of time of its own comes with a status that says something
else; so what is in the body counts:

* ``Query timed out``, 503: Fuseki (``ActionExecLib``, jena-4.5.0 to 6.2.0);
* ``Query evaluation took too long``, 503: RDF4J, of which GraphDB is made
  (``TupleQueryResultView``, ``GraphQueryResultView``, 3.7.1);
* ``Operation timed out.``, 429: QLever (``CancellationHandle.h``, ``Server.cpp``, 0.6.0);
* ``TimeLimitExceededException``, 500: Neptune (User Guide, "Graph Engine Error Messages").
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from migkg.engine.parser_messages import bad_query, unknown_function
from migkg.engine.remote.address import Address
from migkg.engine.remote.connection import Head, whole_number
from migkg.errors import BadQuery, EngineBusy, EngineUnavailable, MigkgError, QueryTimeout

_BUSY = (429, 503)
_RETRY_AFTER = 2
_LONGEST_WAIT = 60
_LONGEST = 500  # characters of a message that is passed on
_ECHO = "\nSPARQL query:"  # with which Virtuoso repeats the query behind its message
_LINE = re.compile(r"\bline (\d+)")
_TIMED_OUT = re.compile(
    rb"Query timed out|Query evaluation took too long"
    rb"|Operation timed out|TimeLimitExceededException"
)
_REFUSED = "The endpoint refused the query."


def error_of(head: Head, body: bytes, address: Address) -> MigkgError:
    """The error for a reply whose status is not 200."""
    if head.status == 400:
        return _bad_query(_message(head, body), address)
    if _TIMED_OUT.search(body):
        return QueryTimeout()
    if head.status in _BUSY:
        return EngineBusy(_retry_after(head), "The endpoint is busy.")
    if unknown := unknown_function(_message(head, body)):
        return unknown
    return EngineUnavailable(f"The endpoint answered with status {head.status}.")


def _message(head: Head, body: bytes) -> str:
    """What a reply says to people; QLever and Neptune say it within JSON."""
    text = body.decode("utf-8", "replace")
    if "json" not in head.media_type:
        return text if head.media_type in ("", "text/plain") else ""
    try:
        said = json.loads(text)
        return str(said.get("exception") or said.get("detailedMessage") or "")
    except (ValueError, AttributeError):
        return ""


def _bad_query(text: str, address: Address) -> BadQuery:
    message = text.partition(_ECHO)[0].strip()
    if not message or address.host in message or f":{address.port}" in message:
        return BadQuery(_REFUSED)
    error = bad_query(message[:_LONGEST])
    line = _LINE.search(message)
    if error.line is None and line:
        error.line = int(line.group(1))
    return error


def _retry_after(head: Head) -> int:
    """Seconds to wait, as the endpoint says within reason (RFC 9110, section 10.2.3)."""
    given = head.fields.get("retry-after", "")
    seconds = whole_number(given)
    if seconds is None:
        seconds = _seconds_until(given)
    return _RETRY_AFTER if seconds is None else max(1, min(seconds, _LONGEST_WAIT))


def _seconds_until(date: str) -> int | None:
    """Seconds from now to a date of HTTP; None if it is none."""
    try:
        return math.ceil((parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return None
