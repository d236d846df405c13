"""How results say in their head that they are cut, if their format has room for a link."""

from __future__ import annotations

import json
from collections.abc import Callable
from xml.sax.saxutils import quoteattr

# Where the head of a result has room for a link, and the link.
# https://www.w3.org/TR/sparql11-results-json/#select-link
# https://www.w3.org/TR/rdf-sparql-XMLres/#head
_PLACES: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "json": ('{"head":{', '{"head":{"link":[%s],', json.dumps),
    "xml": ("</head>", "<link href=%s/></head>", quoteattr),
}


class Notice:
    """Puts a link into the head of results in one format, as their serializer writes it."""

    def __init__(self, format_name: str, url: str) -> None:
        place, text, quoted = _PLACES.get(format_name, ("", "", str))
        self._place, self._text = place.encode(), (text % quoted(url)).encode() if text else b""
        self._head = b""

    def put(self, part: bytes) -> bytes:
        """The next part; what comes before the place is there is held back."""
        if not self._place:
            return part
        self._head += part
        if self._place not in self._head:
            return b""
        whole = self._head.replace(self._place, self._text, 1)
        self._place = self._head = b""
        return whole
