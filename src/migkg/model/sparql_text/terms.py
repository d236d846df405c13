"""RDF terms as SPARQL text that means the same to every engine.

Source: https://www.w3.org/TR/sparql11-query/#grammarEscapes and, for codepoint escapes,
https://www.w3.org/TR/sparql11-query/#codepointEscape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_XSD = "http://www.w3.org/2001/XMLSchema#"
_STRING = f"{_XSD}string"
_BARE = {
    f"{_XSD}integer": re.compile(r"[0-9]+"),
    f"{_XSD}boolean": re.compile(r"true|false"),
}
_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
# Behind a backslash a ``u`` would begin a codepoint escape for engines that decode those first, so
# it is written as one: with eight figures, as some engines take up to eight behind ``\u`` too.
_SPECIAL = re.compile(r'\\(?P<u>[uU])|(?P<other>[\\"\n\r\t\b\f])')
_ESCAPES = {
    "\\": r"\\",
    '"': r"\"",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\b": r"\b",
    "\f": r"\f",
}
_CODEPOINTS = {"u": r"\U00000075", "U": r"\U00000055"}


def wrong_in_iri(text: str) -> tuple[str, int] | None:
    """The first character that no IRI has (``IRIREF`` of the grammar), and its place."""
    found = _NOT_IN_IRI.search(text)
    return (found[0], found.start()) if found else None


def iri_term(text: str) -> str:
    """An IRI as a term; it must have no character that IRIs have not."""
    if wrong_in_iri(text):
        raise ValueError(f"{text!r} is not an IRI")
    return f"<{text}>"


def literal_term(text: str, datatype: str = _STRING, language: str = "") -> str:
    """A literal as a term: numbers that may be counted with and booleans bare, else quoted."""
    if datatype in _BARE and _BARE[datatype].fullmatch(text):
        return text
    quoted = f'"{_SPECIAL.sub(_escaped, text)}"'
    if language:
        return f"{quoted}@{language}"
    return quoted if datatype == _STRING else f"{quoted}^^{iri_term(datatype)}"


def json_term(term: Mapping[str, str]) -> str:
    """A term of SPARQL results in JSON (https://www.w3.org/TR/sparql11-results-json/)."""
    if term["type"] == "uri":
        return iri_term(term["value"])
    return literal_term(term["value"], term.get("datatype", _STRING), term.get("xml:lang", ""))


def _escaped(match: re.Match[str]) -> str:
    if match["u"]:
        return r"\\" + _CODEPOINTS[match["u"]]
    return _ESCAPES[match["other"]]
