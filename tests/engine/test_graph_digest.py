"""A graph that is read line by line is told from every other, and from none that is the same."""

from __future__ import annotations

import pytest

from migkg.engine.graph_digest import Likeness, digest_of, parsed_digest_of
from migkg.errors import EngineUnavailable

XSD = "http://www.w3.org/2001/XMLSchema#"
OBJECTS = [
    "<http://e/é>",
    '"é \\t \\" \\\\ x"',
    '"a"@en',
    '"a"@en-us',
    '"1"^^<http://e/own>',
    f'"2020-01-02"^^<{XSD}date>',
    f'"1.5"^^<{XSD}decimal>',
    f'"true"^^<{XSD}boolean>',
    f'"2020-01-01T00:00:00Z"^^<{XSD}dateTime>',
    '"POINT(4.88969 52.37403)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>',
    '"^^<http://e/x> ."',
    '"_:b"',
    "_:b",
]
LINES = [f"<http://e/a> <http://e/p{n}> {term} .\n" for n, term in enumerate(OBJECTS)]
SENT = "".join(LINES).encode()


def likeness(given: str | bytes) -> Likeness:
    data = given if isinstance(given, bytes) else given.encode()
    return digest_of([data]).likeness(digest_of([SENT]))


def test_lines_and_parser_give_one_digest_wherever_the_parts_end() -> None:
    parsed = parsed_digest_of([SENT])
    for size in (1, 7, 100, len(SENT)):
        parts = [SENT[start : start + size] for start in range(0, len(SENT), size)]
        found = digest_of(parts)
        assert (found.triples, found.likeness(parsed)) == (len(LINES), Likeness.SAME)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (SENT.decode().replace(" ", "\t", 2), Likeness.SAME),
        (SENT.decode().replace('"é', '"\\u00E9'), Likeness.SAME),
        (SENT.decode().replace("@en-us", "@en-US"), Likeness.SAME),
        (SENT.decode().replace('"_:b"', f'"_:b"^^<{XSD}string>'), Likeness.SAME),
        (SENT.decode().rstrip("\n"), Likeness.SAME),
        ("".join(reversed(LINES)), Likeness.SAME),
        (SENT.decode().replace('"1.5"', '"1.50"'), Likeness.SAME_VALUES),
        (SENT.decode().replace('"true"', '"1"'), Likeness.SAME_VALUES),
        (SENT.decode().replace(":00Z", ":00.0+00:00"), Likeness.SAME_VALUES),
        (SENT.decode().replace("4.88969 ", "4.889690001 "), Likeness.ROUNDED),
    ],
)
def test_what_is_written_in_another_way_is_the_same(changed: str, expected: Likeness) -> None:
    assert changed.encode() != SENT
    assert likeness(changed) is expected


@pytest.mark.parametrize("place", range(len(LINES)))
def test_each_triple_that_is_another_or_missing_is_found(place: int) -> None:
    others = [line for number, line in enumerate(LINES) if number != place]
    assert likeness("".join(others)) is Likeness.DIFFERENT
    assert likeness("".join([*others, LINES[place].replace("/p", "/q")])) is Likeness.DIFFERENT


def test_what_only_the_parser_can_tell_is_left_to_it() -> None:
    """A line may be written so that it seems to be another: that is seen when it is parsed."""
    spread = SENT.replace(b" <http://e/p0>", b"   <http://e/p0>")
    assert likeness(spread) is Likeness.DIFFERENT
    assert parsed_digest_of([spread]).likeness(digest_of([SENT])) is Likeness.SAME
    with pytest.raises(EngineUnavailable, match="not N-Triples"):
        parsed_digest_of([SENT + b"Sorry, it took too long."])
