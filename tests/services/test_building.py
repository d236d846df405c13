"""Files become a release if they keep their rules; nothing here knows this project's domain."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from migkg.engine.kept import Hold
from migkg.engine.release import open_current
from migkg.errors import BadFile, InvalidData
from migkg.model.report import Report
from migkg.resources import Project, find_project
from migkg.services import tables
from migkg.services.building import build, check_project
from migkg.services.opening import open_or_build
from migkg.settings import Settings
from tests.tiny import BASE, edit


def silent(_: str) -> None:
    """No progress is shown."""


def checked(settings: Settings) -> Report:
    return check_project(Project(Path(str(settings.project))), settings, silent).report


def steps_of_opening(settings: Settings) -> tuple[str, list[str]]:
    """(release id, what was done to open it)."""
    steps: list[str] = []
    return open_or_build(settings, steps.append).id, steps


def test_a_project_of_another_domain_is_built_and_put_into_service(tiny: Settings) -> None:
    release = build(tiny, silent)
    assert open_current(tiny.releases) == release
    assert set(release.manifest["graphs"]) == {
        f"{BASE}graph/{name}" for name in ("ontology/books", "shapes/books", "books", "shelf/1")
    }
    assert release.prefixes["tiny"] == f"{BASE}ontology#"
    assert (release.folder / "report.txt").read_text("utf-8").startswith("Conforms. ")


def test_the_check_counts_what_it_checked(tiny: Settings) -> None:
    report = checked(tiny)
    assert report.conforms
    assert report.checked == {"files": 4, "triples": 18, "stored queries": 1}


def test_a_shape_that_is_not_compiled_is_left_to_pyshacl_which_is_said(tiny: Settings) -> None:
    edit(
        tiny, "shapes/books.ttl", "  sh:minCount 1 ;", "  sh:minCount 1 ;\n  sh:pattern '^(?!B)' ;"
    )
    said: list[str] = []
    check = check_project(Project(Path(str(tiny.project))), tiny, said.append)
    assert [finding.focus for finding in check.report.findings] == [f"{BASE}id/book/b"]
    (reason,) = [step for step in said if "pySHACL" in step]
    assert reason.startswith(f"shapes: judged by pySHACL: The shape {BASE}shapes#Book")


def test_invalid_data_leaves_the_release_in_service(tiny: Settings) -> None:
    release = build(tiny, silent)
    edit(tiny, "data/books.ttl", '  tiny:title "B"@en ;\n', "")
    with pytest.raises(InvalidData) as caught:
        build(tiny, silent)
    assert isinstance(caught.value.report, Report)
    (finding,) = caught.value.report.findings
    assert finding.file == "data/books.ttl"
    assert finding.focus == f"{BASE}id/book/b"
    assert finding.shape == f"{BASE}shapes#Book-title"
    assert finding.advice == "Give the book a title."
    assert open_current(tiny.releases).id == release.id
    with pytest.raises(InvalidData):
        open_or_build(tiny, silent)


def test_a_fact_in_two_files_is_found(tiny: Settings) -> None:
    fact = f'\n<{BASE}id/book/b>\n  tiny:title "B"@en ;\n  .\n'
    edit(tiny, "data/shelf-1.ttl", "  .\n", "  .\n" + fact)
    (finding,) = checked(tiny).findings
    assert finding.file == "data/books.ttl, data/shelf-1.ttl"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("SELECT", "SELCT", "no SELECT"),
        ("{ ?book", "{ SERVICE <x> {} ?book", "SERVICE is not allowed"),
    ],
)
def test_a_bad_stored_query_is_found_with_its_place(
    tiny: Settings, old: str, new: str, why: str
) -> None:
    edit(tiny, "queries/titles.rq", old, new)
    (finding,) = checked(tiny).findings
    assert why in finding.message
    assert finding.file.startswith("queries/titles.rq:")


def test_a_stored_query_without_an_expected_answer_is_found(tiny: Settings) -> None:
    (Path(str(tiny.project)) / "queries" / "titles.csv").unlink()
    (finding,) = checked(tiny).findings
    assert finding.advice == "Write queries/titles.csv."


def test_a_syntax_error_names_its_place(tiny: Settings) -> None:
    edit(tiny, "data/books.ttl", "tiny:Book ;", "tiny:Book tiny:Book ;")
    with pytest.raises(BadFile, match=r"data/books.ttl:6:\d+: "):
        build(tiny, silent)


def test_files_that_did_not_change_are_not_built_again(tiny: Settings) -> None:
    first, done = steps_of_opening(tiny)
    assert done
    assert steps_of_opening(tiny) == (first, [])


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("data/books.ttl", '"B"', '"C"'),
        ("shapes/books.ttl", "Give", "Do give"),
        ("ontology/books.ttl", "tiny:Book", "tiny:Tome"),
    ],
)
def test_an_edited_file_is_built_again(tiny: Settings, name: str, old: str, new: str) -> None:
    first, _ = steps_of_opening(tiny)
    edit(tiny, name, old, new)
    second, done = steps_of_opening(tiny)
    assert second != first
    assert done
    assert steps_of_opening(tiny) == (second, [])


def test_another_base_is_another_release(tiny: Settings) -> None:
    first, _ = steps_of_opening(tiny)
    other = Settings(
        base_iri="https://other.example/", project=tiny.project, releases=tiny.releases
    )
    assert steps_of_opening(other)[0] != first


TABLE = """# Books.
# id (anyURI): {meaning}.
SELECT ?id {{ ?id a <https://tiny.example/ontology#Book> }}
"""


def test_a_release_gets_new_tables_unless_it_is_served(tiny: Settings) -> None:
    query = Path(str(tiny.project)) / "tables" / "books.rq"
    query.parent.mkdir()
    first, _ = steps_of_opening(tiny)

    def tables_after(meaning: str) -> bytes:
        query.write_text(TABLE.format(meaning=meaning), "utf-8")
        again, steps = steps_of_opening(tiny)
        assert (again, any("keeps its dumps" in step for step in steps)) == (first, bool(hold))
        return (tiny.releases / first / tables.FILE).read_bytes()

    hold = None
    found = [tables_after("One"), tables_after("Two")]
    hold = Hold(open_current(tiny.releases))
    found.append(tables_after("Three"))
    hold.let_go()
    assert found[0] != found[1] == found[2]
    assert open_current(tiny.releases).id == first


def test_a_damaged_release_is_built_again(tiny: Settings) -> None:
    first = open_or_build(tiny, silent)
    first.store.write_bytes(b"")
    again, done = steps_of_opening(tiny)
    assert again == first.id
    assert done
    assert open_current(tiny.releases).store.stat().st_size > 0


def test_a_record_that_cannot_be_read_is_no_obstacle(tiny: Settings) -> None:
    first, _ = steps_of_opening(tiny)
    (tiny.releases / ".inputs.json").write_text("{", "utf-8")
    again, done = steps_of_opening(tiny)
    assert again == first
    assert done


@pytest.mark.parametrize("literal", ["01", '"1"^^xsd:nonNegativeInteger', "1.50"])
def test_a_literal_that_the_engine_would_change_is_refused(tiny: Settings, literal: str) -> None:
    xsd = "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n@prefix tiny:"
    edit(tiny, "data/shelf-1.ttl", "@prefix tiny:", xsd)
    edit(tiny, "data/shelf-1.ttl", "  .\n", f"  tiny:width {literal} ;\n  .\n")
    report = check_project(find_project(tiny), tiny, lambda _: None).report
    assert [finding.message for finding in report.findings] == [
        "The engine would change the form of this literal."
    ]


def test_a_character_that_xml_cannot_hold_is_refused(tiny: Settings) -> None:
    edit(tiny, "data/books.ttl", '"B"', '"B\\u0001"')
    (finding,) = checked(tiny).findings
    assert (finding.file, finding.advice) == ("data/books.ttl", "Take the character out.")


def test_data_may_be_in_other_formats_packed_and_in_folders(tiny: Settings) -> None:
    folder = Path(str(tiny.project)) / "data"
    first, _ = steps_of_opening(tiny)
    book = f"<{BASE}id/book/a> <{BASE}ontology#pages>"
    (folder / "more").mkdir()
    (folder / "more" / "pages-2.nt.gz").write_bytes(gzip.compress(f'{book} "2" .\n'.encode()))
    (folder / "other.nq").write_text(f'{book} "3" <{BASE}g> .\n{book} "4" .\n', "utf-8")
    release = build(tiny, silent)
    assert release.id != first
    added = {"more/pages/2": 1, "other": 1}
    graphs = release.manifest["graphs"]
    assert {name: graphs[f"{BASE}graph/{name}"] for name in added} == added
    assert graphs[f"{BASE}g"] == 1
    assert steps_of_opening(tiny) == (release.id, [])
    (folder / "other.nq").write_text(f'{book} "4" .\n', "utf-8")
    assert steps_of_opening(tiny)[0] != release.id


@pytest.mark.parametrize(
    ("text", "why"),
    [("<a:a> <a:b> .", "other.nq:1:13: "), ("<a:a> <a:b> <a:c> _:g .", "no name; give it an IRI")],
)
def test_what_is_wrong_in_another_format_is_named(tiny: Settings, text: str, why: str) -> None:
    (Path(str(tiny.project)) / "data" / "other.nq").write_text(text, "utf-8")
    with pytest.raises(BadFile, match=why):
        build(tiny, silent)
