"""The same query with fewer solutions.

Source: https://www.w3.org/TR/sparql11-query/#rSolutionModifier and, for the ``VALUES`` that may
follow, https://www.w3.org/TR/sparql11-query/#rValuesClause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from migkg.model.sparql_text.reading import Form, QueryText
from migkg.model.sparql_text.tokens import Token, tokens


def limit_rows(query: QueryText, rows: int) -> str:
    """The text of the same query with at most ``rows`` solutions.

    Its ``LIMIT`` is lowered, or one is added behind the other solution modifiers, so that the lines
    and columns of what stands before stay. For ``CONSTRUCT`` and ``DESCRIBE`` solutions are not
    triples. ``ASK`` has one answer and stays as it is.
    """
    if query.form is Form.ASK:
        return query.text
    end = 0
    limited: Token | None = None
    last = ""
    for token in _outermost(query.text):
        if token.word == "VALUES":
            break
        if last == "LIMIT" and token.kind == "number":
            limited = token
        last = token.word
        end = token.offset + len(token.text)
    if limited is None:
        return f"{query.text[:end]} LIMIT {rows} {query.text[end:]}"
    if _is_at_most(limited.text, rows):
        return query.text
    start = limited.offset
    return f"{query.text[:start]}{rows}{query.text[start + len(limited.text) :]}"


def _outermost(text: str) -> Iterator[Token]:
    """The tokens outside all brackets, the brackets included."""
    depth = 0
    for token in tokens(text):
        depth -= token.kind == "close"
        if depth <= 0:
            yield token
        depth += token.kind == "open"


def _is_at_most(digits: str, rows: int) -> bool:
    """True if a number is not above ``rows``; it may have more digits than Python converts."""
    digits = re.sub(r"^0+(?=.)", "", digits)
    return len(digits) <= len(str(rows)) and int(digits) <= rows
