"""A quick look at a small answer in JSON, as most answers are.

It reads all of the text and holds it against the format, in a fraction of the time that it takes to
make terms of it. Source: https://www.w3.org/TR/sparql11-results-json/.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class _Term(msgspec.Struct):
    type: Literal["uri", "literal", "bnode", "typed-literal", "triple"]
    value: str | dict[str, Any]


class _Head(msgspec.Struct):
    vars: list[str]


class _Results(msgspec.Struct):
    bindings: list[dict[str, _Term]]


class _Document(msgspec.Struct):
    head: _Head
    results: _Results


_DECODER = msgspec.json.Decoder(_Document)


def solutions_in(data: bytes) -> int | None:
    """The number of solutions in a whole document; None if it is none, or has to be read anew."""
    try:
        document = _DECODER.decode(data)
    except msgspec.DecodeError:  # the parser of the standard's format says what is wrong
        return None
    names, rows = set(document.head.vars), document.results.bindings
    return len(rows) if all(names.issuperset(row) for row in rows) else None
