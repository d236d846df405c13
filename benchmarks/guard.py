"""How long the guard looks at a query: at ordinary ones, and at the longest hostile ones.

    python benchmarks/guard.py

The guard runs in the process that serves every client, so its slowest case is what one client can
cost the others. Prints the best of several runs, in milliseconds of processor time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from migkg.errors import BadQuery
from migkg.model.sparql_text import read_query
from migkg.settings import Settings

RUNS = 5
QUERIES = Path(__file__).resolve().parents[1] / "queries"
# What is repeated to the greatest length that is taken, after an opening.
PIECES = [
    *"({[<>\"'\\.;,:?$@#&|!=+-*/^~_%\0 0a1é\u0301\U0001f47e",
    *["()", "{}", "[]", "[", "{|", "<a", "<a>", "<<", ">>", "a.", "a-", "a..", "ex:a.", "_:a."],
    *["?a ", "a ", "1 ", "1.", "1e+", "'' ", "''' ", '""', "a:", "a b:", "FILTER ", "SELECT "],
    *["@a-", "#\n", "\n", "\\\\", "\\u0041", "\\U00000041", "\\u0027", "\\u0022 ", "%41", "\\-"],
    *["service:a ", "service ", "UNION{}", "EXISTS ", "a" * 255 + ".", "(" * 90 + ")" * 90],
    *["{?s ?p ?o}UNION", "|a", "/a", "^a", "?a,", "?a;", "<\\u0041>", "'\\\\' ", "' \\u0027 ' "],
    *["a." * 60 + " ", "1" * 300 + " ", "?s ?p ?o . "],
]
OPENINGS = ["", "SELECT * {", "SELECT * { ?s ?p '", 'SELECT * { ?s ?p """', "SELECT * { ?s ?p <"]
OPENINGS += ["SELECT * { VALUES ?x {", "CONSTRUCT {", "SELECT * { FILTER(", "# ", "\\u0020{"]
CLOSINGS = ["", "'", '"""', ">"]


def best(work: Callable[[], object], runs: int = RUNS) -> float:
    """The shortest time of some runs, in milliseconds of processor time."""
    times = []
    for _ in range(runs):
        started = time.process_time()
        with suppress(BadQuery):
            work()
        times.append(time.process_time() - started)
    return min(times) * 1000


def ordinary() -> None:
    """The stored queries, each alone."""
    texts = [path.read_text("utf-8") for path in sorted(QUERIES.glob("*.rq"))]
    times = [best(lambda text=text: read_query(text), 20) for text in texts]  # type: ignore[misc]
    size = sum(map(len, texts)) / len(texts)
    print(
        f"{len(texts)} stored queries of {size:.0f} characters: "
        f"mean {sum(times) / len(times):.3f}, slowest {max(times):.3f}"
    )


def hostile() -> None:
    """Texts of the greatest length, all openings with all pieces, the slowest last."""
    length = Settings().query_text
    found = []
    for opening in OPENINGS:
        for piece in PIECES:
            for closing in CLOSINGS:
                room = length - len((opening + closing).encode())
                text = opening + piece * (room // len(piece.encode())) + closing
                found.append((best(lambda text=text: read_query(text), 2), opening, piece[:20]))  # type: ignore[misc]
    for milliseconds, opening, piece in sorted(found)[-10:]:
        print(f"{milliseconds:7.1f}  {opening!r} + {piece!r}")
    print(f"{len(found)} texts of {length} bytes, slowest {max(found)[0]:.1f}")


if __name__ == "__main__":
    ordinary()
    hostile()
