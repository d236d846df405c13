"""``migkg validate``: a verdict on any files by any shapes, its report, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import SH

from tests.cli.conftest import Run

SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> .
<urn:x:S> sh:targetSubjectsOf <urn:x:p> ; sh:property <urn:x:P> .
<urn:x:P> sh:path <urn:x:p> ; sh:maxCount 1 ; sh:message "One value only." .
"""
RULE = """@prefix sh: <http://www.w3.org/ns/shacl#> .
<urn:x:S> sh:targetSubjectsOf <urn:x:p> ; sh:sparql [ sh:select "%s" ] .
"""


@pytest.fixture
def given(tmp_path: Path):
    """Writes a file and gives its name."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return str(path)

    return write


def test_what_conforms_is_status_0(migkg: Run, given) -> None:
    done = migkg(
        "validate", given("a.ttl", "<urn:x:a> <urn:x:p> 1 ."), "--shapes", given("s.ttl", SHAPES)
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Conforms.\n", b"")


def test_what_does_not_is_status_1_and_the_report_says_where(migkg: Run, given) -> None:
    first = given("a.ttl", "<urn:x:a> <urn:x:p> 1 . _:n <urn:x:p> 1 .")
    second = given("b.nt", "<urn:x:a> <urn:x:p> <urn:x:b> .\n_:n <urn:x:p> <urn:x:c> .\n")
    done = migkg("validate", first, second, "--shapes", given("s.ttl", SHAPES))
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.decode().splitlines() == [
        f"{second}: urn:x:a",
        "  One value only.",
        "  property urn:x:p",
        "  shape urn:x:P",
        "     1 × urn:x:P",
        "Does not conform: 1 results.",
    ]


def test_timings_name_shape_and_constraint(migkg: Run, given) -> None:
    data, shapes = given("a.ttl", "<urn:x:a> <urn:x:p> 1 ."), given("s.ttl", SHAPES)
    done = migkg("validate", data, "--shapes", shapes, "--timings")
    assert done.stdout == b"Conforms.\n"
    assert [line.split()[2:] for line in done.stderr.decode().splitlines()] == [
        ["1", "constraints,", "of", "them", "the", "longest:"],
        ["urn:x:P", "sh:maxCount", "1"],
    ]


def test_a_warning_is_a_result_too(migkg: Run, given) -> None:
    shapes = SHAPES + "<urn:x:P> sh:severity sh:Warning ."
    data = given("a.ttl", "<urn:x:a> <urn:x:p> 1, 2 .")
    assert migkg("validate", data, "--shapes", given("s.ttl", shapes)).returncode == 1


def test_the_report_as_turtle_and_json(migkg: Run, given) -> None:
    arguments = ("validate", given("a.ttl", "<urn:x:a> <urn:x:p> 1, 2 ."), "--shapes")
    shapes = given("s.ttl", SHAPES)
    graph = Graph().parse(migkg(*arguments, shapes, "--format", "turtle").stdout, format="turtle")
    (result,) = graph.objects(None, SH.result)
    assert graph.value(result, SH.focusNode) == URIRef("urn:x:a")
    assert graph.value(result, SH.sourceConstraintComponent) == SH.MaxCountConstraintComponent
    report = json.loads(migkg(*arguments, shapes, "--format", "json").stdout)
    assert report["conforms"] is False
    assert [r["focus"] for r in report["results"]] == ["urn:x:a"]


def test_shapes_may_stand_in_several_files(migkg: Run, given) -> None:
    data = given("a.ttl", "<urn:x:a> <urn:x:p> 1, 2 .")
    parts = SHAPES.splitlines(keepends=True)
    first, second = given("s.ttl", "".join(parts[:2])), given("t.ttl", parts[0] + parts[2])
    assert migkg("validate", data, "--shapes", first, "--shapes", second).returncode == 1


@pytest.mark.parametrize(
    ("shapes", "why"),
    [
        ("<urn:x:S> <urn:x:p>", "not Turtle"),
        ("", "s.ttl: no shape has a target, so nothing would be checked."),
        ("<urn:x:a> <urn:x:p> 1 .", "no shape has a target"),
        (SHAPES + "<urn:x:S> sh:node <urn:x:S> .", "is not compiled: it is recursive"),
        (SHAPES + "<urn:x:S> sh:pattern '(?=a)' .", "is not compiled: the engine cannot match"),
        (RULE % "SELECT $this { SERVICE <http://127.0.0.1:9/> {} }", "SERVICE is not allowed"),
        (RULE % "SELECT $this { $this", "cannot run: This { is never closed."),
        (RULE % "SELECT $this { $this x:p 1 }", "cannot run: The prefix x: is not declared."),
        (RULE % "SELECT $this { $this ?p }", "cannot run: expected one of"),
    ],
)
def test_shapes_that_cannot_be_used_are_status_2(migkg: Run, given, shapes: str, why: str) -> None:
    data = given("a.ttl", "<urn:x:a> <urn:x:p> 1 .")
    done = migkg("validate", data, "--shapes", given("s.ttl", shapes))
    assert (done.returncode, done.stdout) == (2, b"")
    assert why in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_files_that_cannot_be_read_are_status_2(migkg: Run, given) -> None:
    shapes = given("s.ttl", SHAPES)
    for name in ("absent.ttl", given("a.txt", ""), given("b.ttl", "<")):
        done = migkg("validate", name, "--shapes", shapes)
        assert (done.returncode, done.stdout) == (2, b"")
    assert migkg("validate", shapes).returncode == 2
