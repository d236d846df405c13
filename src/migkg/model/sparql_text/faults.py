"""What is wrong with a query, where its tokens alone tell it.

Engines name the signs that they expected; for these faults, which are common, there are plainer
words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from migkg.errors import BadQuery
from migkg.model.sparql_text.tokens import Token, tokens

_PARTNER = {"}": "{", ")": "(", "]": "[", "|}": "{|"}


def find_fault(text: str, known: Mapping[str, str]) -> BadQuery | None:
    """A prefix without a declaration, or a bracket without its partner; None if there is neither.

    ``known`` are prefixes whose namespace can be named.
    """
    found = list(tokens(text))
    fault = _undeclared(found, known) or _unpaired(found, text)
    if fault is None:
        return None
    message, token = fault
    line, column = _place(text, token)
    return BadQuery(message, line=line, column=column)


def _undeclared(found: Iterable[Token], known: Mapping[str, str]) -> tuple[str, Token] | None:
    declared, last = set(), ""
    for token in found:
        prefix = token.text.partition(":")[0]
        if token.kind == "name" and last == "PREFIX":
            declared.add(prefix)
        elif token.kind == "name" and prefix not in declared:
            message = f"The prefix {prefix}: is not declared."
            if prefix in known:
                message += f" Begin the query with: PREFIX {prefix}: <{known[prefix]}>"
            return message, token
        last = token.word
    return None


def _unpaired(found: Iterable[Token], text: str) -> tuple[str, Token] | None:
    opened: list[Token] = []
    for token in found:
        if token.kind == "open":
            opened.append(token)
        elif token.kind == "close":
            if not opened:
                return f"This {token.text} closes nothing.", token
            partner = opened.pop()
            if partner.text != _PARTNER[token.text]:
                line, column = _place(text, partner)
                where = f"line {line}, column {column}"
                return f"This {token.text} does not close the {partner.text} of {where}.", token
    return (f"This {opened[-1].text} is never closed.", opened[-1]) if opened else None


def _place(text: str, token: Token) -> tuple[int, int]:
    line = text.count("\n", 0, token.offset) + 1
    return line, token.offset - text.rfind("\n", 0, token.offset)
