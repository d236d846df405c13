"""The questions whether terms come back as they are."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from migkg.engine.http_client import Reply
from migkg.model import formats
from migkg.services.diagnosis.endpoint import Endpoint, Finding

_XSD = "http://www.w3.org/2001/XMLSchema#"
_TYPES = {"date": "2020-01-02", "gYear": "2020", "boolean": "true", "anyURI": "urn:a"}
_MOMENTS = ("2020-01-02T03:04:05", "2020-01-02T03:04:05Z", "2020-01-02T03:04:05.678+05:30")
_LARGE = "9" * 30
_TEXT = '\U0001f600 é ا \\n\\t\\" <&>'
_SENT = '\U0001f600 é ا \n\t" <&>'


def truth(reply: Reply) -> bool | None:
    """The answer to an ASK; None if it cannot be read. Virtuoso gives a row with 1, or none."""
    content: Any = json.loads(reply.body)
    if not isinstance(content, dict):
        return None
    found, results = content.get("boolean"), content.get("results")
    if isinstance(found, bool):
        return found
    rows = results.get("bindings") if isinstance(results, dict) else None
    if rows == []:
        return False
    value = next((term["value"] for row in rows or () for term in row.values()), None)
    return {"1": True, "0": False, "true": True, "false": False}.get(str(value))


def language(endpoint: Endpoint) -> Finding:
    """Tags come back, in whatever case."""
    term = endpoint.value("STRLANG('x', 'en-US')")
    found = term.get("xml:lang", "")
    return Finding.of(found.lower() == "en-us", found or "no tag")


def datatypes(endpoint: Endpoint) -> Finding:
    """Each comes back as it is."""
    for name, text in _TYPES.items():
        term = endpoint.value(f"'{text}'^^<{_XSD}{name}>")
        if (term.get("datatype"), term.get("value")) != (_XSD + name, text):
            shown = f"{term.get('value')}, {term.get('datatype', '').removeprefix(_XSD)}"
            return Finding.of(False, f"xsd:{name} is {shown}")
    return Finding.of(True, " ".join(_TYPES))


def large_integer(endpoint: Endpoint) -> Finding:
    """A number larger than 64 bits stays an integer."""
    term = endpoint.value(f"'{_LARGE}'^^<{_XSD}integer>")
    seen = f"{term.get('value')}, {term.get('datatype', '').removeprefix(_XSD)}"
    return Finding.of(term.get("value") == _LARGE and seen.endswith("integer"), seen)


def moments(endpoint: Endpoint) -> Finding:
    """With and without zone and fraction."""
    for text in _MOMENTS:
        found = endpoint.value(f"'{text}'^^<{_XSD}dateTime>").get("value", "")
        if found != text:
            return Finding.of(False, f"{text} is {found}")
    return Finding.of(True)


def decimals(endpoint: Endpoint) -> Finding:
    """The value, and no binary fraction."""
    found = endpoint.value(f"'0.1'^^<{_XSD}decimal> + '0.2'^^<{_XSD}decimal>").get("value", "")
    return Finding.of(Decimal(found) == Decimal("0.3"), f"0.1 + 0.2 is {found}")


def unicode_text(endpoint: Endpoint) -> Finding:
    """Characters beyond 16 bits, of a line, of XML."""
    found = endpoint.value(f'"{_TEXT}"').get("value", "")
    return Finding.of(found == _SENT, "" if found == _SENT else ascii(found))


def blank_nodes(endpoint: Endpoint) -> Finding:
    """They come back as such, two for two rows."""
    text = "CONSTRUCT { _:b <urn:b> ?o } WHERE { VALUES ?o { 1 2 } }"
    lines = endpoint.ask(text, formats.NTRIPLES).text.split("\n")
    found = {line.split()[0] for line in lines if line.startswith("_:")}
    return Finding.of(len(found) == 2, f"{len(found)} of 2")
