"""The guard: what a query is, and whether it may be given to an engine.

Engines differ in two ways, and a keyword must not hide behind either. Some decode codepoint escapes
before they look for tokens, some do not (:mod:`migkg.model.sparql_text.escapes`), so a text in
which that makes a difference is read in both ways. And some need nothing between a keyword and what
stands next to it: ``trueSERVICE<x>``, ``SERVICEex:a``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import NoReturn

from migkg.errors import BadQuery, QueryRefused
from migkg.model import formats
from migkg.model.sparql_text.escapes import Escapes
from migkg.model.sparql_text.shape import shape_of
from migkg.model.sparql_text.structure import Structure, TooMuch
from migkg.model.sparql_text.tokens import matches
from migkg.settings import Limits


class Form(Enum):
    """The four query forms, and what each answers with."""

    __hash__ = object.__hash__  # which is quicker than an enumeration's own

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"

    @property
    def answer_formats(self) -> tuple[formats.Format, ...]:
        """The formats that an answer to this form can have."""
        if self in (Form.SELECT, Form.ASK):
            return formats.RESULT_FORMATS
        return formats.GRAPH_FORMATS


_UPDATE_KEYWORDS = frozenset(
    ("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH")
)
_REFUSED = {
    "SERVICE": "SERVICE is not allowed: this service sends no requests to other endpoints.",
    "LOAD": "LOAD is not allowed: this service reads no remote documents.",
}
_FORMS = {form.value: form for form in Form}
_LIKE_SERVICE = re.compile(r"(?:true|false)?service", re.IGNORECASE)
# What needs no further look, to save time.
_ORDINARY = frozenset(
    re.findall(
        r"\w+",
        """A AS ASC BIND BY CONTAINS COUNT DESC DISTINCT EXISTS FILTER GROUP HAVING IF IN IRI
        LANG LIMIT NOT OFFSET OPTIONAL ORDER PREFIX SAMPLE STR STRSTARTS UNION VALUES WHERE""",
    )
)
_DIFFERS = ("NOW", "RAND", "UUID", "BNODE")  # UUID is the end of STRUUID too
_SHAPES = 1024  # that are remembered
_DEFAULT = Limits()


@dataclass(frozen=True)
class QueryText:
    """A query whose form is known and which asks for nothing that is never done.

    ``names_dataset`` is true if the text has a ``FROM`` clause. ``repeatable`` is false if the
    answer differs each time that the query runs on the same data.
    """

    text: str
    form: Form
    names_dataset: bool = False
    repeatable: bool = True


def read_query(text: str, limits: Limits | None = None) -> QueryText:
    """The query, if it can be given to an engine; without ``limits``, within those by default.

    Raises :class:`QueryRefused` for ``SERVICE``, ``LOAD``, updates and what is beyond the limits,
    :class:`BadQuery` for a text that is no query at all.
    """
    limits = limits or _DEFAULT
    shape = shape_of(text)
    known = _read_shape(shape, limits) if shape is not None else None
    if known is not None:
        return QueryText(text, known.form, known.names_dataset, known.repeatable)
    return _read(text, limits)


@lru_cache(maxsize=_SHAPES)
def _read_shape(shape: str, limits: Limits) -> QueryText | None:
    """What holds for all queries of a shape; None if it is refused, which is told of each text."""
    try:
        return _read(shape, limits)
    except BadQuery:
        return None


def _read(text: str, limits: Limits) -> QueryText:
    reading = _Reading(text, limits)
    reading.run()
    escapes = Escapes(text)
    wrong = escapes.wrong()
    if wrong:
        raise _at(BadQuery, f"{wrong[0]} is not a character.", text, wrong[1])
    differs = bool(escapes) and (reading.escaped_outside or escapes.end_tokens)
    if differs:
        _DecodedReading(text, limits, escapes).run()
    if reading.form is None:
        raise BadQuery(
            "There is no SELECT, ASK, CONSTRUCT or DESCRIBE in the query.", line=1, column=1
        )
    repeatable = reading.repeatable and not differs
    return QueryText(text, reading.form, reading.names_dataset, repeatable)


class _Reading:
    """Takes the tokens of a text one by one."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.form: Form | None = None
        self.names_dataset = False
        self.escaped_outside = False
        self._text = text
        self._limits = limits
        self._structure = Structure(limits)
        self._differs = False
        self._behind_graph = -1

    @property
    def repeatable(self) -> bool:
        """True if nothing was read that differs from one answer to the next."""
        return not self._differs and not self._structure.makes_blank_nodes

    def run(self) -> None:
        """Reads the text; raises what :func:`read_query` does."""
        take = self._actions()
        found = matches(self._text)
        match = None
        try:
            for match in islice(found, self._limits.tokens):
                take[match.lastgroup](match)
            match = next(found, None)
            if match:
                raise TooMuch(
                    f"The query has more than {self._limits.tokens} tokens outside VALUES."
                )
        except TooMuch as error:
            self._fail(QueryRefused, str(error), match.start() if match else 0)

    def _actions(self) -> dict[str | None, Callable[[re.Match[str]], None]]:
        term = self._structure.term
        return {
            "variable": term,
            "iri": term,
            "string": term,
            "number": term,
            "name": self._name if "SERVICE" in self._text.upper() else term,
            "local": term,
            "rows": self._rows,
            "blank": self._structure.blank,
            "word": self._keyword,
            "separator": self._separator,
            "operator": self._operator,
            "open": self._open,
            "close": self._structure.close,
            "unclosed": self._unclosed,
            "tag": self._other,
            "other": self._other,
        }

    def _name(self, match: re.Match[str]) -> None:
        """Takes a name; refuses one such as ``SERVICEex:a`` where only the keyword can stand.

        Before a group stands no name but that of a graph.
        """
        end = match.end()
        if (
            self._text[end : end + 1] == "{"
            and self._text[end : end + 2] != "{|"
            and self._structure.depth > 0
            and match.start() != self._behind_graph
            and _LIKE_SERVICE.match(self._text, match.start())
        ):
            self._fail(QueryRefused, _REFUSED["SERVICE"], match.start())
        self._structure.term()

    def _rows(self, _: re.Match[str]) -> None:
        self._structure.word("VALUES")
        self._structure.open("{")

    def _keyword(self, match: re.Match[str]) -> None:
        word = self._text[match.start() : match.end("word")].upper()
        if word == "GRAPH":
            self._behind_graph = match.end()
        elif word not in _ORDINARY:
            self._rare_keyword(word, match.start())
        self._structure.word(word)

    def _rare_keyword(self, word: str, offset: int) -> None:
        if "SERVICE" in word:
            self._fail(QueryRefused, _REFUSED["SERVICE"], offset)
        if word in _REFUSED:
            self._fail(QueryRefused, _REFUSED[word], offset)
        if self.form is None:
            if word in _UPDATE_KEYWORDS:
                message = f"{word} is an update; this service answers queries."
                self._fail(QueryRefused, message, offset)
            self.form = _FORMS.get(word)
        if word.startswith("FROM") and self._structure.depth == 0:
            self.names_dataset = True
        if word.endswith(_DIFFERS):
            self._differs = True

    def _separator(self, match: re.Match[str]) -> None:
        self._structure.separator(self._text[match.start()])

    def _operator(self, match: re.Match[str]) -> None:
        self._structure.operator(self._text[match.start() : match.end("operator")])

    def _open(self, match: re.Match[str]) -> None:
        self._structure.open(self._text[match.start() : match.end("open")])

    def _unclosed(self, match: re.Match[str]) -> None:
        self._fail(BadQuery, "The string that starts here has no end.", match.start())

    def _other(self, match: re.Match[str]) -> None:
        if self._text[match.start()] == "\\":
            self.escaped_outside = True

    def _fail(self, kind: type[BadQuery], message: str, offset: int) -> NoReturn:
        raise _at(kind, message, self._text, offset)


class _DecodedReading(_Reading):
    """The reading of an engine that decodes escapes first."""

    def __init__(self, text: str, limits: Limits, escapes: Escapes) -> None:
        super().__init__(escapes.decoded(), limits)
        self._original = text
        self._escapes = escapes

    def _unclosed(self, match: re.Match[str]) -> None:
        """Lets it pass: it ends this reading, and in the other one there is no such string."""

    def _fail(self, kind: type[BadQuery], message: str, offset: int) -> NoReturn:
        raise _at(kind, message, self._original, self._escapes.original_offset(offset))


def _at(kind: type[BadQuery], message: str, text: str, offset: int) -> BadQuery:
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return kind(message, line=line, column=column)
