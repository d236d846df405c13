"""Which variables ``SELECT *`` gives: those in scope at the end of the group that follows.

Source: SPARQL 1.1 Query, section 18.2.1, https://www.w3.org/TR/sparql11-query/#variableScope.
"""

from __future__ import annotations

from collections.abc import Sequence

from migkg.model.sparql_text import Token


def closing(tokens: Sequence[Token], place: int) -> int:
    """Where the bracket is closed that is opened at a place; the last token if it never is."""
    depth = 0
    for number in range(place, len(tokens)):
        depth += {"open": 1, "close": -1}.get(tokens[number].kind, 0)
        if not depth:
            return number
    return len(tokens) - 1


def visible_variables(tokens: Sequence[Token], place: int) -> list[str]:
    """The variables, in the order of their first places, of the SELECT whose ``*`` is before."""
    while place < len(tokens) and tokens[place].text != "{":
        place += 1
    if place == len(tokens):
        return []
    end = closing(tokens, place)
    found = dict.fromkeys(_in_group(tokens, place + 1, end))
    for name in _trailing_values(tokens, end + 1):
        found[name] = None
    return list(found)


def _in_group(tokens: Sequence[Token], start: int, end: int) -> list[str]:
    """The variables that a group gives, each as often as it stands there."""
    if start < end and tokens[start].word == "SELECT":
        return _of_select(tokens, start, end)
    found: list[str] = []
    place = start
    while place < end:
        token = tokens[place]
        if token.kind == "variable":
            found.append(f"?{token.text[1:]}")
        elif token.text == "{":
            last = closing(tokens, place)
            found += _in_group(tokens, place + 1, last)
            place = last
        elif token.word in ("FILTER", "MINUS"):
            place = _end_of_constraint(tokens, place + 1)
        elif token.word == "BIND":
            place = closing(tokens, place + 1)
            found.append(_last_variable(tokens, place))
        place += 1
    return [name for name in found if name]


def _of_select(tokens: Sequence[Token], start: int, end: int) -> list[str]:
    """The variables that a subquery gives."""
    found: list[str] = []
    place = start + 1
    while place < end and tokens[place].text != "{" and tokens[place].word != "WHERE":
        token = tokens[place]
        if token.text == "*":
            return visible_variables(tokens[:end], place + 1)
        if token.kind == "variable":
            found.append(f"?{token.text[1:]}")
        elif token.text == "(":
            place = closing(tokens, place)
            found.append(_last_variable(tokens, place))
        place += 1
    return found + _trailing_values(tokens[:end], closing(tokens, _first_group(tokens, place)) + 1)


def _first_group(tokens: Sequence[Token], place: int) -> int:
    while place < len(tokens) - 1 and tokens[place].text != "{":
        place += 1
    return place


def _end_of_constraint(tokens: Sequence[Token], place: int) -> int:
    """The last token of what follows ``FILTER`` or ``MINUS``: the bracket that closes it."""
    while place < len(tokens) - 1 and tokens[place].kind != "open":
        place += 1
    return closing(tokens, place)


def _last_variable(tokens: Sequence[Token], place: int) -> str:
    """The variable before a closing bracket, as in ``(1 AS ?x)``."""
    token = tokens[place - 1]
    return f"?{token.text[1:]}" if token.kind == "variable" else ""


def _trailing_values(tokens: Sequence[Token], place: int) -> list[str]:
    """The variables of ``VALUES`` behind the group."""
    for number in range(place, len(tokens)):
        if tokens[number].word == "VALUES":
            last = number + 1
            while last < len(tokens) and tokens[last].text != "{":
                last += 1
            chosen = [t for t in tokens[number + 1 : last] if t.kind == "variable"]
            return [f"?{token.text[1:]}" for token in chosen]
    return []
