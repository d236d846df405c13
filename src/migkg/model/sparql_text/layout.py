"""The same query with white space that shows its structure.

Only white space between tokens changes; tokens and comments stay in their order. A layout is laid
out as itself. The grammar is that of https://www.w3.org/TR/sparql11-query/#sparqlGrammar; a text
that is no query is laid out as far as its brackets tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from migkg.errors import BadQuery, QueryRefused
from migkg.model.sparql_text.spacing import is_tight
from migkg.model.sparql_text.tokens import Token, matches
from migkg.settings import Limits

_INDENT = "  "
_WIDTH = 100
_SHORT = 88  # characters of a group that may stay on one line
_OUTERMOST = frozenset(
    re.findall(
        r"\w+",
        """ASK BASE CONSTRUCT DESCRIBE FROM GROUP HAVING LIMIT OFFSET ORDER PREFIX SELECT VALUES
        VERSION WHERE""",
    )
)
_IN_GROUP = frozenset(
    re.findall(
        r"\w+",
        """BIND FILTER FROM GRAPH GROUP HAVING LIMIT MINUS OFFSET OPTIONAL ORDER SELECT SERVICE
        VALUES""",
    )
)
_CONSTRAINT = frozenset(("BIND", "FILTER", "HAVING"))
_NESTS = {"(": 1, "[": 1, ")": -1, "]": -1}
_NUMBER = re.compile(r"[0-9]*\.[0-9]*(?:[eE][+-]?[0-9]+)?")
_COMMENT = re.compile(r"#[^\n\r]*")
_LINE = re.compile(r"\r\n?|\n")


@dataclass
class _Piece:
    """A token and the white space and comments behind it."""

    token: Token
    gap: str


@dataclass
class _Bracket:
    """A bracket that is open."""

    kind: str  # "group", "rows" of VALUES, or the sign
    inline: bool = False
    continued: bool = False  # behind a semicolon: the statement goes on in deeper lines
    constraint: bool = False  # behind FILTER or BIND, whose parentheses end the statement

    @property
    def holds_lines(self) -> bool:
        """True if what is inside may stand in lines of its own."""
        return self.kind in ("group", "rows") and not self.inline


def laid_out(text: str, limits: Limits | None = None) -> str:
    """The text laid out, with a line break at its end.

    Raises :class:`QueryRefused` beyond the limits on tokens and nesting, :class:`BadQuery` for a
    string without an end.
    """
    limits = limits or Limits()
    pieces = list(islice(_pieces(text), limits.tokens + 1))
    if len(pieces) > limits.tokens:
        raise QueryRefused(f"The text has more than {limits.tokens} tokens.", line=1, column=1)
    opening = text[: pieces[0].token.offset] if pieces else text
    return _Layout(pieces, limits.depth).run(opening)


def _pieces(text: str) -> Iterator[_Piece]:
    """The tokens of a text, decimal numbers in one piece (SPARQL 1.1 Query, rules 147 and 148)."""
    behind = 0
    for match in matches(text, rows=False):
        start, end = match.start(), match.end(match.lastindex or 0)
        if end <= behind:  # a part of the number before
            continue
        start = max(start, behind)
        kind, stop = match.lastgroup or "other", match.end()
        if kind == "unclosed":
            line = text.count("\n", 0, start) + 1
            column = start - text.rfind("\n", 0, start)
            raise BadQuery("The string that starts here has no end.", line=line, column=column)
        number = _NUMBER.match(text, start) if kind in ("number", "separator") else None
        if number and number.end() > end and any(map(str.isdigit, number[0])):
            kind, end = "number", number.end()
            stop = end + len(_space_at(text, end))
        behind = stop
        yield _Piece(Token(kind, text[start:end], start), text[end:stop])


_SPACE = re.compile(r"(?:\s|#[^\n\r]*)*+")


def _space_at(text: str, offset: int) -> str:
    found = _SPACE.match(text, offset)
    return found[0] if found else ""


@dataclass
class _Layout:
    """Writes piece by piece."""

    pieces: list[_Piece]
    depth: int
    _lines: list[str] = field(default_factory=list)
    _line: str = ""
    _open: list[_Bracket] = field(default_factory=list)
    _due: bool = False  # a line break before the next token
    _blank: bool = False  # an empty line may stand there
    _values: bool = False  # the next group holds rows
    _deep: int = 0  # open brackets that hold lines

    def run(self, opening: str) -> str:
        """The text that is laid out."""
        self._comments(opening, breaks=True)
        for index, piece in enumerate(self.pieces):
            before = self.pieces[index - 1] if index else None
            self._place(index, before)
            self._write(index, piece.token)
        if self.pieces:
            self._comments(self.pieces[-1].gap, breaks=True)
        self._end_line()
        return "\n".join(self._lines) + "\n" if self._lines else ""

    # Where a token stands.

    def _place(self, index: int, before: _Piece | None) -> None:
        """Comments, then a line break or a space, as the token needs it."""
        piece = self.pieces[index]
        token = piece.token
        closing = token.kind == "close"
        breaks = before is None or self._breaks(before.token, token)
        level = self._level(closing=closing, starts=breaks)
        if before:
            self._comments(before.gap, breaks=breaks, closing=closing)
        if breaks:
            self._end_line()
            if self._blank and not closing:
                self._lines.append("")
        self._blank = False
        if not self._line:
            self._line = _INDENT * level
        elif before and not self._is_joined(before, token):
            self._line += " "
        if self._is_too_long(token):
            self._end_line()
            self._line = _INDENT * level + token.text
        else:
            self._line += token.text

    def _is_joined(self, before: _Piece, token: Token) -> bool:
        in_arguments = bool(self._open) and self._open[-1].kind == "("
        if token.text == ";" and in_arguments:  # of GROUP_CONCAT
            return True
        return is_tight(before.token, token, glued=not before.gap)

    def _is_too_long(self, token: Token) -> bool:
        """True for one more value in the rows of VALUES for which the line has no room."""
        inside = self._open[-1] if self._open else None
        return (
            inside is not None
            and inside.kind == "rows"
            and inside.holds_lines
            and token.kind != "close"
            and self._line.endswith(" ")
            and bool(self._line.strip())
            and len(self._line) + len(token.text) > _WIDTH
        )

    def _breaks(self, before: Token, token: Token) -> bool:
        """True if a token begins a line."""
        inside = self._open[-1] if self._open else None
        if inside is None:
            return token.word in _OUTERMOST or (self._due and not _continues(token))
        if not inside.holds_lines:
            return False
        if token.kind == "close":
            return True
        if inside.kind == "rows":
            return self._due or (token.text == "(" and before.text == ")")
        return token.word in _IN_GROUP or (self._due and not _continues(token))

    def _level(self, *, closing: bool, starts: bool) -> int:
        """How deep a line is that begins with a token, or goes on where nothing ``starts``."""
        level = self._deep
        inside = self._open[-1] if self._open else None
        if inside is None or not inside.holds_lines:
            return level + (not starts)
        if closing:
            return level - 1
        return level + (inside.kind == "group" and (inside.continued or not starts))

    # Comments and lines.

    def _comments(self, gap: str, *, breaks: bool, closing: bool = False) -> None:
        """Writes the comments in a gap: on the line where they began, or on lines of their own."""
        start = 0
        self._blank = False
        for comment in _COMMENT.finditer(gap):
            lines = len(_LINE.findall(gap[start : comment.start()]))
            self._comment(comment[0].rstrip(), lines, breaks=breaks)
            start = comment.end()
        lines = len(_LINE.findall(gap[start:]))
        fresh = bool(self._open) and self._due and self._line.endswith("{")
        self._blank = lines > 1 and bool(self._lines or self._line) and not fresh and not closing

    def _comment(self, comment: str, lines: int, *, breaks: bool) -> None:
        if self._line and not lines:
            self._lines.append(f"{self._line} {comment}")
            self._line = ""
            return
        opened = self._line.endswith("{")
        self._end_line()
        if lines > 1 and breaks and self._lines and not opened:
            self._lines.append("")
        self._lines.append(_INDENT * self._level(closing=False, starts=breaks) + comment)

    def _end_line(self) -> None:
        if self._line:
            self._lines.append(self._line.rstrip(" "))
        self._line = ""

    # What a token changes.

    def _write(self, index: int, token: Token) -> None:
        self._due = False
        if token.kind == "open":
            self._enter(index, token)
        elif token.kind == "close":
            self._leave(token)
        elif token.kind == "separator":
            self._separate(token.text)
        elif token.word:
            self._keyword(token.word)

    def _enter(self, index: int, token: Token) -> None:
        if len(self._open) >= self.depth:
            raise QueryRefused(f"Brackets are nested deeper than {self.depth}.", line=1, column=1)
        kind = token.text
        if kind == "{":
            kind, self._values = ("rows" if self._values else "group"), False
        inline = kind in ("group", "rows") and self._is_short(index)
        self._open.append(_Bracket(kind, inline))
        self._due = self._open[-1].holds_lines
        self._deep += self._due

    def _is_short(self, index: int) -> bool:
        """True for a group of one statement that stands on one line and has room there."""
        length, brackets, last = 0, 0, len(self.pieces) - 1
        for place in range(index, last + 1):
            piece, following = self.pieces[place], self.pieces[min(place + 1, last)]
            length += len(piece.token.text)
            if piece.token.text == "}":
                return length <= _SHORT
            brackets += _NESTS.get(piece.token.text, 0)
            if length > _SHORT or _LINE.search(piece.gap) or "#" in piece.gap:
                return False
            if place > index and brackets == 0 and _begins_another(piece.token, following.token):
                return False
            length += not self._is_joined(piece, following.token)
        return False

    def _leave(self, token: Token) -> None:
        if not self._open:
            return
        closed = self._open.pop()
        self._deep -= closed.holds_lines
        inside = self._open[-1] if self._open else None
        if inside is None:
            self._due = closed.kind in ("group", "rows")
        elif inside.kind == "group":
            ended = inside.constraint and token.text == ")"
            self._due = not inside.inline and (closed.kind in ("group", "rows") or ended)
            if self._due:
                inside.continued = inside.constraint = False

    def _separate(self, sign: str) -> None:
        inside = self._open[-1] if self._open else None
        if inside is None or inside.kind != "group" or sign == ",":
            return
        inside.continued = sign == ";"
        self._due = not inside.inline

    def _keyword(self, word: str) -> None:
        self._values |= word == "VALUES"
        inside = self._open[-1] if self._open else None
        if inside is not None and inside.kind == "group" and word in _IN_GROUP:
            inside.continued = False
            inside.constraint = word in _CONSTRAINT


def _begins_another(token: Token, following: Token) -> bool:
    """True for what ends a statement before another, and for a group inside a group."""
    if token.kind == "separator":
        return token.text == ";" or (token.text == "." and following.text != "}")
    return token.text == "{" or following.word in _IN_GROUP


def _continues(token: Token) -> bool:
    """True for what goes on in the line of a statement that has ended."""
    return token.kind in ("separator", "close") or token.word == "UNION"
