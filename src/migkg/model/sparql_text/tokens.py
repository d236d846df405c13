"""The tokens of a query, by the terminals of the SPARQL grammar.

Source: https://www.w3.org/TR/sparql11-query/#sparqlGrammar. Some engines need nothing between a
keyword and what stands next to it (``1SERVICE<x>``), so neither does this pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

_LETTERS_BEYOND = (  # ASCII
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHARACTERS_BEYOND = "\u00b7\u0300-\u036f\u203f\u2040"
_LETTER = f"A-Za-z{_LETTERS_BEYOND}"
_CHARACTER = f"{_LETTER}_0-9{_CHARACTERS_BEYOND}"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
# The longest part of a prefix after its first '.' or '-': without a bound, a text of dots would be
# scanned to its end again and again.
_PREFIX_REST = rf"(?>(?:[.\-][{_CHARACTER}.\-]{{0,255}}+(?<!\.))?)"
_LOCAL = rf"""
    :(?:(?:[{_LETTER}_0-9:]|{_ESCAPED})
        (?>(?:[{_CHARACTER}\-:]++|{_ESCAPED}|\.++(?=[{_CHARACTER}\-:%\\]))*))?"""
_SPACE = r"(?:\s*+(?>(?:\#[^\n\r]*+\s*+)*))"
_IRI = r'<(?>(?:[^<>"{}|^`\\\x00-\x20]++|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*)>'
_STRING = r"""
    (?:\"\"\"(?>(?:[^"\\]++|"{1,2}(?:[^"\\]|\\.)|\\.)*)\"\"\"|"(?!"")(?>(?:[^"\\\n\r]++|\\.)*)"
      |\'\'\'(?>(?:[^'\\]++|'{1,2}(?:[^'\\]|\\.)|\\.)*)\'\'\'|'(?!'')(?>(?:[^'\\\n\r]++|\\.)*)')"""
_NUMBER = r"[0-9]++(?>(?:\.[0-9]++)?)(?>(?:[eE][+-]?[0-9]++)?)"
_TAG = r"@[A-Za-z]++(?>(?:-[A-Za-z0-9]++)*)(?>(?:--(?:ltr|rtl))?)"
_WORD = rf"[{_LETTER}][{_CHARACTER}]*+(?!{_PREFIX_REST}:)"
_NAME = rf"[{_LETTER}][{_CHARACTER}]*+{_PREFIX_REST}{_LOCAL}"
# Every repetition is possessive, atomic or bounded, and nothing is scanned again by another
# alternative, so that the time is linear in the length of the text. Groups are repeated in atomic
# ones: Python before 3.11.5 reads possessive ones wrongly (python/cpython, issue 106052).
# A quotation mark without its partner takes all that follows. The group that names an alternative
# is empty and stands at its end: an alternative that begins with a literal or a set is passed over
# faster, and the group's place is the end of the token without the space behind it.
_TOKENS = rf"""
    [?$][{_CHARACTER}]++(?P<variable>)
  | {_WORD}(?P<word>)
  | {_NAME}(?P<name>)
  | {_LOCAL}(?P<local>)
  | [.;,](?P<separator>)
  | (?:\{{\|?|[(\[])(?P<open>)
  | (?:\|\}}|[)}}\]])(?P<close>)
  | {_IRI}(?P<iri>)
  | {_STRING}(?P<string>)
  | {_NUMBER}(?P<number>)
  | {_TAG}(?P<tag>)
  | _:[{_LETTER}_0-9](?>(?:[{_CHARACTER}\-]++|\.++(?=[{_CHARACTER}\-]))*)(?P<blank>)
  | (?:\|\||&&|\^\^|>>|[!<>]=|[|&^!<>=+\-*/])(?P<operator>)
  | ["'](?P<unclosed>).*+
  | .(?P<other>)
"""
# The rows of VALUES, which may be many, in one piece: from the keyword to what is no constant.
_ROWS = rf"""
    [Vv][Aa][Ll][Uu][Ee][Ss]{_SPACE}
    (?:[?$][{_CHARACTER}]++{_SPACE}|\({_SPACE}(?>(?:[?$][{_CHARACTER}]++{_SPACE})*)\){_SPACE})
    \{{(?P<rows>){_SPACE}
    (?>(?:(?:{_NUMBER}|[()+\-]++|{_IRI}|{_STRING}|{_NAME}|{_LOCAL}|{_TAG}|\^\^
        |(?:[Uu][Nn][Dd][Ee][Ff]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])(?![{_CHARACTER}])
       ){_SPACE})*)
"""
_TOKEN = rf"(?:{_TOKENS}){_SPACE}"
_TOKEN_OR_ROWS = rf"(?:{_ROWS}|{_TOKEN})"
_OPENING = re.compile(_SPACE)


class Token(NamedTuple):
    """A piece of query text; ``kind`` is the name of a group in the token pattern."""

    kind: str
    text: str
    offset: int

    @property
    def word(self) -> str:
        """The keyword in capitals; empty if the token is none."""
        return self.text.upper() if self.kind == "word" else ""


def matches(text: str, *, rows: bool = True) -> Iterator[re.Match[str]]:
    """The tokens of a query as matches, in the order of the text and without gaps.

    A match starts where its token does, and ends behind the white space and comments that follow;
    ``lastgroup`` is the kind of the token, and the start of that group is the token's end. Of kind
    ``rows`` is ``VALUES ?x {`` with the rows, up to the bracket that closes them, unless they are
    asked for as tokens. A quotation mark without its partner is ``unclosed`` and the last match.
    """
    opening = _OPENING.match(text)
    # Where rows cannot stand both patterns find the same, so only one need be compiled.
    found = rows or "VALUES" not in text.upper()
    pattern = _compiled(_TOKEN_OR_ROWS if found else _TOKEN, of_ascii=text.isascii())
    return pattern.finditer(text, opening.end() if opening else 0)


@cache
def _compiled(pattern: str, *, of_ascii: bool) -> re.Pattern[str]:
    """The pattern, compiled at its first use; most texts do with that of ASCII.

    That of all characters takes a tenth of a second to compile.
    """
    if of_ascii:
        pattern = pattern.replace(_LETTERS_BEYOND, "").replace(_CHARACTERS_BEYOND, "")
    return re.compile(pattern, re.VERBOSE | re.DOTALL)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query without white space and comments."""
    for match in matches(text, rows=False):
        kind, end = match.lastgroup or "other", match.end(match.lastindex or 0)
        if kind == "local":
            kind = "name"
        yield Token(kind, text[match.start() : end], match.start())
