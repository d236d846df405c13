"""Which view fits an answer, and what each draws."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import pytest

from migkg.services import names
from migkg.services.names import Name
from migkg.services.results import Kind, Table, Term, read_table, read_triples
from migkg.services.views import axes, bars, choosing, graphs, maps, plots, timelines
from migkg.services.views.columns import Columns
from migkg.services.views.moments import moment, years
from migkg.services.world_map import project

XSD = "http://www.w3.org/2001/XMLSchema#"
A, B, C = (f"https://x.example/{name}" for name in "abc")
PLACES = {
    A: Name("Quito", "es", project(-78.5, -0.2)),
    B: Name("Geneva", "en", project(6.1, 46.2)),
    C: Name("Nowhere", "en"),
}


def term(value: object) -> Term | None:
    """A cell: an IRI if it looks like one, a number if it is one, ``text@de`` with a language."""
    if value is None or isinstance(value, Term):
        return value
    if isinstance(value, float):
        return Term(Kind.LITERAL, str(value), datatype=f"{XSD}double")
    if isinstance(value, int):
        return Term(Kind.LITERAL, str(value), datatype=f"{XSD}integer")
    text = str(value)
    if text.startswith("https:"):
        return Term(Kind.IRI, text)
    plain, _, language = text.partition("@")
    return Term(Kind.LITERAL, plain, language)


def columns(variables: str, *rows: tuple[object, ...]) -> Columns:
    table = Table(tuple(variables.split()), tuple(tuple(map(term, row)) for row in rows))
    return Columns(table, PLACES)


def day(text: str) -> Term:
    return Term(Kind.LITERAL, text, datatype=f"{XSD}date")


POINT = Term(
    Kind.LITERAL,
    "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT(6.1 46.2)",
    datatype="http://www.opengis.net/ont/geosparql#wktLiteral",
)
ANSWERS = [
    ("label wkt", [("Geneva", POINT)], "map", "map"),
    ("label lat long", [("Geneva", 46.2, 6.1)], "map", "map"),
    ("city", [(A,), (B,)], "map", "map"),
    ("city", [(A,), (A,)], "", "table"),
    ("city n", [(A, 2), (B, 1)], "bar map", "bar"),
    ("event date", [(C, day("2015-10-26")), (C, day("2016-01-01"))], "timeline", "timeline"),
    ("event year", [("x", 2015), ("y", 2016)], "timeline", "timeline"),
    ("year n", [(2001, 3), (2004, 9), (2010, 1)], "line bar", "line"),
    (
        "s year n",
        [(s, y, y) for s in "ab" for y in (2001, 2002, 2003)],
        "line timeline bar",
        "line",
    ),
    ("x n m", [(str(n), n, n * n) for n in range(61)], "scatter bar", "scatter"),
    ("x n m", [(str(n), n, n * n) for n in range(4)], "bar scatter", "bar"),
    ("n m", [(n, n * n) for n in range(4)], "bar scatter", "bar"),
    ("a b", [(C, A), (C, A)], "graph", "table"),
    ("subject predicate object", [(C, A, C)], "graph", "graph"),
    ("subject predicate object", [(C, A, "text")], "", "table"),
    ("text", [("a",), ("b",)], "", "table"),
    ("n", [(1,), (2,)], "", "table"),
    ("a", [], "", "table"),
    ("paragraph text", [(1, "a"), (2, "b")], "", "table"),
    ("x n", [("a", "not a number"), ("b", 2)], "", "table"),
]


@pytest.mark.parametrize(("variables", "rows", "views", "first"), ANSWERS)
def test_the_views_of_an_answer(variables: str, rows: list, views: str, first: str) -> None:
    found = choosing.choose(columns(variables, *rows))
    assert list(found.views) == [*views.split(), "table"]
    assert found.first == first


@pytest.mark.parametrize(("variables", "rows", "views", "first"), ANSWERS)
def test_every_view_that_fits_can_be_drawn(
    variables: str, rows: list, views: str, first: str
) -> None:
    found = columns(variables, *rows)
    for view in choosing.choose(found).views:
        if view != choosing.TABLE:
            assert choosing.DRAWING[view](found) is not None


def test_a_column_of_labels_names_the_things_beside_it() -> None:
    found = columns("city cityLabel n", (A, "San Francisco de Quito@es", 3), (B, None, 1))
    assert [column.variable for column in found.all] == ["city", "n"]
    drawn = bars.draw(found)
    assert [bar.captions[0].text for bar in drawn.bars] == ["San Francisco de Quito", "Geneva"]
    assert [bar.captions[0].iri for bar in drawn.bars] == [A, B]


def test_a_column_that_only_looks_like_labels_stays() -> None:
    for rows in ([(1, "x")], [(A, B)]):
        assert len(columns("city cityLabel", *rows).all) == 2


def test_bars_begin_at_zero_wherever_it_is() -> None:
    drawn = bars.draw(columns("x n", ("a", 30), ("b", -10), ("c", 0), ("d", None)))
    assert drawn.zero == 25
    assert [(bar.start, bar.width) for bar in drawn.bars] == [(25, 75), (0, 25), (25, 0)]


def test_bars_are_named_by_as_few_columns_as_tell_them_apart() -> None:
    drawn = bars.draw(columns("a b c n", ("x", "1", "z", 1), ("x", "2", "z", 1)))
    assert [[c.text for c in bar.captions] for bar in drawn.bars] == [["x", "1"], ["x", "2"]]


def test_what_is_too_much_is_counted() -> None:
    many = columns("x n m", *((str(n), n, n) for n in range(plots.MOST + 5)))
    assert bars.draw(many).left_out == plots.MOST + 5 - bars.MOST
    assert plots.draw_scatter(many).left_out == 5
    dates = columns("x date", *((str(n), "2015-01-01") for n in range(timelines.MOST + 3)))
    assert timelines.draw(dates).left_out == 3
    edges = columns("a b", *((f"{A}{n}", B) for n in range(graphs.MOST + 2)))
    assert (graphs.draw(edges).left_out, graphs.draw(edges).not_drawn) == (
        2,
        graphs.MOST + 2 - graphs.DRAWN,
    )
    points = columns("x lat long", *((str(n), n / 10, 1) for n in range(maps.MOST + 4)))
    assert maps.draw(points).left_out == 4


def test_a_map_has_each_place_once_with_what_is_there() -> None:
    (dot,) = maps.draw(columns("event wkt", ("first", POINT), ("first", POINT))).dots
    assert (dot.caption.text, dot.rows, dot.position) == ("first", 2, PLACES[B].position)
    quito, geneva = maps.draw(columns("city n", (A, 1), (B, 100))).dots[::-1]
    assert (quito.caption.text, quito.number, geneva.number) == ("Quito", "1", "100")
    assert geneva.size > quito.size >= 8


def test_a_map_shows_the_part_of_the_world_with_its_places() -> None:
    def box(*degrees: tuple[float, float]) -> tuple[float, ...]:
        rows = [(str(n), y, x) for n, (x, y) in enumerate(degrees)]
        drawn = maps.draw(columns("x lat long", *rows))
        left, top, width, height = drawn.box
        assert all(left <= dot.position.x <= left + width for dot in drawn.dots)
        assert all(top <= dot.position.y <= top + height for dot in drawn.dots)
        assert math.isclose(width / height, 1000 / 445, rel_tol=0.01)
        return drawn.box

    assert box((-78.5, -0.2), (139.7, 35.7)) == (0, 5, 1000, 445)
    assert box((6.1, 46.2))[2] == 200
    assert 200 < box((6.1, 46.2), (29.0, 41.0), (24.0, -10.0))[2] < 600


@pytest.mark.parametrize(
    "point", ["POINT(181 0)", "POINT(0 91)", "LINESTRING(0 0, 1 1)", "POINT()"]
)
def test_what_is_no_place_is_on_no_map(point: str) -> None:
    assert "map" not in choosing.choose(columns("x wkt", ("a", point), ("b", point))).views


def test_a_timeline_is_in_order_of_time_by_the_first_date_of_a_row() -> None:
    drawn = timelines.draw(
        columns(
            "x start year", ("c", None, 2016), ("b", day("2015-10-26"), 2015), ("a", None, None)
        )
    )
    assert [(year, [e.caption.text for e in found]) for year, found in drawn.years.items()] == [
        ("2015", ["b"]),
        ("2016", ["c"]),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015", 2015.0),
        ("-0044", -44.0),
        ("2015-07", 2015.5),
        ("2015-01-01Z", 2015.0),
        ("2015-12-31T23:59:59.9+01:00", 2016.0),
        ("2015-13", None),
        ("2015-00", None),
        ("20151", 20151.0),
        ("15", None),
        ("99999999999999", None),
        ("٢٠١٥", None),
        ("2015\n", 2015.0),
        ("soon", None),
    ],
)
def test_dates_as_years(text: str, expected: float | None) -> None:
    found = years(text)
    assert (
        found == expected if expected is None else math.isclose(found or 0, expected, abs_tol=0.01)
    )


def test_a_bare_number_is_a_year_if_the_variable_says_so() -> None:
    assert moment(Term(Kind.LITERAL, "2015", datatype=f"{XSD}integer"), "year") == 2015
    assert moment(Term(Kind.LITERAL, "2015", datatype=f"{XSD}integer"), "people") is None
    assert moment(Term(Kind.LITERAL, "20150", datatype=f"{XSD}integer"), "year") is None
    assert moment(Term(Kind.LITERAL, "2015", datatype=f"{XSD}gYear"), "people") == 2015


@pytest.mark.parametrize(
    "values",
    [
        [0, 1],
        [3, 14.5, -2],
        [1e308, -1e308],
        [1e-300, 2e-300],
        [5e-324, 1e-323],
        [5, 5, 5],
        [0],
        [1990, 2000],
        [1e20, 1e20 + 1e6],
        [-7, -8],
        [1, 1e9],
    ],
)
@pytest.mark.parametrize("kind", [axes.numbers, axes.times])
def test_axes_hold_all_values_and_have_a_few_marks_in_order(
    values: list[float], kind: type[axes.Axis]
) -> None:
    if kind is axes.times:
        values = [math.remainder(value, 3000) for value in values]
    axis = kind(values)
    scale = axis.scaled(58, 704)
    assert all(58 <= scale(value) <= 704 for value in values)
    marks = axis.ticks(58, 704)
    assert 1 <= len(marks) <= 8
    assert all(a.place < b.place and a.text != b.text for a, b in pairwise(marks))


def test_marks_of_few_years_are_months() -> None:
    assert [text for _, text in axes.times([2015.0, 2015.5]).marks] == [
        "2015-01",
        "2015-03",
        "2015-05",
        "2015-07",
    ]


def test_a_line_for_each_of_a_few_names() -> None:
    rows = [("b", 2003, 2), ("a", 2002, 2), ("a", 2001, 5), ("b", 2001, 1)]
    drawn = plots.draw_line(columns("s year n", *rows))
    assert [series.name for series in drawn.series] == ["a", "b"]
    first = drawn.series[0]
    assert [point.title for point in first.points] == ["a, year 2001, n 5", "a, year 2002, n 2"]
    assert first.path == "M" + "L".join(f"{p.x} {p.y}" for p in first.points)


def test_edges_lead_from_the_first_thing_of_a_row_to_the_others() -> None:
    edges = graphs.draw(columns("a b c", (A, B, C), (None, B, C), (A, None, None))).edges
    assert [(e.source.text, e.property.text, e.target.text) for e in edges] == [
        ("Quito", "b", "Geneva"),
        ("Quito", "c", "Nowhere"),
        ("Geneva", "c", "Nowhere"),
    ]


def test_of_triples_the_predicate_names_the_edge() -> None:
    table = read_triples(
        f'<{A}> <{C}> <{B}> .\n<{A}> <{C}> "text"@en .\n_:x <{C}> <{A}> .'.encode()
    )
    edges = graphs.draw(Columns(table, PLACES)).edges
    assert [(e.source.text, e.property.text, e.target.text) for e in edges] == [
        ("Quito", "Nowhere", "Geneva"),
        (table.rows[2][0].value, "Nowhere", "Quito"),  # type: ignore[union-attr]
    ]
    assert edges[1].source.iri == ""
    assert table.rows[1][2] == Term(Kind.LITERAL, "text", "en")


# Names


def test_names_are_asked_for_iris_alone() -> None:
    text = names.query([A, 'https://x.example/> } INSERT {"', "relative", B])
    assert f"VALUES ?thing {{ <{A}> <{B}> }}" in text
    assert names.query(["no iri"]) == ""
    assert names.query([f"{A}{n}" for n in range(names.MOST + 9)]).count(A) == names.MOST


def test_of_several_labels_the_best_language_wins() -> None:
    rows = [
        (A, "Quito@fr", None),
        (A, "Kito@de", None),
        (A, "Quito (none)", None),
        (A, None, POINT),
        (B, "Genf@de", None),
        (B, "Geneva@en-GB", None),
    ]
    table = columns("thing label wkt", *rows).table
    found = names.read(table)
    assert (found[A].label, found[A].position) == ("Quito (none)", PLACES[B].position)
    assert found[B] == Name("Geneva", "en-GB")
    assert names.read(table, ("de", "en"))[B].label == "Genf"


# Results in JSON


@pytest.mark.parametrize(
    ("variables", "rows", "read"), [(1, 999, 999), (1, 1001, 1000), (1000, 30, 20)]
)
def test_of_wide_rows_fewer_are_read(variables: int, rows: int, read: int) -> None:
    names = [f"v{n}" for n in range(variables)]
    content = {"head": {"vars": names}, "results": {"bindings": [{}] * rows}}
    table = read_table(json.dumps(content).encode(), 1000)
    assert (len(table.rows), table.cut) == (read, read < rows)


def test_too_many_variables_are_refused() -> None:
    content = {"head": {"vars": [f"v{n}" for n in range(1001)]}, "results": {"bindings": []}}
    with pytest.raises(ValueError, match="more than 1000 variables"):
        read_table(json.dumps(content).encode())


@pytest.mark.parametrize(("triples", "cut"), [(3, False), (4, False), (5, True)])
def test_of_many_triples_the_first_are_read(triples: int, cut: bool) -> None:
    lines = "".join(f"<{A}{n}> <{B}> <{C}> .\n" for n in range(triples))
    table = read_triples(lines.encode(), 4)
    assert (len(table.rows), table.cut) == (min(triples, 4), cut)


def test_an_ask_is_a_table_of_one_cell() -> None:
    assert read_table(b'{"head":{},"boolean":true}').rows == ((Term(Kind.LITERAL, "true"),),)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"head":{"vars":["a"]},"results":{"bindings":[1]}}',
        b'{"head":{"vars":["a"]},"results":{"bindings":[{"a":{"type":"x","value":"y"}}]}}',
        b'{"head":{"vars":["a"]},"results":{"bindings":[{"a":{"type":"uri"}}]}}',
        b'{"head":{"vars":1},"results":{"bindings":[]}}',
        b"[" * 100_000,
    ],
)
def test_what_is_not_results_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - that is its contract
        read_table(content)


def test_triple_terms_are_text() -> None:
    inner = {name: {"type": "uri", "value": A} for name in ("subject", "predicate", "object")}
    content = {
        "head": {"vars": ["t"]},
        "results": {"bindings": [{"t": {"type": "triple", "value": inner}}]},
    }
    (row,) = read_table(json.dumps(content).encode()).rows
    assert row == (Term(Kind.TRIPLE, f"<<( {A} {A} {A} )>>"),)
