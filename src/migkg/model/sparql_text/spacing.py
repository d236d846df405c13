"""Whether a space stands between two tokens.

A space is never taken away, or put, where two engines could then read other tokens: next to the
operators of paths, next to signs, and between an IRI and a bracket it stays as it was written.
"""

from __future__ import annotations

import re

from migkg.model.sparql_text.tokens import Token

_SPACED_OPERATORS = frozenset(("=", "!=", "<=", ">=", "&&", "||"))
_ANGLES = frozenset(("<", ">", ">>"))
_SPACED_WORDS = frozenset(
    re.findall(
        r"\w+",
        """A AND AS ASK BY CONSTRUCT DESCRIBE DISTINCT FALSE FROM HAVING IN LIMIT NAMED NOT
        OFFSET REDUCED SELECT TRUE UNDEF VALUES WHERE""",
    )
)

_BEFORE_STAR = frozenset(("DESCRIBE", "DISTINCT", "REDUCED", "SELECT"))


def is_tight(before: Token, token: Token, *, glued: bool) -> bool:
    """True if no space stands between two tokens that follow each other on a line.

    ``glued`` is true if none was written there.
    """
    if "^^" in (before.text, token.text) or token.text == ",":
        return True
    if before.kind == "open" or token.kind == "close":
        return _is_tight_inside(before, token)
    if before.kind == token.kind == "number":  # a space would change how ``.5.5`` is read
        return glued
    if token.kind in ("separator", "open"):
        return token.text == "(" and _is_tight_before_parenthesis(before, glued=glued)
    if token.kind == "tag":
        return glued or before.kind == "string"
    is_star = token.text == "*" and before.word in _BEFORE_STAR
    kept = _keeps(before, token) or _keeps(token, before)
    return glued and kept and before.text != "," and not is_star


def _is_tight_inside(before: Token, token: Token) -> bool:
    """Next to a bracket, on its inner side; an empty pair has no space."""
    if before.text in _ANGLES or token.text in _ANGLES:
        return True
    if before.kind == "open" and token.kind == "close":
        return True
    return before.text == "(" or token.text == ")"


def _is_tight_before_parenthesis(before: Token, *, glued: bool) -> bool:
    if before.kind == "word":
        return before.word not in _SPACED_WORDS
    if before.kind in ("name", "local", "iri", "other"):
        return glued
    return before.kind == "operator" and before.text not in _SPACED_OPERATORS and glued


def _keeps(token: Token, neighbour: Token) -> bool:
    """True if what stands between a token and its neighbour is left as it was written."""
    if token.kind == "other":
        return True
    if token.kind != "operator" or token.text in _SPACED_OPERATORS:
        return False
    if token.text in _ANGLES:
        return neighbour.kind in ("operator", "other") or token.text == ">>"
    return True
