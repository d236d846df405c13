"""Text as the words that a search compares: without case, accents and marks, in any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

LONGEST_WORD = 64
_WORD = re.compile(r"[^\W_]+")
# Scripts that are written without blanks: each pair of characters is a word.
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
# Letters that have no decomposition.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)


def fold(text: str) -> str:
    """The text without case and marks, so that "São Paulo" and "sao paulo" are the same."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


def words(text: str) -> Iterator[str]:
    """The words of a text, in their order."""
    for match in _WORD.finditer(fold(text)):
        yield from _parts(match.group())


def _parts(word: str) -> Iterator[str]:
    """A word cut where it changes between scripts with and without blanks."""
    place = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > place:
            yield word[place : run.start()][:LONGEST_WORD]
        yield from _pairs(run.group())
        place = run.end()
    if place < len(word):
        yield word[place:][:LONGEST_WORD]


def _pairs(run: str) -> Iterator[str]:
    if len(run) == 1:
        yield run
    for start in range(len(run) - 1):
        yield run[start : start + 2]
