r"""Codepoint escapes: ``\uXXXX`` and ``\UXXXXXXXX``.

Some engines decode them before they look for tokens (SPARQL 1.1 Query, section 19.2,
https://www.w3.org/TR/sparql11-query/#codepointEscape), some only inside strings and IRIs (SPARQL
1.2). The tokens are the same in both readings unless an escape stands elsewhere, or stands for a
character that ends a string, an IRI or a comment.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"(\\(?:\\|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}))")
_ENDS_TOKENS = frozenset("\"'\\<>{}|^`") | {chr(code) for code in range(0x21)}


class Escapes:
    """The escapes of a text."""

    def __init__(self, text: str) -> None:
        has_some = "\\u" in text or "\\U" in text
        # Text and escapes in turn, which is faster to go through than matches.
        self._parts = _ESCAPE.split(text) if has_some else [text]
        found = set(self._parts[1::2]) - {r"\\"}
        self._characters = {escape: _character(escape) for escape in found}

    def __bool__(self) -> bool:
        return bool(self._characters)

    def wrong(self) -> tuple[str, int] | None:
        """The first escape that stands for no character, and its place."""
        wrong = {escape for escape, character in self._characters.items() if character is None}
        offset = 0
        for part in self._parts if wrong else ():
            if part in wrong:
                return part, offset
            offset += len(part)
        return None

    @property
    def end_tokens(self) -> bool:
        """True if an escape stands for a character that can end a token."""
        return not _ENDS_TOKENS.isdisjoint(self._characters.values())

    def decoded(self) -> str:
        """The text in which every escape is its character."""
        parts = self._parts.copy()
        characters = {**self._characters, r"\\": r"\\"}
        parts[1::2] = [characters[escape] or escape for escape in parts[1::2]]
        return "".join(parts)

    def original_offset(self, offset: int) -> int:
        """The place in the text of a place in the decoded text."""
        start = 0
        for plain, escape in zip(self._parts[::2], self._parts[1::2], strict=False):
            start += len(plain)
            if start >= offset:
                break
            more = len(escape) - 1 if escape in self._characters else 0
            start += len(escape)
            offset += more
        return offset


def _character(escape: str) -> str | None:
    code = int(escape[2:], 16)
    return None if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)
