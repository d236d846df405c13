"""What an engine says is wrong with a query, as an error with its place where it is known."""

from __future__ import annotations

import re

from migkg.errors import BadQuery

_POSITION = re.compile(r"error at (\d+):(\d+): *")
_FUNCTION = re.compile(r"The custom function (<[^<>]{0,500}>) is not supported")
_CHOICES = 12


def bad_query(message: str) -> BadQuery:
    """The error for a message of the engine's parser."""
    match = _POSITION.match(message)
    short = _shorten(_POSITION.sub("", message))
    if match is None:
        return BadQuery(short)
    return BadQuery(short, line=int(match.group(1)), column=int(match.group(2)))


def unknown_function(message: str) -> BadQuery | None:
    """The error where Oxigraph says, only as it evaluates a query, that it lacks a function."""
    match = _FUNCTION.match(message)
    return BadQuery(f"There is no function {match[1]} here.") if match else None


def _shorten(message: str) -> str:
    """The parser's message without its list of character ranges, cut after a dozen choices."""
    choices = re.sub(r"\[[^\[\]]*\](?=$|,)(, )?", "", " ".join(message.split())).rstrip(", ")
    parts = choices.split(", ")
    return ", ".join(parts[:_CHOICES]) + (", …" if len(parts) > _CHOICES else "")
