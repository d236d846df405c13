"""The triple patterns of a query, each with those that hold wherever it matters.

Source: https://www.w3.org/TR/sparql11-query/#sparqlGrammar, of which the part is read that rules
use. What is not read is :class:`~migkg.services.shacl.edges.Unbounded`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from migkg.model.sparql_text import Token, tokens
from migkg.services.shacl.edges import PathText, Unbounded, path_at

_TERMS = ("iri", "name", "string", "number", "variable")
_UNREAD = frozenset(("GRAPH", "SERVICE", "MINUS", "VALUES", "LATERAL", "SELECT"))


@dataclass(frozen=True)
class Pattern:
    """A triple pattern; without a path its predicate is a variable."""

    subject: str
    predicate: str
    object: str
    path: PathText | None

    @property
    def text(self) -> str:
        """The pattern as a query has it."""
        return f"{self.subject} {self.predicate} {self.object} ."

    @property
    def names(self) -> frozenset[str]:
        """The names of its variables."""
        return names(self.subject, self.predicate if self.path is None else "", self.object)


@dataclass
class Group:
    """A group graph pattern: its own triple patterns, and the groups inside it."""

    patterns: list[Pattern] = field(default_factory=list)
    inside: list[Group] = field(default_factory=list)

    def each(self, around: tuple[Pattern, ...] = ()) -> Iterator[tuple[Pattern, list[Pattern]]]:
        """Each pattern with the others of its group and of all groups around it.

        A group inside another only says something about solutions of the outer one: it is joined
        to them, optional, or the condition of a filter.
        """
        here = (*around, *self.patterns)
        for pattern in self.patterns:
            yield pattern, [other for other in here if other is not pattern]
        for group in self.inside:
            yield from group.each(here)


def names(*texts: str) -> frozenset[str]:
    """The names of the terms that are variables."""
    return frozenset(text[1:] for text in texts if text[:1] in ("?", "$"))


def read_patterns(query: str) -> Group:
    """The outermost group of a query, outside of which it has none; raises :class:`Unbounded`."""
    reading = list(tokens(query))
    start = next((n for n, token in enumerate(reading) if token.text == "{"), len(reading))
    reader = _Reader(reading, start)
    found = reader.group()
    outside = reading[:start] + reading[reader.place :]
    if any(token.text == "{" or token.word == "EXISTS" for token in outside):
        raise Unbounded
    return found


class _Reader:
    def __init__(self, reading: list[Token], place: int) -> None:
        self._reading = reading
        self.place = place

    @property
    def _token(self) -> Token:
        if self.place >= len(self._reading):
            raise Unbounded
        return self._reading[self.place]

    def group(self) -> Group:
        found = Group()
        self._expect("{")
        while self._token.text != "}":
            self._part_of(found)
        self.place += 1
        return found

    def _part_of(self, group: Group) -> None:
        token = self._token
        if token.word in _UNREAD:
            raise Unbounded
        if token.text == "{":
            group.inside.append(self.group())
        elif token.text == "." or token.word in ("OPTIONAL", "UNION"):
            self.place += 1
        elif token.word in ("FILTER", "BIND"):
            self.place += 1
            self._condition(group)
        else:
            self._triples(group)

    def _condition(self, group: Group) -> None:
        """A filter or the like, up to the end of its brackets or of the group that it asks for."""
        while self._token.text != "(" and self._token.word != "EXISTS":
            self.place += 1
        if self._token.word == "EXISTS":
            self.place += 1
            group.inside.append(self.group())
            return
        depth = 0
        while True:
            token = self._token
            depth += (token.text == "(") - (token.text == ")")
            self.place += 1
            if token.word == "EXISTS":
                group.inside.append(self.group())
            elif token.text == "{":
                raise Unbounded
            if depth == 0:
                return

    def _triples(self, group: Group) -> None:
        subject = self._term()
        while True:
            predicate, path = self._verb()
            group.patterns.append(Pattern(subject, predicate, self._term(), path))
            while self._token.text == ",":
                self.place += 1
                group.patterns.append(Pattern(subject, predicate, self._term(), path))
            while self._token.text == ";":
                self.place += 1
            if self._reading[self.place - 1].text != ";" or self._token.text in (".", "}"):
                return

    def _verb(self) -> tuple[str, PathText | None]:
        if self._token.kind == "variable":
            return self._term(), None
        path, self.place = path_at(self._reading, self.place)
        return path.text, path

    def _term(self) -> str:
        token = self._token
        sign = token.text if token.text in ("+", "-") else ""
        if sign:
            self.place += 1
        if self._token.kind not in _TERMS and self._token.word not in ("TRUE", "FALSE"):
            raise Unbounded
        text = sign + self._token.text
        self.place += 1
        if self._token.kind == "tag":
            text += self._token.text
            self.place += 1
        elif self._token.text == "^^":
            self.place += 1
            text += f"^^{self._token.text}"
            self.place += 1
        return text

    def _expect(self, text: str) -> None:
        if self._token.text != text:
            raise Unbounded
        self.place += 1
