"""What can be told of a SPARQL query from its tokens, before any engine sees it.

The tokens follow the terminals of the SPARQL grammar
(https://www.w3.org/TR/sparql11-query/#sparqlGrammar). Engines differ in two ways, and a keyword
must not hide behind either. Some decode codepoint escapes before they look for tokens (SPARQL 1.1,
section 19.2), some only inside strings and IRIs (SPARQL 1.2); so a text is read in both ways. And
some need nothing between a keyword and what stands next to it: ``trueSERVICE<x>``, ``SERVICEex:a``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

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
_ESCAPE = re.compile(r"\\\\|\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_LETTER = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHARACTER = f"{_LETTER}_0-9\u00b7\u0300-\u036f\u203f\u2040"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
# What could scan far is possessive or bounded, and nothing is scanned again by another alternative,
# so that the time is linear in the length of the text.
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+|\#[^\n\r]*)
  | (?P<iri><(?:[^<>"{{}}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}})*+>)
  | (?P<string>\"\"\"(?:"{{0,2}}(?:[^"\\]|\\.))*+\"\"\"|\'\'\'(?:'{{0,2}}(?:[^'\\]|\\.))*+\'\'\'
      |"(?!"")(?:[^"\\\n\r]|\\.)*+"|'(?!'')(?:[^'\\\n\r]|\\.)*+')
  | (?P<unclosed>["'])
  | (?P<variable>[?$][{_CHARACTER}]+)
  | (?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*+(?:--(?:ltr|rtl))?)
  | (?P<name>(?:[{_LETTER}](?:[{_CHARACTER}.\-]{{0,255}}+(?<!\.))?+)?:
      (?:(?:[{_LETTER}_0-9:]|{_ESCAPED})
         (?:[{_CHARACTER}\-:]|{_ESCAPED}|\.++(?=[{_CHARACTER}\-:%\\]))*+)?)
  | (?P<blank>_:[{_LETTER}_0-9](?:[{_CHARACTER}\-]|\.++(?=[{_CHARACTER}\-]))*+)
  | (?P<word>[{_LETTER}][{_CHARACTER}]*)
  | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
  | (?P<open>\{{\||[({{\[])
  | (?P<close>\|\}}|[)}}\]])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_LIKE_SERVICE = re.compile(r"(?:true|false)?service", re.IGNORECASE)


class Token(NamedTuple):
    """A piece of query text; ``kind`` is the name of a group in the token pattern."""

    kind: str
    text: str
    offset: int

    @property
    def word(self) -> str:
        """The keyword in capitals; empty if the token is none."""
        return self.text.upper() if self.kind == "word" else ""


@dataclass(frozen=True)
class QueryText:
    """A query whose form is known and which asks for nothing that is never done.

    ``names_dataset`` is true if the text has a ``FROM`` clause.
    """

    text: str
    form: Form
    names_dataset: bool = False


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query without white space and comments.

    A quotation mark without its partner is a token ``unclosed``, and the last one.
    """
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind != "space":
            yield Token(kind, match.group(), match.start())
        if kind == "unclosed":
            return


def read_query(text: str, *, max_depth: int) -> QueryText:
    """The query, if it can be given to an engine.

    Raises :class:`QueryRefused` for ``SERVICE``, ``LOAD`` and nesting deeper than ``max_depth``
    brackets, :class:`BadQuery` for a text that is no query at all.
    """
    form: Form | None = None
    names_dataset = False
    guard = _Guard(max_depth)
    for token in tokens(text):
        why = guard.refusal(token)
        if why:
            raise _at(QueryRefused, why, text, token.offset)
        if token.kind == "unclosed":
            raise _at(BadQuery, "The string that starts here has no end.", text, token.offset)
        form = form or _form_at(text, token)
        names_dataset = names_dataset or (token.word.startswith("FROM") and guard.depth == 0)
    _check_decoded(text, max_depth)
    if form is None:
        raise BadQuery(
            "There is no SELECT, ASK, CONSTRUCT or DESCRIBE in the query.", line=1, column=1
        )
    return QueryText(text, form, names_dataset)


class _Guard:
    """Follows the tokens of one reading of a query and says what is never done."""

    def __init__(self, max_depth: int) -> None:
        self.depth = 0
        self._max_depth = max_depth
        self._last: Token | None = None
        self._like_service = False

    def refusal(self, token: Token) -> str | None:
        """Why the query is refused at this token, or None."""
        if "SERVICE" in token.word or (self._like_service and token.text == "{"):
            return _REFUSED["SERVICE"]
        if token.word in _REFUSED:
            return _REFUSED[token.word]
        # A name before a group: only the name of a graph stands there.
        self._like_service = (
            token.kind == "name"
            and self.depth > 0
            and _LIKE_SERVICE.match(token.text) is not None
            and (self._last is None or self._last.word != "GRAPH")
        )
        self._last = token
        self.depth += {"open": 1, "close": -1}.get(token.kind, 0)
        if self.depth > self._max_depth:
            return f"Brackets are nested deeper than {self._max_depth}."
        return None


def _form_at(text: str, token: Token) -> Form | None:
    if token.word in _UPDATE_KEYWORDS:
        message = f"{token.word} is an update; this service answers queries."
        raise _at(QueryRefused, message, text, token.offset)
    return _FORMS.get(token.word)


def _check_decoded(text: str, max_depth: int) -> None:
    """Refuses what only an engine sees that decodes escapes before it looks for tokens."""
    escapes = [match for match in _ESCAPE.finditer(text) if match.lastindex]
    if not escapes:
        return
    for match in escapes:
        if _character(match) is None:
            raise _at(BadQuery, f"{match.group()} is not a character.", text, match.start())
    decoded = _ESCAPE.sub(lambda match: _character(match) or match.group(), text)
    guard = _Guard(max_depth)
    for token in tokens(decoded):
        why = guard.refusal(token)
        if why:
            raise _at(QueryRefused, why, text, _original(token.offset, escapes))


def _character(escape: re.Match[str]) -> str | None:
    code = int(escape.group(1) or escape.group(2) or "D800", 16)
    return None if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)


def _original(offset: int, escapes: list[re.Match[str]]) -> int:
    """The place in the text of a place in the decoded text."""
    for match in escapes:
        if match.start() >= offset:
            break
        offset += len(match.group()) - 1
    return offset


def _at(kind: type[BadQuery], message: str, text: str, offset: int) -> BadQuery:
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return kind(message, line=line, column=column)
