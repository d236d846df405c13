"""Declarations of parameters, one line each in the opening comment of a stored query.

A line is ``#+ name: {key: value, …}``: the mark is that of grlc's decorators, what follows is a
flow mapping of YAML (https://yaml.org/spec/1.2.2/#742-flow-mappings) with plain or quoted values,
and the keys are those of JSON Schema where it has them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from typing import NoReturn

from migkg.errors import BadDeclaration
from migkg.model.namespaces import COMMON_PREFIXES, expand
from migkg.model.sparql_text import tokens

MARK = "#+"
# Names that the addresses and the command line use already.
RESERVED = frozenset(
    ("format", "release", "lang", "view", "truncate", "endpoint", "project", "releases", "help")
)
_LINE = re.compile(r"#\+\s+(?P<name>[^:\s{]*)\s*:\s*\{(?P<entries>.*)\}\s*$")
_NAME = re.compile(r"[a-z][A-Za-z0-9]{0,29}")
_ENTRY = re.compile(
    r"""\s*(?P<key>[a-zA-Z]+)\s*:\s*
    (?:"(?P<double>(?:[^"\\]|\\["\\])*)"|'(?P<single>(?:[^']|'')*)'|(?P<plain>[^\s"',{}\[\]][^,{}\[\]]*))
    \s*(?P<end>,|$)""",
    re.VERBOSE,
)
_COMMON = frozenset(("type", "label", "default", "required"))
_BOUNDED = frozenset(("minimum", "maximum"))


class Type(Enum):
    """What the values of a parameter are."""

    ENTITY = "entity"
    CONCEPT = "concept"
    ENUMERATION = "enumeration"
    YEAR = "year"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TEXT = "text"
    LANGUAGE = "language"


KEYS: Mapping[Type, frozenset[str]] = {
    Type.ENTITY: _COMMON | {"class", "where"},
    Type.CONCEPT: _COMMON | {"scheme", "where"},
    Type.ENUMERATION: _COMMON | {"property", "where"},
    Type.YEAR: _COMMON | _BOUNDED,
    Type.INTEGER: _COMMON | _BOUNDED,
    Type.DECIMAL: _COMMON | _BOUNDED,
    Type.BOOLEAN: _COMMON,
    Type.DATE: _COMMON | _BOUNDED,
    Type.TEXT: _COMMON | {"maximum"},
    Type.LANGUAGE: _COMMON,
}
_SOURCES = {
    "class": "?value a/rdfs:subClassOf* {} .",
    "scheme": "?value skos:inScheme {} .",
    "property": "[] {} ?value .",
}
_NEEDED = {Type.ENTITY: "class", Type.CONCEPT: "scheme"}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a stored query.

    ``default`` is what stands in its place where none is given; without one it may be anything.
    With ``required`` one must be given, and ``default`` is only an example. ``source`` is a group
    pattern: what it finds as ``?value`` is all that can be given; empty where the type says enough.
    """

    name: str
    type: Type
    label: str
    default: str | None = None
    required: bool = False
    minimum: str | None = None
    maximum: str | None = None
    source: str = ""
    prefixes: Mapping[str, str]
    line: int

    @property
    def optional(self) -> bool:
        """True if it may be left open, so that it restricts nothing."""
        return self.default is None


def declared(text: str) -> tuple[Parameter, ...]:
    """The parameters that the opening comment of a query declares.

    Raises :class:`BadDeclaration` with the place of what is wrong.
    """
    lines = list(takewhile(lambda line: line.startswith("#"), text.splitlines()))
    marked = [(number, line) for number, line in enumerate(lines, 1) if line.startswith(MARK)]
    prefixes = {**COMMON_PREFIXES, **declared_prefixes(text)} if marked else {}
    found: dict[str, Parameter] = {}
    for number, line in marked:
        parameter = _Line(number, line, prefixes).parameter()
        if parameter.name in found:
            raise BadDeclaration(f"The parameter {parameter.name} is declared twice.", line=number)
        found[parameter.name] = parameter
    return tuple(found.values())


