"""The dataset that the text of a query names with ``FROM`` and ``FROM NAMED``.

Source: SPARQL 1.1 Query, section 13.2, https://www.w3.org/TR/sparql11-query/#specifyingDataset.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import urljoin

from migkg.model.sparql_text import Token, tokens
from migkg.model.sparql_text.escapes import Escapes

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# What looks like a relative IRI; a few other things do too, but no text without it has one.
_LIKE_RELATIVE = re.compile(r'<(?![A-Za-z][A-Za-z0-9+.-]*:)[^<>"{}|^`\x00-\x20]*>')
_LOCAL_ESCAPE = re.compile(r"\\(.)")


@dataclass
class Prologue:
    """What IRIs are resolved against."""

    base: str
    prefixes: dict[str, str] = field(default_factory=dict)

    def declare(self, word: str, following: Sequence[Token]) -> None:
        """Takes what stands behind ``BASE`` or ``PREFIX``."""
        iri = self.resolve(following[-1])
        if word == "BASE":
            self.base = iri
        else:
            self.prefixes[following[0].text.rstrip(":")] = iri

    def resolve(self, token: Token) -> str:
        """The absolute IRI that a name or an IRI stands for."""
        if token.kind == "name":
            prefix, _, local = token.text.partition(":")
            return self.prefixes.get(prefix, "") + _LOCAL_ESCAPE.sub(r"\1", local)
        iri = Escapes(token.text[1:-1]).decoded()
        return iri if _ABSOLUTE.match(iri) else urljoin(self.base, iri)


def named_dataset(text: str, base_iri: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The default and the named graphs of a query that is well-formed."""
    default: list[str] = []
    named: list[str] = []
    prologue = Prologue(base_iri)
    stream = tokens(text)
    for token in stream:
        word = token.text.upper() if token.kind == "word" else ""
        following = _following(stream, word) if word in ("BASE", "PREFIX", "FROM") else []
        if not following:
            continue
        if word == "FROM":
            chosen = named if len(following) > 1 else default
            chosen.append(prologue.resolve(following[-1]))
        else:
            prologue.declare(word, following)
    return tuple(default), tuple(named)


def _following(stream: Iterator[Token], word: str) -> list[Token]:
    """What belongs to a declaration, the IRI last; nothing if the text ends before."""
    found = list(islice(stream, 2 if word == "PREFIX" else 1))
    if word == "FROM" and found and found[0].text.upper() == "NAMED":
        found += islice(stream, 1)
    complete = found and found[-1].kind in ("iri", "name")
    return found if complete else []


def has_relative_iri(text: str) -> bool:
    """True if the meaning of the text depends on a base that it does not name itself."""
    if not _LIKE_RELATIVE.search(text):
        return False
    return any(t.kind == "iri" and not _ABSOLUTE.match(t.text[1:-1]) for t in tokens(text))
