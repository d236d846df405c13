"""What can be told of a SPARQL query from its tokens, before any engine sees it.

The tokens follow the terminals of the SPARQL 1.1 grammar
(https://www.w3.org/TR/sparql11-query/#sparqlGrammar); codepoint escapes are decoded first, as
section 19.2 demands, so that no keyword can hide behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from migkg.errors import BadQuery, QueryRefused
from migkg.model import formats


class Form(Enum):
    """The four query forms, and what each answers with."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"

    @property
    def answer_formats(self) -> tuple[formats.Format, ...]:
        """The formats that an answer to this form can have."""
        if self is Form.SELECT:
            return formats.RESULT_FORMATS
        if self is Form.ASK:
            return formats.BOOLEAN_FORMATS
        return formats.GRAPH_FORMATS


_UPDATE_KEYWORDS = frozenset(
    ("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH")
)
_REFUSED = {
    "SERVICE": "SERVICE is not allowed: this service sends no requests to other endpoints.",
    "LOAD": "LOAD is not allowed: this service reads no remote documents.",
}
_FORMS = {form.value: form for form in Form}
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_TOKEN = re.compile(
    r"""
    (?P<space>\s+|\#[^\n\r]*)
  | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
  | (?P<string>\"\"\"(?:(?:"|"")?(?:[^"\\]|\\.))*\"\"\"|'''(?:(?:'|'')?(?:[^'\\]|\\.))*'''
      |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
  | (?P<variable>[?$]\w+)
  | (?P<tag>@[A-Za-z][A-Za-z0-9-]*)
  | (?P<name>(?:[^\W\d_](?:[\w.\-·]*[\w\-·])?)?:(?:[\w\-.:·]|%[0-9A-Fa-f]{2}|\\[^\w\s])*)
  | (?P<blank>_:[\w](?:[\w.\-·]*[\w\-·])?)
  | (?P<word>[^\W\d_]\w*)
  | (?P<number>\d[\w.+\-]*)
  | (?P<open>[({\[])
  | (?P<close>[)}\]])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A piece of query text; ``kind`` is the name of a group in the token pattern."""

    kind: str
    text: str
    offset: int


@dataclass(frozen=True)
class QueryText:
    """A query whose form is known and which asks for nothing that is never done.

    ``names_dataset`` is true if the text has a ``FROM`` clause.
    """

    text: str
    form: Form
    names_dataset: bool = False


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query without white space and comments."""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind != "space":
            yield Token(kind, match.group(), match.start())


def read_query(text: str, *, max_depth: int) -> QueryText:
    """The query, if it can be given to an engine.

    Raises :class:`QueryRefused` for ``SERVICE``, ``LOAD`` and nesting deeper than ``max_depth``
    brackets, :class:`BadQuery` for a text that is no query at all.
    """
    decoded = _decode_escapes(text)
    form: Form | None = None
    names_dataset = False
    depth = 0
    for token in tokens(decoded):
        word = token.text.upper() if token.kind == "word" else ""
        if word in _REFUSED:
            raise _at(QueryRefused, _REFUSED[word], decoded, token)
        if form is None:
            form = _form_at(word, decoded, token)
        names_dataset = names_dataset or (word == "FROM" and depth == 0)
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        if depth > max_depth:
            raise _at(QueryRefused, f"Brackets are nested deeper than {max_depth}.", decoded, token)
    if form is None:
        raise BadQuery(
            "There is no SELECT, ASK, CONSTRUCT or DESCRIBE in the query.", line=1, column=1
        )
    return QueryText(text, form, names_dataset)


def _form_at(word: str, text: str, token: Token) -> Form | None:
    if word in _UPDATE_KEYWORDS:
        raise _at(QueryRefused, f"{word} is an update; this service answers queries.", text, token)
    return _FORMS.get(word)


def _decode_escapes(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = int(match.group(1) or match.group(2), 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise BadQuery(
                f"{match.group()} is not a character.",
                line=text.count("\n", 0, match.start()) + 1,
                column=match.start() - text.rfind("\n", 0, match.start()),
            )
        return chr(code)

    return _ESCAPE.sub(character, text)


def _at(kind: type[BadQuery], message: str, text: str, token: Token) -> BadQuery:
    line = text.count("\n", 0, token.offset) + 1
    column = token.offset - text.rfind("\n", 0, token.offset)
    return kind(message, line=line, column=column)