def declared_prefixes(text: str) -> dict[str, str]:
    """The prefixes that a query declares."""
    found: dict[str, str] = {}
    name = None
    last = ""
    for token in tokens(text):
        if token.kind == "name" and last == "PREFIX":
            name = token.text.removesuffix(":")
        elif token.kind == "iri" and name is not None:
            found[name], name = token.text[1:-1], None
        elif token.word in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE"):
            break
        last = token.word
    return found


class _Line:
    """One line of the opening comment that declares a parameter."""

    def __init__(self, number: int, line: str, prefixes: Mapping[str, str]) -> None:
        self._number = number
        self._line = line
        self._prefixes = prefixes
        self._columns: dict[str, int] = {}

    def parameter(self) -> Parameter:
        name, entries = self._entries()
        kind = self._type(entries)
        for key in entries:
            if key not in KEYS[kind]:
                known = ", ".join(sorted(KEYS[kind]))
                self._fail(f"A parameter of type {kind.value} has no {key}; it has {known}.", key)
        return Parameter(
            name=name,
            type=kind,
            label=entries.get("label") or name,
            default=entries.get("default"),
            required=self._required(entries),
            minimum=entries.get("minimum"),
            maximum=entries.get("maximum"),
            source=self._source(kind, entries),
            prefixes=self._prefixes,
            line=self._number,
        )

    def _entries(self) -> tuple[str, dict[str, str]]:
        match = _LINE.match(self._line)
        if not match:
            self._fail("A parameter is declared as '#+ name: {type: …, label: …, default: …}'.")
        name = match["name"]
        if not _NAME.fullmatch(name) or name in RESERVED:
            why = "is taken" if name in RESERVED else "must be letters and figures, such as cityId"
            self._fail(f"The name of the parameter, {name!r}, {why}.", offset=match.start("name"))
        entries: dict[str, str] = {}
        offset = match.start("entries")
        while offset < match.end("entries"):
            entry = _ENTRY.match(self._line, offset, match.end("entries"))
            if not entry:
                self._fail("Here 'key: value' and then a comma or the end is needed.", None, offset)
            key = entry["key"]
            if key in entries:
                self._fail(f"The key {key} is given twice.", None, entry.start("key"))
            self._columns[key] = entry.start("key")
            entries[key] = _value(entry)
            offset = entry.end()
        return name, entries

    def _type(self, entries: Mapping[str, str]) -> Type:
        try:
            return Type(entries.get("type", ""))
        except ValueError:
            known = ", ".join(item.value for item in Type)
            given = f"no type {entries['type']}" if "type" in entries else "a type missing"
            self._fail(f"There is {given}; the types are {known}.", "type")

    def _required(self, entries: Mapping[str, str]) -> bool:
        given = entries.get("required", "false")
        if given not in ("true", "false"):
            self._fail("The key required is true or false.", "required")
        if given == "true" and "default" not in entries:
            self._fail(
                "A required parameter needs a default: an example, and what the expected answer "
                "is the answer for.",
                "required",
            )
        return given == "true"

    def _source(self, kind: Type, entries: Mapping[str, str]) -> str:
        needed = _NEEDED.get(kind)
        if needed and needed not in entries:
            self._fail(f"A parameter of type {kind.value} needs a {needed}.", "type")
        if kind is Type.ENUMERATION and not entries.keys() & {"property", "where"}:
            self._fail("A parameter of type enumeration needs a property or where.", "type")
        return " ".join(
            self._pattern(key, entries[key])
            for key in ("class", "scheme", "property", "where")
            if key in entries
        )

    def _pattern(self, key: str, value: str) -> str:
        if key == "where":
            return value
        iri = expand(value, self._prefixes)
        if iri == value and not value.startswith(("http://", "https://", "urn:")):
            self._fail(f"{value} is no IRI, and no name with a prefix of this query.", key)
        return _SOURCES[key].format(f"<{iri}>")

    def _fail(self, message: str, key: str | None = None, offset: int = 0) -> NoReturn:
        column = self._columns.get(key or "", offset) + 1
        raise BadDeclaration(message, line=self._number, column=column)


def _value(entry: re.Match[str]) -> str:
    if entry["double"] is not None:
        return re.sub(r"\\(.)", r"\1", entry["double"])
    if entry["single"] is not None:
        return entry["single"].replace("''", "'")
    return entry["plain"].strip()
