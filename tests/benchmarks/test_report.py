"""What is said about the figures."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import plot, report
from benchmarks.growth import Start
from benchmarks.hostile import Hostile, Kind, Mix
from benchmarks.load import Run, summary
from benchmarks.report import Report
from benchmarks.throughput import Cell, Results
from benchmarks.workloads import AGGREGATE, CACHED, HELLO, POINT


def run(per_second: float, **errors: int) -> Run:
    return Run(per_second=per_second, p50=1, p99=2, requests=1, bytes_each=1, errors=errors)


@pytest.fixture
def results() -> Results:
    return Results(
        runs={
            Cell("migkg-1", POINT, 16): [run(4000), run(6000), run(5000)],
            Cell("rdflib-endpoint", POINT, 16): [run(100, status=7)],
            Cell("bare", HELLO, 16): [run(20000)],
            Cell("migkg-2", POINT, 16): [run(0)],
        },
        wrong={("virtuoso", POINT): "3 rows, not 2"},
        absent={"oxigraph-memory": "not installed"},
        labels={
            "migkg-1": "migkg, 1 front",
            "rdflib-endpoint": "rdflib-endpoint",
            "oxigraph-memory": "Oxigraph",
            "virtuoso": "Virtuoso",
            "bare": "bare ASGI",
        },
        rounds=3,
    )


@pytest.fixture
def whole(results: Results) -> Report:
    calm = summary([run(100)])
    kind = Kind(statuses={"504": 2, "left": 1}, late=0.05, latest=0.5)
    mix = Hostile(
        system="migkg-1",
        deadline=2,
        mix=Mix(seconds=20),
        before=calm,
        during=summary([run(90, timeout=1)]),
        alone={"cross product": kind},
        kinds={"cross product": kind},
        released_after=0.1,
        fronts=1,
        memory=[(0.0, 100 * 2**20), (20.0, 101 * 2**20)],
        peak_all=2**30,
    )
    return Report(
        machine={"Processor": "one"},
        triples=1000,
        names={POINT: "point lookup", AGGREGATE: "aggregate", CACHED: "repeated query"},
        throughput=results,
        starts=[Start(name="the project's", triples=10, seconds=0.5)],
        by_size={1000: results},
        by_workers=results,
        hostile=[mix],
    )


def test_a_ratio_is_of_medians_and_that_to_the_stack_of_its_own_workload(results: Results) -> None:
    medians = results.summaries()

    def ratio(other: str) -> float | None:
        return report.ratio(medians, workload=POINT, system="migkg-1", other=other, connections=16)

    assert ratio("rdflib-endpoint") == 50
    assert ratio("bare") == 0.25
    assert ratio("oxigraph-memory") is None


@pytest.mark.parametrize(
    ("system", "text"),
    [
        ("migkg-1", "5,000 · 2.00"),
        ("rdflib-endpoint", "100 · 2.00 **errors: 7 status**"),
        ("virtuoso", "wrong"),
        ("oxigraph-disk", "–"),
        ("migkg-2", "no answer"),
    ],
)
def test_a_cell_says_what_there_is_or_why_not(results: Results, system: str, text: str) -> None:
    assert report.cell_text(results, results.summaries(), Cell(system, POINT, 16)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.333, "0.33"), (9.99, "9.99"), (9.999, "10.0"), (99.94, "99.9"), (99.96, "100")],
)
def test_numbers_have_three_figures(value: float, text: str) -> None:
    assert report.number(value) == text


def test_thousands_are_kept_apart() -> None:
    assert report.number(12345.6) == "12,346"


def test_the_tables_say_everything(whole: Report) -> None:
    text = report.markdown(whole)
    for part in (
        "* Left out: Oxigraph (not installed)",
        "* Wrong: Virtuoso, point lookup: 3 rows, not 2",
        "| point lookup | 5,000 · 2.00 | 100 · 2.00 **errors: 7 status** | wrong |",
        "| point lookup: migkg, 1 front / rdflib-endpoint | ≥ 30 | 50.0 | yes |",
        "| point lookup: migkg, 1 front / bare ASGI | ≥ 0.33 | 0.25 | no |",
        "| the project's | 10 | 0.50 s |",
        "| start to first answer, the project's 10 triples | < 1 s | 0.50 s | yes |",
        "| under attack / calm, migkg-1: throughput | ≥ 0.9 | 0.90 | yes |",
        "| end of hostile queries after their deadline, migkg-1 | ≤ 0.1 s | 0.50 s | no |",
        "| ratio | 0.90 | 1.00 |  |",
        "| cross product, alone | 2 × 504, 1 × left | 0.05 s | 0.50 s |",
        "100 MiB at the start, 101 MiB 20 s later",
        "errors: 1 timeout",
    ):
        assert part in text


def test_every_table_is_one(whole: Report) -> None:
    lines = report.markdown(whole).splitlines()
    for number, line in enumerate(lines):
        if line.startswith("| ---"):
            assert lines[number - 1].count("|") == line.count("|")
            assert lines[number + 1].count("|") == line.count("|")


def test_the_results_are_json_with_every_run(whole: Report) -> None:
    found = json.loads(json.dumps(report.as_json(whole)))
    cell = next(c for c in found["throughput"]["cells"] if c["system"] == "migkg-1")
    assert [run["per_second"] for run in cell["runs"]] == [4000, 6000, 5000]
    assert cell["median"]["per_second"] == 5000
    assert found["throughput"]["wrong"][0]["why"] == "3 rows, not 2"


BEGIN, END = report.markers("bench")


def test_tables_replace_what_stands_between_the_markers(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"# Title\n\n{BEGIN}\n\nold\n\n{END}\n\nend\n", "utf-8")
    report.write_document(path, "new\n")
    once = path.read_text("utf-8")
    assert once == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nend\n"
    report.write_document(path, "new\n")
    assert path.read_text("utf-8") == once


@pytest.mark.parametrize("text", ["", BEGIN, f"{END} {BEGIN}"])
def test_a_page_without_the_markers_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match="has no"):
        report.write_document(path, "new")
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("mark", ["bench", "bench-build"])
def test_the_projects_page_has_the_markers(mark: str) -> None:
    page = Path(report.__file__).parents[1] / "docs" / "performance.md"
    assert "tables" in report.put_between(page.read_text("utf-8"), "tables", mark=mark)


SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_is_a_dot_for_each_value_in_their_order() -> None:
    rows = {"a & b": {"x": 10.0, "y": 1000.0}, "c": {"x": 5.0, "z": 0.0}}
    root = ElementTree.fromstring(plot.svg("<title>", rows, ["x", "y", "z"], limit=("bare", 5e4)))
    dots = root.findall(f"{SVG}circle")
    legend, values = dots[:3], dots[3:]
    assert len(legend) == len(values) == 3
    places = [float(dot.attrib["cx"]) for dot in values]
    assert places[2] < places[1] < places[0]
    assert values[1].attrib["fill"] == legend[0].attrib["fill"] != values[0].attrib["fill"]
    texts = [text.text for text in root.findall(f"{SVG}text")]
    assert {"<title>", "a & b", "bare", "1,000", "100,000"} <= set(texts)


def test_the_picture_stays_inside_its_frame() -> None:
    root = ElementTree.fromstring(plot.svg("t", {"a": {"x": 0.004, "y": 99999.0}}, ["x", "y"]))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for dot in root.findall(f"{SVG}circle"):
        assert 0 < float(dot.attrib["cx"]) < width
        assert 0 < float(dot.attrib["cy"]) < height


def test_a_picture_without_values_can_be_drawn() -> None:
    ElementTree.fromstring(plot.svg("t", {"a": {}}, []))
