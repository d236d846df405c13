"""Content negotiation follows RFC 9110, section 12.5.1."""

from __future__ import annotations

import pytest

from migkg.web.negotiation import choose

TURTLE, JSONLD, HTML, PLAIN = "text/turtle", "application/ld+json", "text/html", "text/plain"
OFFERS = [JSONLD, TURTLE, HTML]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ([], JSONLD),
        ([""], JSONLD),
        (["*/*"], JSONLD),
        (["text/turtle"], TURTLE),
        (["TEXT/Turtle"], TURTLE),
        (["text/*"], TURTLE),
        (["application/*, text/html"], JSONLD),
        (["image/png"], None),
        (["application/turtle"], None),
        (["text/turtle2"], None),
    ],
)
def test_ranges_match_exactly_by_type_or_anything(accept: list[str], expected: str | None) -> None:
    assert choose(accept, OFFERS) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/ld+json;q=0.1, text/turtle;q=0.2", TURTLE),
        ("application/ld+json; q=0.999, text/turtle", TURTLE),
        ("application/ld+json ; Q=0.5 , text/turtle ;\tq=0.4", JSONLD),
        ("application/ld+json;q=1.000, text/turtle;q=1", JSONLD),
        ("text/turtle;charset=utf-8;q=0.9, text/html;q=0.5", TURTLE),
        ("text/html;q=0.001, image/*", HTML),
    ],
)
def test_the_greatest_quality_wins(accept: str, expected: str) -> None:
    assert choose([accept], OFFERS) == expected


def test_among_equals_the_first_on_offer_wins_not_the_first_accepted() -> None:
    assert choose(["text/html, text/turtle"], [TURTLE, HTML]) == TURTLE
    assert choose(["text/html, text/turtle"], [HTML, TURTLE]) == HTML


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/turtle;q=0", None),
        ("text/turtle;q=0.000", None),
        ("*/*;q=0", None),
        ("application/ld+json;q=0, */*;q=0.1", TURTLE),
        ("*/*, application/ld+json;q=0, text/*;q=0", None),
    ],
)
def test_quality_zero_forbids(accept: str, expected: str | None) -> None:
    assert choose([accept], OFFERS) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*, text/turtle;q=0.5", JSONLD),
        ("text/turtle;q=0.5, text/*;q=0.1, */*;q=0.2", TURTLE),
        ("text/*, text/turtle;q=0.5", HTML),
        ("*/*;q=0.9, application/ld+json;q=0.1", TURTLE),
    ],
)
def test_the_most_specific_range_sets_the_quality(accept: str, expected: str) -> None:
    assert choose([accept], OFFERS) == expected


@pytest.mark.parametrize(
    "order",
    [
        "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4",
        "text/plain;format=fixed;q=0.4, text/plain;format=flowed, text/plain;q=0.7, text/*;q=0.3",
    ],
)
def test_the_example_of_the_rfc_holds_in_any_order(order: str) -> None:
    between = f"{order}, application/x;q=%s"
    assert choose([between % "0.69"], [PLAIN, "application/x"]) == PLAIN
    assert choose([between % "0.71"], [PLAIN, "application/x"]) == "application/x"
    assert choose([between % "0.31"], [HTML, "application/x"]) == "application/x"


def test_several_accept_lines_are_one_list() -> None:
    assert choose(["text/html;q=0.2", "text/turtle;q=0.4, */*;q=0.1"], OFFERS) == TURTLE


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", HTML),
        (",, ,text/turtle,", TURTLE),
        ("text/turtle;", TURTLE),
        ("garbage, text/turtle", TURTLE),
        ("*/turtle, text/html;q=0.1", HTML),
        ("application/ld+json;q=high, text/turtle;q=0.1", TURTLE),
        ("application/ld+json;q=nan, text/turtle;q=0.1", TURTLE),
        ("application/ld+json;q=-1, text/turtle;q=0.1", TURTLE),
        ("text/turtle;q=7, application/ld+json", JSONLD),
        ("garbage", JSONLD),
        ("/", None),
    ],
)
def test_malformed_parts_say_nothing_and_never_fail(accept: str, expected: str | None) -> None:
    assert choose([accept], OFFERS) == expected


def test_nothing_on_offer_is_nothing_to_choose() -> None:
    assert choose([], []) is None
    assert choose(["*/*"], []) is None


def test_who_takes_anything_and_names_a_former_name_gets_that() -> None:
    offers = [JSONLD, TURTLE, "application/n-triples"]
    assert choose(["text/plain, */*;q=0.1"], offers) == "application/n-triples"
    assert choose(["text/plain, text/turtle, */*;q=0.1"], offers) == TURTLE
    assert choose(["text/plain"], offers) is None
