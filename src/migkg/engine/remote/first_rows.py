"""The first rows of results in JSON, for a parser that reads them as if there were no more.

Source: https://www.w3.org/TR/sparql11-results-json/. What is read has been parsed before, so that
it is known to be well formed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

_FRAME = 256 * 1024
# All up to the next bracket that stands outside strings.
_BRACKET = re.compile(
    rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"{}\[\]]*+)*+([{}\[\]])', re.DOTALL
)
_ROWS = re.compile(rb'"bindings"\s*:\s*\[\Z')
_ROW_DEPTH = 3  # what is open between two rows: the document, the results, their list


class Readable(Protocol):
    """What can be read in pieces."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, none at the end."""


class FirstRows:
    """A document without the rows behind the first so many; of those there is one at least."""

    def __init__(self, source: Readable, rows: int) -> None:
        self._source = source
        self._left = rows
        self._depth = 0
        self._in_rows = False
        self._pieces = self._cut()
        self._ready = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes, none at the end."""
        while not self._ready and (piece := next(self._pieces, None)) is not None:
            self._ready = piece
        end = len(self._ready) if size < 0 else size
        part, self._ready = self._ready[:end], self._ready[end:]
        return part

    def _cut(self) -> Iterator[bytes]:
        rest = b""
        while data := self._source.read(max(_FRAME, len(rest))):  # a value may be long
            rest += data
            kept, rest = self._kept(rest)
            yield kept
        yield rest

    def _kept(self, data: bytes) -> tuple[bytes, bytes]:
        """What is kept of the data up to its last bracket, and what is behind that."""
        parts: list[bytes] = []
        place = 0
        while match := _BRACKET.match(data, place):
            part = match[0]
            is_rows_end = self._in_rows and self._depth == _ROW_DEPTH and match[1] == b"]"
            if self._left or not self._in_rows:
                parts.append(part)
            elif is_rows_end:
                parts.append(b"]")
            self._step(match[1], part)
            place = match.end()
        return b"".join(parts), data[place:]

    def _step(self, bracket: bytes, part: bytes) -> None:
        opens = bracket in b"{["
        self._depth += 1 if opens else -1
        if opens:
            self._in_rows |= self._depth == _ROW_DEPTH and bool(_ROWS.search(part))
        elif self._in_rows and self._depth == _ROW_DEPTH:
            self._left -= self._left > 0
        elif self._depth < _ROW_DEPTH:
            self._in_rows = False
