"""What is refused in front of a remote engine, beside what the guard refuses in any query.

Virtuoso calls functions of its own by names that begin with ``bif:`` and ``sql:``, some of which
fetch from other hosts or read files; takes ``DEFINE`` before a query, with which it fetches too;
and runs what follows a query behind a semicolon. No query in the language of the standard has any
of these.
"""

from __future__ import annotations

import re

from migkg.errors import QueryRefused
from migkg.model.sparql_text import tokens
from migkg.model.sparql_text.escapes import Escapes

_NAMES = re.compile(r"<?(?:bif|sql)\s*:", re.IGNORECASE)
_WORDS = frozenset(
    ("DEFINE", "INSERT", "DELETE", "MODIFY", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "WITH")
)
_SUSPECT = ("BIF", "SQL", *_WORDS)


def check(text: str) -> None:
    """Raises :class:`QueryRefused` for what only an engine's own language has."""
    for reading in _readings(text):
        if _is_suspect(reading.upper()):
            _check_tokens(reading)


def _is_suspect(capitals: str) -> bool:
    for word in _SUSPECT:  # noqa: SIM110 - half the time of any()
        if word in capitals:
            return True
    return False


def _readings(text: str) -> tuple[str, ...]:
    """The text, and what it is for an engine that decodes escapes first."""
    if "\\" not in text:
        return (text,)
    escapes = Escapes(text)
    return (text, escapes.decoded()) if escapes else (text,)


def _check_tokens(text: str) -> None:
    for token in tokens(text):
        own_name = token.kind in ("iri", "name") and _NAMES.match(token.text)
        if own_name or token.word in _WORDS:
            line = text.count("\n", 0, token.offset) + 1
            column = token.offset - text.rfind("\n", 0, token.offset)
            what = token.text.partition(":")[0].lstrip("<") + ":" if own_name else token.word
            raise QueryRefused(
                f"{what} is not allowed: this service answers queries in standard SPARQL.",
                line=line,
                column=column,
            )
