"""Whether a query for triples has more solutions than so many, as a query of its own.

Source: https://www.w3.org/TR/sparql11-query/#construct and #describe.
"""

from __future__ import annotations

from migkg.model.sparql_text.rows import outermost

_BEHIND = ("ORDER", "LIMIT", "OFFSET", "VALUES", "rows")
_VALUES = ("VALUES", "rows")
_DIGITS = 18  # more than any engine counts to


def solutions_behind(text: str, number: int) -> str | None:
    """The text of a query with one row if this one has more than ``number`` solutions.

    None for a query that cannot have more: its ``LIMIT`` says so, or it describes nothing but what
    it names. What the text orders by is left out.
    """
    found = list(outermost(text))
    words = [text[start:end].upper() if kind == "word" else kind for kind, start, end in found]
    form = next((at for at, word in enumerate(words) if word in ("CONSTRUCT", "DESCRIBE")), None)
    if form is None:
        return None
    pattern = _pattern(words, form)
    if pattern is None:
        return None
    behind = next((at for at in range(pattern, len(words)) if words[at] in _BEHIND), len(words))
    tail = next((at for at in range(pattern, len(words)) if words[at] in _VALUES), len(words))
    numbers = {
        words[at]: int(text[slice(*found[at + 1][1:])][:_DIGITS])
        for at in range(behind, tail - 1)
        if words[at] in ("LIMIT", "OFFSET") and words[at + 1] == "number"
    }
    limit, offset = numbers.get("LIMIT"), numbers.get("OFFSET", 0)
    if limit is not None and limit <= number:
        return None
    start, end = found[pattern][1], found[behind - 1][2]
    values = text[found[tail][1] :] if tail < len(found) else ""
    head = f"{text[: found[form][1]]}SELECT (1 AS ?migkg_more) {text[start:end]}"
    return f"{head} LIMIT 1 OFFSET {offset + number} {values}"


def _pattern(words: list[str], form: int) -> int | None:
    """Which token follows the template, or what is described; None without a pattern."""
    after = form + 1
    if words[form] == "CONSTRUCT":
        if words[after : after + 1] == ["open"]:
            after = words.index("close", after) + 1 if "close" in words[after:] else len(words)
        return after if after < len(words) else None
    starts = (at for at in range(after, len(words)) if words[at] in ("FROM", "WHERE", "open"))
    start = next(starts, None)
    has_pattern = start is not None and "open" in words[start:]
    return start if has_pattern else None
