"""Tables for spreadsheets: every column is described, and the same facts give the same bytes."""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from pathlib import Path

import pytest

from migkg.engine.release import Release
from migkg.errors import BadFile
from migkg.model.namespaces import Vocabulary
from migkg.resources import Project
from migkg.services import tables
from migkg.services.project_files import ProjectFiles
from migkg.services.tables import Table
from tests.conftest import BASE

NAMES = ["claims", "entities", "observations", "participations"]
KEYS = {"claims": "Claim", "observations": "Observation", "participations": "Participation"}


@pytest.fixture(scope="module")
def archive(release: Release) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO((release.folder / tables.FILE).read_bytes()))


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    with archive.open(f"{name}.csv") as source:
        return list(csv.DictReader(io.TextIOWrapper(source, "utf-8", newline="")))


def test_the_metadata_describe_every_column(archive: zipfile.ZipFile) -> None:
    metadata = json.loads(archive.read("csv-metadata.json"))
    assert metadata["@context"] == "http://www.w3.org/ns/csvw"
    assert metadata["dc:license"]["@id"].startswith("https://creativecommons.org/")
    described = {table["url"]: table for table in metadata["tables"]}
    assert sorted(described) == [f"{name}.csv" for name in NAMES]
    for name in NAMES:
        columns = described[f"{name}.csv"]["tableSchema"]["columns"]
        assert [column["name"] for column in columns] == list(rows(archive, name)[0])
        assert all(column["dc:description"].endswith(".") for column in columns)


@pytest.mark.parametrize("name", KEYS)
def test_everything_of_its_kind_is_in_a_table(
    archive: zipfile.ZipFile, release: Release, name: str
) -> None:
    key = "claim" if name == "claims" else "id"
    found = {row[key] for row in rows(archive, name)}
    start = f" <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{BASE}ontology#{KEYS[name]}> "
    lines = release.store.read_text("utf-8").splitlines()
    assert found == {line.partition(">")[0][1:] for line in lines if start in line}


@pytest.mark.parametrize("name", NAMES)
def test_values_are_of_the_datatype_that_is_stated(archive: zipfile.ZipFile, name: str) -> None:
    tests = {
        "anyURI": lambda text: ":" in text,
        "integer": lambda text: str(int(text)) == text,
        "decimal": lambda text: float(text) is not None,
        "string": lambda text: True,
    }
    metadata = json.loads(archive.read("csv-metadata.json"))
    (table,) = [item for item in metadata["tables"] if item["url"] == f"{name}.csv"]
    for column in table["tableSchema"]["columns"]:
        values = {row[column["name"]] for row in rows(archive, name)} - {""}
        assert values, f"the column {column['name']} is empty"
        assert all(tests[column["datatype"]](value) for value in values)


def test_every_row_of_a_fact_of_a_document_has_its_words(archive: zipfile.ZipFile) -> None:
    stated = [row for row in rows(archive, "claims") if "/id/document/" in row["claimed_in"]]
    assert len(stated) > 1000
    with_words = [row for row in stated if row["quote"] and row["paragraph"]]
    assert len(with_words) / len(stated) > 0.9
    for row in with_words:
        assert int(row["start"]) < int(row["end"])


def test_the_order_in_which_facts_come_changes_no_byte(project: Project) -> None:
    files = ProjectFiles(project, Vocabulary(BASE))
    listed = tables.load(project)
    triples = files.triples("ontology", "data")
    first = tables.archive(listed, triples, title="t", licence="")
    random.Random(1).shuffle(triples)
    assert tables.archive(listed, triples, title="t", licence="") == first


@pytest.mark.parametrize("text", ["", "SELECT * {}", "# What.\n# no column\nSELECT * {}"])
def test_a_table_that_does_not_say_what_it_holds_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.rq").write_text(text)
    with pytest.raises(BadFile, match=r"t\.rq:1"):
        Table.read(tmp_path / "t.rq")
