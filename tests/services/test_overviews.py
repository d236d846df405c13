"""Rows of a project's queries become maps, timelines, outlines, and cases side by side."""

from __future__ import annotations

import pytest

from migkg.services import disagreements, neighbourhood, overviews, paragraphs
from migkg.services.relations import Name, Relation, diagram, of_properties
from migkg.services.thing_view import Description, Facts, Value
from migkg.services.world_map import HEIGHT, WIDTH, project, read_point

BASE = "https://tiny.example/"


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("POINT(0 0)", True),
        (" point ( -78.5 -0.22 ) ", True),
        ("POINT(180 90)", True),
        ("POINT(181 0)", False),
        ("POINT(0 -90.5)", False),
        ("POINT(1e9 0)", False),
        ("LINESTRING(0 0,1 1)", False),
        ("<http://x> POINT(0 0)", False),
        ("", False),
    ],
)
def test_only_points_on_the_earth_are_read(text: str, inside: bool) -> None:
    place = read_point(text)
    assert (place is not None) == inside
    if place:
        assert 0 <= place.x <= WIDTH
        assert 0 <= place.y <= HEIGHT


def test_the_map_has_north_above_and_east_right() -> None:
    middle, north, east = project(0, 0), project(0, 60), project(90, 0)
    assert (middle.x, middle.y) == (WIDTH / 2, HEIGHT / 2)
    assert north.y < middle.y == east.y
    assert north.x == middle.x < east.x


def test_a_place_gathers_its_events_and_one_without_a_point_is_left_out() -> None:
    row = {"thing": "a", "label": "A", "wkt": "POINT(1 2)"}
    (place,) = overviews.places(
        [
            {**row, "event": "e", "eventLabel": "E", "planned": "true"},
            {**row, "event": "f"},
            {"thing": "b", "wkt": "POLYGON((0 0))"},
        ]
    )
    assert [(e.iri, e.label, e.planned) for e in place.events] == [
        ("e", "E", True),
        ("f", "f", False),
    ]


def test_a_timeline_has_each_event_once_in_its_year() -> None:
    years = overviews.timeline(
        [
            {"thing": "a", "label": "A", "date": "2015-10", "planned": "false"},
            {"thing": "a", "label": "A", "date": "2015-10", "place": "there"},
            {"thing": "b", "date": "2016", "planned": "true"},
        ]
    )
    assert {year: [(e.iri, e.planned) for e in events] for year, events in years.items()} == {
        "2015": [("a", False)],
        "2016": [("b", True)],
    }


def test_an_outline_keeps_its_order_and_no_circle_hides_it() -> None:
    items = overviews.outline(
        [
            {"thing": "2", "label": "two"},
            {"thing": "2.1", "parent": "2", "linked": "x", "kindLabel": "k"},
            {"thing": "2.1", "parent": "2", "linked": "x", "kindLabel": "k"},
            {"thing": "1", "parent": "1"},
        ]
    )
    assert [item.iri for item in items] == ["2", "1"]
    assert [below.iri for below in items[0].below] == ["2.1"]
    assert items[0].total == 1


def test_sides_keep_their_phrases_and_say_what_they_claim() -> None:
    row = {"disagreement": "d", "label": "D", "kind": "k", "document": "1", "documentLabel": "One"}
    (case,) = disagreements.read(
        [
            {**row, "side": "a", "about": "A", "property": "p", "value": "v", "phrase": "x"},
            {**row, "side": "a", "phrase": "y"},
            {**row, "side": "a", "phrase": "y"},
            {**row, "side": "b", "says": "B"},
            {"disagreement": "no side"},
        ]
    )
    assert [(s.text, s.phrases) for s in case.sides] == [("A, p: v", ["x", "y"]), ("B", [])]
    assert list(disagreements.by_kind([case])) == ["k"]


def test_a_paragraph_without_facts_is_listed_too() -> None:
    row = {"passage": "p1", "number": "1", "start": "0", "end": "9"}
    first, second = paragraphs.read(
        [
            {**row, "fact": "f", "phrase": "x", "subject": "s", "property": "p", "object": "o"},
            {**row, "fact": "f", "phrase": "y", "subject": "s"},
            {"passage": "p2", "number": "2", "start": "9", "end": "12"},
        ]
    )
    assert [(f.subject_label, f.text, f.phrases) for f in first.facts] == [
        ("s", "p: o", ["x", "y"])
    ]
    assert second.facts == []


def test_a_picture_shows_every_property_before_it_shows_one_twice() -> None:
    def facts(name: str, number: int) -> Facts:
        values = tuple(Value(f"{name}{n}", f"{BASE}id/{name}/{n}") for n in range(number))
        return Facts(f"{BASE}ontology#{name}", name, values)

    outward = Facts("p", "p", (Value("x", "https://elsewhere.example/"), Value("text")))
    view = Description(f"{BASE}id/a", "A" * 99, (), (facts("b", 50), facts("c", 1), outward), ())
    drawn = neighbourhood.picture(view, BASE)
    assert drawn is not None
    names = [node.text for node in drawn.nodes]
    assert names[:2] == ["b0", "c0"]
    assert drawn.left_out == 51 - len(names) > 0
    assert len(drawn.center.text) <= 30
    boxes = [(node.x, node.y) for node in (*drawn.nodes, drawn.center)]
    assert len(set(boxes)) == len(boxes)
    for x, y in boxes:
        assert 0 <= x <= drawn.width - drawn.box[0]
        assert 0 <= y <= drawn.height - drawn.box[1]
    empty = Description(f"{BASE}id/a", "A", (), (outward,), ())
    assert neighbourhood.picture(empty, BASE) is None


def test_a_diagram_has_a_block_for_each_class_and_no_line_twice() -> None:
    drawn = of_properties(
        [
            ("x#p", ["x#B"], ["x#C"]),
            ("x#p", ["x#B"], ["x#C"]),
            ("x#q", ["x#B", "x#A"], []),
            ("x#r", [], ["x#A"]),
        ],
        {"x#A": "an a"},
    )
    assert [
        (b.source.text, [(n.property.text, n.target.text) for n in b.lines]) for b in drawn.blocks
    ] == [
        ("an a", [("q", "anything")]),
        ("B", [("p", "C"), ("q", "anything")]),
        ("anything", [("r", "an a")]),
    ]
    heights = [line.y for block in drawn.blocks for line in block.lines]
    assert heights == sorted(set(heights))
    assert max(heights) < drawn.height
    assert diagram([]).blocks == ()


def test_a_long_name_is_cut_to_its_box() -> None:
    (block,) = diagram([Relation(Name("a" * 99), Name("p"), Name("b"))]).blocks
    assert len(block.source.short) == 26
