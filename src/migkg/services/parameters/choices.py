"""What the data offers for a parameter: entities of a class, concepts, values of a property."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from migkg.engine.protocol import Engine, Query
from migkg.model import formats
from migkg.model.namespaces import shorten
from migkg.model.sparql_text import Form
from migkg.model.sparql_text.terms import iri_term, json_term, literal_term
from migkg.services.parameters.declarations import Parameter
from migkg.services.parameters.values import BadValue, check_text, iri_of

# More than these are not listed; they can be given by IRI or by their full name.
MOST = 500
_FEW = 100  # that an error lists
_NAMED = 5  # in the sentence

Row = Mapping[str, Mapping[str, str]]
# Answers a SELECT query with SPARQL results in JSON.
Ask = Callable[[str], Awaitable[bytes]]

_VALUES = """{prefixes}
SELECT ?value (MIN(STR(?name)) AS ?label) WHERE {{
  {{
    SELECT DISTINCT ?value
    WHERE {{ {restriction} {source} FILTER(!isBlank(?value)) }}
    LIMIT {most}
  }}
  OPTIONAL {{
    ?value rdfs:label|skos:prefLabel ?name .
    FILTER(LANG(?name) IN ("en", ""))
  }}
}}
GROUP BY ?value ORDER BY ?label ?value"""
_WITH_NAME = "?value rdfs:label|skos:prefLabel {}@en ."
_WITH_IRI = "VALUES ?value {{ {} }}"


@dataclass(frozen=True)
class Choice:
    """One value that can be given: as ``value`` in an address, and as ``label`` to people."""

    value: str
    label: str
    term: str

    def is_called(self, text: str) -> bool:
        """True if the text is its name, whatever the case."""
        return text.casefold() in (self.label.casefold(), self.value.casefold())


class Choices:
    """The choices of every parameter in one release, each asked for once."""

    def __init__(self, ask: Ask, prefixes: Mapping[str, str]) -> None:
        self._ask = ask
        self._prefixes = prefixes
        self._listed: dict[str, tuple[Choice, ...] | None] = {}

    @classmethod
    def of_engine(cls, engine: Engine, prefixes: Mapping[str, str]) -> Choices:
        """What the release of an engine offers."""

        async def ask(text: str) -> bytes:
            query = Query(text=text, form=Form.SELECT, format=formats.JSON)
            return (await engine.answer(query)).read()

        return cls(ask, prefixes)

    async def of(self, parameter: Parameter) -> tuple[Choice, ...] | None:
        """All values that can be given; None if they are too many to list."""
        text = _query(parameter)
        if text not in self._listed:
            found = await self._select(text)
            self._listed[text] = found if len(found) <= MOST else None
        return self._listed[text]

    async def choice(self, parameter: Parameter, text: str) -> Choice:
        """The choice that a text names by its IRI, its value or its label.

        Raises :class:`BadValue` if there is none, or more than one.
        """
        check_text(text)
        iri = iri_of(text, {**parameter.prefixes, **self._prefixes})
        listed = await self.of(parameter)
        if listed is None:
            found = await self._select(_query(parameter, _restriction(text, iri)))
        elif iri is not None:
            found = tuple(item for item in listed if item.term == iri_term(iri))
        else:
            found = tuple(item for item in listed if item.is_called(text))
        if len(found) != 1:
            why = _why(iri, found or _like(text, listed or ()), is_none=not found)
            few = listed is not None and len(listed) <= _FEW
            raise BadValue(why, [item.value for item in listed or ()] if few else None)
        return found[0]

    async def _select(self, text: str) -> tuple[Choice, ...]:
        rows = json.loads(await self._ask(text))["results"]["bindings"]
        return tuple(self._choice(row) for row in rows)

    def _choice(self, row: Row) -> Choice:
        value = row["value"]
        short = value["value"]
        if value["type"] == "uri":
            short = shorten(short, self._prefixes)
        label = row["label"]["value"] if "label" in row else short
        return Choice(short, label, json_term(value))


def _query(parameter: Parameter, restriction: str = "") -> str:
    prefixes = "\n".join(f"PREFIX {name}: <{iri}>" for name, iri in parameter.prefixes.items())
    return _VALUES.format(
        prefixes=prefixes, restriction=restriction, source=parameter.source, most=MOST + 1
    )


def _restriction(text: str, iri: str | None) -> str:
    if iri is None:
        return _WITH_NAME.format(literal_term(text))
    return _WITH_IRI.format(iri_term(iri))


def _like(text: str, listed: Iterable[Choice]) -> tuple[Choice, ...]:
    """The choices that a text may mean: those that have it in their name."""
    wanted = text.casefold()
    return tuple(item for item in listed if wanted in item.label.casefold())


def _why(iri: str | None, like: tuple[Choice, ...], *, is_none: bool) -> str:
    named = "; ".join(f"{item.label} ({item.value})" for item in like[:_NAMED])
    more = f" and {len(like) - _NAMED} more" if len(like) > _NAMED else ""
    if not is_none:
        return f"is the name of several: {named}{more}"
    what = "is not one of those in the data" if iri else "is no IRI, and no name in the data"
    return f"{what}; near it there is {named}{more}" if named else what
