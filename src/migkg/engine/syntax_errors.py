"""What the parser of the embedded engine says of a query that it cannot read, as our error."""

from __future__ import annotations

import re

from migkg.errors import BadQuery

_POSITION = re.compile(r"error at (\d+):(\d+): *")
_CHOICES = 12


def bad_query(text: str) -> BadQuery:
    """The error for the parser's text, with line and column where it names them."""
    match = _POSITION.match(text)
    message = _shorten(_POSITION.sub("", text))
    if match is None:
        return BadQuery(message)
    return BadQuery(message, line=int(match.group(1)), column=int(match.group(2)))


def _shorten(message: str) -> str:
    """The parser's message without its list of character ranges, cut after a dozen choices."""
    choices = re.sub(r"\[[^\[\]]*\](?=$|,)(, )?", "", " ".join(message.split())).rstrip(", ")
    parts = choices.split(", ")
    return ", ".join(parts[:_CHOICES]) + (", …" if len(parts) > _CHOICES else "")
