"""What engines were seen to answer wrongly with status 200, and how to find out whether one does.

Before a query that a trial is about is asked, the engine is asked the trial, once. Where that shows
that rows would be missing, the query is refused, since nobody could tell its answer from a right
one.

* A filter about a variable that has ``UNDEF`` among ``VALUES`` is applied before the join: Fuseki
  4.5.0 and RDF4J 3.7.1.
* Nothing contains the empty string: Virtuoso 7.2.5. It is in every string (SPARQL 1.1 Query,
  section 17.4.3.8).
* ``{n}`` in a regular expression matches nothing: Virtuoso 7.2.5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from migkg.engine.protocol import Answer, Query
from migkg.engine.remote.confined import EMPTY
from migkg.errors import BadQuery, QueryRefused
from migkg.model.formats import JSON
from migkg.model.sparql_text import Form, Token, tokens

_NONE = f"<{EMPTY}>"
_EMPTY = ('""', "''", '""""""', "''''''")
_COUNTED = re.compile(r"\{[0-9]")


@dataclass(frozen=True)
class Trial:
    """``ask`` is true of an engine that answers rightly, wherever ``given`` is true.

    ``words`` are groups of keywords; a query that the trial is about has one of each. ``token``
    says of which tokens it must have one besides; ``what`` names it all for the client.
    """

    what: str
    words: tuple[tuple[str, ...], ...]
    ask: str
    given: str = "ASK {}"
    token: Callable[[Token], bool] | None = None

    def concerns(self, text: str, capitals: str) -> bool:
        """True for the text of a query, which is also given in capitals."""
        if not all(any(word in capitals for word in group) for group in self.words):
            return False
        return self.token is None or any(self.token(token) for token in tokens(text))


def _is_empty(token: Token) -> bool:
    return token.text in _EMPTY


def _is_counted(token: Token) -> bool:
    return token.kind == "string" and _COUNTED.search(token.text) is not None


TRIALS = (
    Trial(
        what="a filter beside UNDEF",
        words=(("UNDEF",), ("FILTER",)),
        ask=f"ASK {{ ?s ?p ?o VALUES ?p {{ UNDEF }} FILTER(?p != {_NONE}) }}",
        given="ASK { ?s ?p ?o }",
    ),
    Trial(
        what="the empty string in CONTAINS and its like",
        words=(("CONTAINS", "STRSTARTS", "STRENDS"),),
        token=_is_empty,
        ask='ASK { VALUES ?x { "a" } FILTER(CONTAINS(?x, "")) }',
    ),
    Trial(
        what="a regular expression that counts, as a{2}",
        words=(("REGEX", "REPLACE"),),
        token=_is_counted,
        ask='ASK { VALUES ?x { "aa" } FILTER(REGEX(?x, "^a{2}$")) }',
    ),
)
# What a query that any trial is about has one of.
_HINTS = sorted({word for trial in TRIALS for word in trial.words[0]})


class Trials:
    """What one endpoint was tried with; ``ask`` asks it a query."""

    def __init__(self, ask: Callable[[Query], Awaitable[Answer]]) -> None:
        self._ask = ask
        self._passed: dict[Trial, bool] = {}

    async def check(self, query: Query) -> None:
        """Raises :class:`QueryRefused` for a query that the endpoint would answer wrongly."""
        for trial in trials_of(query.text):
            if not await self._passes(trial, query):
                raise QueryRefused(
                    f"The endpoint behind this service answers {trial.what} wrongly, "
                    "so it is not asked."
                )

    async def _passes(self, trial: Trial, query: Query) -> bool:
        """True too where there is nothing to tell by, such as an empty dataset."""
        if trial not in self._passed:
            right = await self._truth(trial.ask, query)
            if not (right or await self._truth(trial.given, query)):
                return True
            self._passed[trial] = right
        return self._passed[trial]

    async def _truth(self, text: str, query: Query) -> bool:
        """The answer to an ASK in the dataset of a query; false too where it is refused."""
        asked = replace(query, text=text, form=Form.ASK, format=JSON, truncate=None)
        try:
            answer = await self._ask(asked)
        except BadQuery:
            return False
        with closing(answer):
            return bool(json.loads(answer.read())["boolean"])


def trials_of(text: str) -> Iterator[Trial]:
    """The trials that a query is to wait for."""
    capitals = text.upper()
    for word in _HINTS:  # most queries have none of them
        if word in capitals:
            return (trial for trial in TRIALS if trial.concerns(text, capitals))
    return iter(())
