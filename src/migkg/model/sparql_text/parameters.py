"""The parameters of a query text: the variables ``?_name``, each of which stands for one term.

They are replaced token by token, so that what is put in their place can be no more than a term: the
tokens around it stay the same, whatever a client gives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from migkg.model.sparql_text.tokens import tokens

MARK = "_"
UNDEF = "UNDEF"
# What stands before and behind the only place among the only row of a block of ``VALUES``.
_ALONE_BEFORE = re.compile(r"\bVALUES\s*([?$]\w+)\s*\{\s*\Z", re.IGNORECASE)
_ALONE_BEHIND = re.compile(r"\s*\}")
_LONGEST_BEFORE = 200  # characters


@dataclass(frozen=True)
class Place:
    """Where a parameter stands in a text; ``behind`` is the keyword just before it, if any.

    ``among_rows`` is true for the rows of ``VALUES``, where ``UNDEF`` may stand for a term.
    """

    name: str
    start: int
    end: int
    among_rows: bool
    behind: str


def places(text: str) -> Iterator[Place]:
    """Every place of a parameter, in the order of the text."""
    if f"?{MARK}" not in text and f"${MARK}" not in text:
        return  # which is quicker to see than all tokens
    rows = _Rows()
    before = ""
    for token in tokens(text):
        rows.take(token.text, token.word)
        if token.kind == "variable" and token.text[1:].startswith(MARK):
            end = token.offset + len(token.text)
            name = token.text[1 + len(MARK) :]
            yield Place(name, token.offset, end, rows.inside, before)
        before = token.word


class _Rows:
    """Tells whether a token stands among the rows of ``VALUES``."""

    def __init__(self) -> None:
        self.inside = False
        self._header = False

    def take(self, text: str, word: str) -> None:
        if word == "VALUES":
            self._header = True
        elif text == "{" and self._header:
            self._header, self.inside = False, True
        elif text == "}":
            self.inside = False


def bound(text: str, terms: Mapping[str, str]) -> str:
    """The text in which every parameter is the term that is given for its name.

    A term is text made by :mod:`migkg.model.sparql_text.terms`, or :data:`UNDEF`. A block of
    ``VALUES`` with nothing but an :data:`UNDEF` is left out. It restricts nothing, and engines were
    seen to give no rows where a filter is about its variable.
    """
    parts, end = [], 0
    for place in places(text):
        term = terms[place.name]
        alone = _block_of(text, place) if term == UNDEF else None
        start, instead = (
            (place.start, _apart(term, text, place)) if alone is None else (alone[0], "")
        )
        parts += [text[end:start], instead]
        end = place.end if alone is None else alone[1]
    return "".join([*parts, text[end:]])


def _block_of(text: str, place: Place) -> tuple[int, int] | None:
    """Where a block of ``VALUES`` begins and ends that has this place and no other term.

    None for another block, and for one whose variable stands nowhere else, which ``*`` selects.
    """
    first = max(0, place.start - _LONGEST_BEFORE)
    before = _ALONE_BEFORE.search(text[first : place.start])
    behind = _ALONE_BEHIND.match(text, place.end)
    if not (place.among_rows and before and behind):
        return None
    variable = re.compile(rf"[?$]{before.group(1)[1:]}\b")
    if sum(1 for _ in variable.finditer(text)) == 1:
        return None
    return first + before.start(), behind.end()


def _apart(term: str, text: str, place: Place) -> str:
    """The term with a space where it would grow together with its neighbour."""
    before, behind = text[place.start - 1 : place.start], text[place.end : place.end + 1]
    left = "" if before.isspace() or before in "({" else " "
    right = "" if behind.isspace() or behind in ")}" else " "
    return left + term + right
