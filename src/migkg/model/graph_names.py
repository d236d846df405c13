"""The names that the graphs of one release have in an engine that holds several.

A query speaks of our own names. In the engine each graph has another one, so the text is changed:
``GRAPH <ours>`` becomes ``GRAPH <theirs>``, and ``GRAPH ?g`` goes over all graphs of the release
and gives ``?g`` our names, which the engine holds as triples. So a client sees our names alone,
and what a query says of the names as values stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from migkg.errors import QueryRefused
from migkg.model.sparql_dataset import Prologue, named_dataset
from migkg.model.sparql_text import Token, tokens
from migkg.model.sparql_text.escapes import Escapes
from migkg.model.visible_variables import closing, visible_variables

# What leads from a graph of the engine to the name that it stands for.
# https://www.w3.org/TR/sparql11-service-description/#sd-name
NAMES = "http://www.w3.org/ns/sparql-service-description#name"


@dataclass(frozen=True)
class GraphNames:
    """``whole`` is the graph with all triples, ``names`` the one that says what stands for what.

    ``graphs`` are the names in the engine by our own.
    """

    whole: str
    names: str
    graphs: Mapping[str, str]

    @property
    def none(self) -> str:
        """A name that no graph has."""
        return f"{self.names}/none"

    def all(self) -> list[str]:
        """Every graph that the release has in the engine."""
        return list(dict.fromkeys((*self.graphs.values(), self.whole, self.names)))


@dataclass(frozen=True)
class Translated:
    """A query as the engine is to have it, and the dataset that goes with it."""

    text: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]


def translated(
    text: str,
    names: GraphNames,
    base_iri: str,
    dataset: tuple[Sequence[str], Sequence[str]] | None = None,
) -> Translated:
    """The query for the engine; ``dataset`` is that of the request, which wins over the text's.

    The text is well-formed and has passed the guard. Raises :class:`QueryRefused` where engines
    would not agree on its tokens.
    """
    found = list(tokens(text))
    escapes = Escapes(text)
    if escapes and (escapes.end_tokens or any(token.text == "\\" for token in found)):
        raise QueryRefused("Write what is outside strings and IRIs without codepoint escapes.")
    given = dataset or named_dataset(text, base_iri)
    work = _Translation(found, text, names, base_iri)
    changed = work.run()
    default, named = _dataset(given, names)
    return Translated(changed, default, tuple(named) if work.asks_graphs else ())


def _dataset(
    given: tuple[Sequence[str], Sequence[str]], names: GraphNames
) -> tuple[tuple[str, ...], list[str]]:
    """The graphs of the engine; there is always a default graph, if only one that is empty."""
    default, named = given
    if not (default or named):
        return (names.whole,), [names.names, *names.graphs.values()]
    own = [names.graphs[name] for name in dict.fromkeys(default) if name in names.graphs]
    if len(own) == len(names.graphs):
        own = [names.whole]
    listed = [names.graphs[name] for name in dict.fromkeys(named) if name in names.graphs]
    return tuple(own) or (names.none,), [names.names, *listed]


class _Translation:
    """Goes through the tokens once, and notes what is put in the place of what."""

    def __init__(self, found: list[Token], text: str, names: GraphNames, base_iri: str) -> None:
        self.asks_graphs = False
        self._tokens = found
        self._text = text
        self._names = names
        self._prologue = Prologue(base_iri)
        self._stem = _unused(text)
        self._edits: dict[int, tuple[int, str]] = {}  # by offset: the end, what comes instead
        self._behind: dict[int, str] = {}  # by offset: what comes before it
        self._over_all = False

    def run(self) -> str:
        """The text as it is to be."""
        depth = 0
        for place, token in enumerate(self._tokens):
            if token.kind in ("open", "close"):
                depth += 1 if token.kind == "open" else -1
            elif token.word in ("BASE", "PREFIX") and not depth:
                last = place + (2 if token.word == "BASE" else 3)
                self._prologue.declare(token.word, self._tokens[place + 1 : last])
            elif token.word == "FROM" and not depth:
                self._leave_out(place)
            elif token.word == "GRAPH" and depth:
                self._graph(place)
        if self._over_all:
            self._name_stars()
        return self._joined()

    def _joined(self) -> str:
        parts, end = [], 0
        for start in sorted({*self._edits, *self._behind}):
            parts.append(self._text[end:start])
            parts.append(self._behind.get(start, ""))
            end, instead = self._edits.get(start, (start, ""))
            parts.append(instead)
        return "".join([*parts, self._text[end:]])

    def _leave_out(self, place: int) -> None:
        """The dataset goes with the request."""
        last = place + (2 if self._tokens[place + 1].word == "NAMED" else 1)
        self._edits[self._tokens[place].offset] = (_end(self._tokens[last]), "")

    def _graph(self, place: int) -> None:
        if place + 2 >= len(self._tokens) or self._tokens[place + 2].text != "{":
            return  # a name that looks like the keyword
        self.asks_graphs = True
        name = self._tokens[place + 1]
        if name.kind != "variable":
            own = self._names.graphs.get(self._prologue.resolve(name), self._names.none)
            self._edits[name.offset] = (_end(name), f"<{own}>")
            return
        self._over_all = True
        hidden = f"?{self._stem}{place}"
        start, opening = self._tokens[place], self._tokens[place + 2]
        self._edits[start.offset] = (
            _end(opening),
            f"{{ GRAPH <{self._names.names}> {{ {hidden} <{NAMES}> {name.text} }} "
            f"GRAPH {hidden} {{",
        )
        self._behind[self._tokens[closing(self._tokens, place + 2)].offset] = "}"

    def _name_stars(self) -> None:
        """``SELECT *`` names what the client can see, as there are variables of ours now."""
        for place, token in enumerate(self._tokens):
            if token.text != "*" or not place:
                continue
            before = self._tokens[place - 1].word
            if before in ("DISTINCT", "REDUCED") and place > 1:
                before = self._tokens[place - 2].word
            if before in ("SELECT", "DESCRIBE") and (
                visible := visible_variables(self._tokens, place + 1)
            ):
                self._edits[token.offset] = (_end(token), " ".join(visible) + " ")


def _end(token: Token) -> int:
    return token.offset + len(token.text)


def _unused(text: str) -> str:
    """How our own variables begin: as none does in the text."""
    stem = "graph_"
    while stem in text:
        stem = f"{stem}_"
    return stem
