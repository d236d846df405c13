"""The edges that a property path reads, each with the path that leads to it.

Source: https://www.w3.org/TR/sparql11-query/#rPath. Who knows the edges of a path can go back from
a changed triple to the nodes at which the path begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from migkg.model.sparql_text import Token, tokens


class Unbounded(Exception):
    """What a query reads cannot be told from its text."""


class Edge(NamedTuple):
    """A triple that a path reads."""

    before: str  # the path from the start to the node at which the edge is read; empty: the start
    predicate: str  # as the path writes it; empty: any
    forward: bool  # read from subject to object


@dataclass(frozen=True)
class PathText:
    """A path, or a part of it: its text, its form, and the parts inside."""

    text: str
    form: str  # predicate, others, inverse, sequence, alternative, repeated, optional
    parts: tuple[PathText, ...] = ()

    @property
    def is_predicate(self) -> bool:
        """True if the path is one predicate and no more."""
        return self.form == "predicate"

    def edges(self, before: str = "", *, backward: bool = False) -> Iterator[Edge]:
        """The edges in reading order; some may stand twice."""
        match self.form:
            case "predicate":
                yield Edge(before, self.text, not backward)
            case "others":
                yield Edge(before, "", True)
                yield Edge(before, "", False)
            case "sequence":
                for part in reversed(self.parts) if backward else self.parts:
                    yield from part.edges(before, backward=backward)
                    before = joined(before, part.turned(backward))
            case "repeated":
                before = joined(before, f"({self.parts[0].turned(backward)})*")
                yield from self.parts[0].edges(before, backward=backward)
            case _:
                turned = backward != (self.form == "inverse")
                for part in self.parts:
                    yield from part.edges(before, backward=turned)

    def turned(self, backward: bool) -> str:
        """The text in brackets, of the inverse if that is asked for."""
        return f"{'^' if backward else ''}({self.text})"


def joined(first: str, second: str) -> str:
    """The path that is one after the other; either may be empty."""
    return f"{first}/{second}" if first and second else first or second


def read_path_text(text: str) -> PathText:
    """The path that a text is."""
    return path_at(list(tokens(text)), 0)[0]


def path_at(reading: Sequence[Token], start: int) -> tuple[PathText, int]:
    """The path that begins at a token, and the place behind it; raises :class:`Unbounded`."""
    parts, place = _sequence(reading, start)
    found = [parts]
    while _text(reading, place) == "|":
        part, place = _sequence(reading, place + 1)
        found.append(part)
    return _of_parts("alternative", "|", found), place


def _sequence(reading: Sequence[Token], place: int) -> tuple[PathText, int]:
    part, place = _element(reading, place)
    found = [part]
    while _text(reading, place) == "/":
        part, place = _element(reading, place + 1)
        found.append(part)
    return _of_parts("sequence", "/", found), place


def _element(reading: Sequence[Token], place: int) -> tuple[PathText, int]:
    if _text(reading, place) == "^":
        part, place = _element(reading, place + 1)
        return PathText(f"^({part.text})", "inverse", (part,)), place
    part, place = _primary(reading, place)
    sign = _text(reading, place)
    if sign in ("*", "+"):
        return PathText(f"({part.text}){sign}", "repeated", (part,)), place + 1
    if sign == "?":
        return PathText(f"({part.text})?", "optional", (part,)), place + 1
    return part, place


def _primary(reading: Sequence[Token], place: int) -> tuple[PathText, int]:
    text = _text(reading, place)
    if text == "(":
        part, place = path_at(reading, place + 1)
        if _text(reading, place) != ")":
            raise Unbounded
        return part, place + 1
    if text == "!":
        return _others(reading, place)
    if text == "a" or (text and reading[place].kind in ("iri", "name")):
        return PathText(text, "predicate"), place + 1
    raise Unbounded


def _others(reading: Sequence[Token], start: int) -> tuple[PathText, int]:
    """A negated set of predicates."""
    place = start + 1
    if _text(reading, place) == "(":
        while _text(reading, place) not in (")", ""):
            place += 1
    elif _text(reading, place) == "^":
        place += 1
    if place >= len(reading):
        raise Unbounded
    text = "".join(f"{token.text} " for token in reading[start : place + 1])
    return PathText(text.strip(), "others"), place + 1


def _of_parts(form: str, sign: str, parts: list[PathText]) -> PathText:
    if len(parts) == 1:
        return parts[0]
    return PathText(sign.join(f"({part.text})" for part in parts), form, tuple(parts))


def _text(reading: Sequence[Token], place: int) -> str:
    return reading[place].text if place < len(reading) else ""
