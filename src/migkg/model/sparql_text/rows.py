"""The same query with fewer solutions.

Source: https://www.w3.org/TR/sparql11-query/#rSolutionModifier and, for the ``VALUES`` that may
follow, https://www.w3.org/TR/sparql11-query/#rValuesClause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from migkg.model.sparql_text.reading import Form, QueryText
from migkg.model.sparql_text.tokens import matches


def limit_rows(query: QueryText, rows: int) -> str:
    """The text of the same query with at most ``rows`` solutions.

    Its ``LIMIT`` is lowered, or one is added behind the other solution modifiers, so that the lines
    and columns of what stands before stay. For ``CONSTRUCT`` and ``DESCRIBE`` solutions are not
    triples. ``ASK`` has one answer and stays as it is.
    """
    return query.text if query.form is Form.ASK else limited(query.text, rows)


def limited(query: str, rows: int) -> str:
    """The same for the text of a query that is no ``ASK``."""
    text, end, given, last = query, 0, None, ""
    for kind, start, end_of_token in outermost(text):
        word = text[start:end_of_token].upper() if kind == "word" else ""
        if kind == "rows" or word == "VALUES":
            break
        if last == "LIMIT" and kind == "number":
            given = (start, end_of_token)
        last, end = word, end_of_token
    if given is None:
        return f"{text[:end]} LIMIT {rows} {text[end:]}"
    first, behind = given
    if _is_at_most(text[first:behind], rows):
        return text
    return f"{text[:first]}{rows}{text[behind:]}"


def outermost(text: str) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of the tokens outside all brackets, the brackets included."""
    depth = 0
    for match in matches(text):
        kind = match.lastgroup or "other"
        depth -= kind == "close"
        if depth <= 0:
            yield kind, match.start(), match.end(match.lastindex or 0)
        depth += kind in ("open", "rows")


def _is_at_most(digits: str, rows: int) -> bool:
    """True if a number is not above ``rows``; it may have more digits than Python converts."""
    digits = re.sub(r"^0+(?=.)", "", digits)
    return len(digits) <= len(str(rows)) and int(digits) <= rows
