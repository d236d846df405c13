"""SPARQL results as a table on a terminal."""

from __future__ import annotations

import shutil
from typing import Any, TextIO


def print_table(result: dict[str, Any], output: TextIO) -> None:
    """Writes SPARQL JSON results with columns as wide as the terminal allows."""
    if "boolean" in result:
        output.write("yes\n" if result["boolean"] else "no\n")
        return
    names = result["head"]["vars"]
    rows = [[_cell(row.get(name)) for name in names] for row in result["results"]["bindings"]]
    widths = _widths([names, *rows], shutil.get_terminal_size().columns)
    output.write("  ".join(_fit(n, w) for n, w in zip(names, widths, strict=True)).rstrip() + "\n")
    output.write("  ".join("─" * w for w in widths) + "\n")
    for row in rows:
        output.write(
            "  ".join(_fit(c, w) for c, w in zip(row, widths, strict=True)).rstrip() + "\n"
        )
    output.write(f"{len(rows)} rows\n")


def _cell(term: dict[str, str] | None) -> str:
    return "" if term is None else " ".join(term["value"].split())


def _fit(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def _widths(rows: list[list[str]], total: int) -> list[int]:
    """The natural widths, the widest cut down until the row fits."""
    widths = [max(1, *(len(row[i]) for row in rows)) for i in range(len(rows[0]))]
    room = max(total - 2 * (len(widths) - 1), 4 * len(widths))
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    return widths
