"""A query that reaches no graph outside its dataset, for an engine that does not see to it.

Virtuoso 7.2.5 adds ``FROM`` to the dataset of a request in place of letting the request win. What
it can prove to be empty, because a graph is not in the dataset, makes ``ASK`` true and ``COUNT(*)``
one. So ``FROM`` is left out, since the dataset goes with the request anyway; a graph that is not in
the dataset gets the name of one that is there and is empty; and what a variable may be is said by a
filter, of which it proves nothing.

A ``UNION`` with a branch that is nothing but ``VALUES`` has no solutions there, so such a branch
gets a filter that is always true.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from migkg.engine.remote.repeating import refuse_repeating
from migkg.model.sparql_dataset import Prologue
from migkg.model.sparql_text import Token, tokens
from migkg.model.visible_variables import closing

EMPTY = "urn:x-migkg:none"  # a graph that there is not
# Without a filter Virtuoso 7.2.5 does not come to an end with this.
WHICH_GRAPHS = f"SELECT DISTINCT ?g {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(?g != <{EMPTY}>) }}"


@dataclass
class Confined:
    """A query in its dataset: ``named`` are the graphs that ``GRAPH`` may reach.

    ``hidden`` are those that it must not, if all others may be reached; else it is None.
    ``several`` is true if the default graph is of more than one. Raises :class:`QueryRefused`.
    """

    text: str
    named: tuple[str, ...]
    hidden: tuple[str, ...] | None
    base_iri: str
    several: bool = False
    names_graph: bool = False  # with its IRI
    _edits: list[tuple[int, int, str]] = field(default_factory=list)  # start, end, what comes

    def __post_init__(self) -> None:
        found = list(tokens(self.text))
        if self.several:
            refuse_repeating(found)
        prologue = Prologue(self.base_iri)
        depth = 0
        for place, token in enumerate(found):
            depth += {"open": 1, "close": -1}.get(token.kind, 0)
            following = found[place + 1 : place + 3]
            if token.word in ("BASE", "PREFIX") and not depth:
                prologue.declare(token.word, following[: 1 if token.word == "BASE" else 2])
            elif token.text == "{" and following and following[0].word == "VALUES":
                self._branch(found, place)
            elif token.word == "FROM" and not depth and len(following) == 2:
                last = following[following[0].word == "NAMED"]
                self._edits.append((token.offset, _end(last), ""))
            elif token.word == "GRAPH" and depth and following[1:] and following[1].text == "{":
                self._graph(found, place, prologue)
        self._edit()

    @property
    def listed(self) -> tuple[str, ...]:
        """The named graphs that go with the request: only those of a graph that is named."""
        explicit = self.hidden is None and self.names_graph
        return (*self.named, EMPTY) if explicit else ()

    def _graph(self, found: list[Token], place: int, prologue: Prologue) -> None:
        name = found[place + 1]
        if name.kind != "variable":
            self.names_graph = True
            if prologue.resolve(name) not in self.named:
                self._edits.append((name.offset, _end(name), f"<{EMPTY}>"))
            return
        allowed = self.named or (EMPTY,)
        graphs = ", ".join(f"<{iri}>" for iri in (allowed if self.hidden is None else self.hidden))
        if graphs:
            negated = "" if self.hidden is None else "NOT "
            end = _end(found[closing(found, place + 2)])
            self._edits.append((end, end, f" FILTER({name.text} {negated}IN ({graphs})) "))

    def _branch(self, found: list[Token], place: int) -> None:
        """Looks at a group that begins with ``VALUES``."""
        rows = next((n for n in range(place + 2, len(found)) if found[n].text == "{"), place)
        end = closing(found, rows) + 1
        if end >= len(found) or found[end].text != "}":
            return
        behind = found[end + 1].word if end + 1 < len(found) else ""
        if "UNION" in (behind, found[place - 1].word):
            self._edits.append((found[end].offset, found[end].offset, "FILTER(true) "))

    def _edit(self) -> None:
        parts: list[str] = []
        behind = 0
        for start, end, instead in sorted(self._edits):
            parts += (self.text[behind:start], instead)
            behind = end
        self.text = "".join([*parts, self.text[behind:]])


def _end(token: Token) -> int:
    return token.offset + len(token.text)
