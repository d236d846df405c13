"""Whether a query has a property path that repeats: ``*``, ``+`` or ``?`` behind a step.

Asked of more than one default graph, Virtuoso 7.2.5 joins such a path with the first row of what is
beside it, and gives the rows of that alone with status 200. Source of the syntax: SPARQL 1.1 Query,
section 9.1, https://www.w3.org/TR/sparql11-query/#pp-language.
"""

from __future__ import annotations

from collections.abc import Iterable

from migkg.errors import QueryRefused
from migkg.model.sparql_text import Token

_MARKS = ("*", "+", "?")
_STEPS = ("name", "local", "iri")


def refuse_repeating(found: Iterable[Token]) -> None:
    """Raises :class:`QueryRefused` where a path repeats."""
    if any(_marks(found)):
        raise QueryRefused(
            "The endpoint behind this service answers a property path that repeats (*, + or ?) "
            "wrongly where several graphs are asked, so it is not asked. Name one graph with FROM."
        )


def _marks(found: Iterable[Token]) -> Iterable[Token]:
    """The marks of repetition; an operator within an expression is none."""
    expressions = [False]  # for each open bracket, whether it is one of an expression
    before = Token("other", "", 0)
    for token in found:
        if token.kind == "open":
            keyword = token.text == "(" and before.kind == "word" and before.text != "a"
            expressions.append(token.text != "{" and (expressions[-1] or keyword))
        elif token.kind == "close":
            if len(expressions) > 1:
                expressions.pop()
        elif token.text in _MARKS and not expressions[-1] and _ends_step(before):
            yield token
        before = token


def _ends_step(token: Token) -> bool:
    return token.kind in _STEPS or token.text in ("a", ")")
