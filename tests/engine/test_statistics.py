"""The counts of a release: what they are, and that they are the same whenever they are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from migkg.engine import statistics
from migkg.engine.statistics import FILE, Link, PropertyUse, Statistics, count, of_release
from tests.engine.test_compiling import EX, books, compile_release

TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
LINES = f"""<{EX}id/a#part> {TYPE} <{EX}Book> <urn:g> .
<{EX}id/a> {TYPE} <{EX}Book> <urn:g> .
<{EX}id/a> {TYPE} <{EX}Book> <urn:h> .
<{EX}id/a> {TYPE} <{EX}Work> <urn:g> .
<{EX}id/a> <urn:p> "a <b> c" <urn:g> .
<{EX}id/a> <urn:p> "a <b> c"@en <urn:g> .
<{EX}id/a> <urn:p> <{EX}id/b> <urn:g> .
<{EX}id/a> <urn:p> <https://else.example/1> <urn:g> .
<{EX}id/a> <urn:p> <https://else.example/2> <urn:g> .
<{EX}id/a> <urn:p> <urn:no:host> <urn:g> .
<https://else.example/1> <urn:p> <https://third.example/> <urn:g> .
_:c14n0 {TYPE} _:c14n1 <urn:g> .
"""


@pytest.fixture
def quads(tmp_path: Path) -> Path:
    path = tmp_path / "a.nq"
    path.write_text(LINES, "utf-8")
    return path


def test_equal_triples_count_once_and_links_lead_from_ours_outwards(quads: Path) -> None:
    rdf_type = TYPE[1:-1]
    assert count(quads, EX) == Statistics(
        subjects=4,
        entities=3,
        classes={f"{EX}Book": 2, f"{EX}Work": 1},
        properties={rdf_type: PropertyUse(4, 3), "urn:p": PropertyUse(7, 2)},
        uses={
            f"{EX}Book": {rdf_type: 2, "urn:p": 1},
            f"{EX}Work": {rdf_type: 1, "urn:p": 1},
        },
        examples={f"{EX}Book": f"{EX}id/a", f"{EX}Work": f"{EX}id/a"},
        links=(Link("urn:p", "https://else.example/", 2),),
    )


def test_nothing_is_counted_where_names_are_too_many(
    quads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "_MOST_NAMES", 4)
    assert count(quads, EX) == Statistics()
    monkeypatch.setattr(statistics, "_MOST_NAMES", 5)
    assert count(quads, EX).subjects == 4


@pytest.mark.parametrize("processes", [0, 2])
def test_a_release_is_counted_when_it_is_made_or_when_it_is_opened(
    tmp_path: Path, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migkg.engine.compiling._FEW", 0)
    found = [
        compile_release(
            books(20),
            tmp_path / (base_iri or "bare").replace("/", ""),
            prefixes={},
            extra={},
            progress=lambda _: None,
            base_iri=base_iri,
            processes=processes,
        )
        for base_iri in ("", EX)
    ]
    bare, counted = found
    assert (FILE in bare.manifest["files"], FILE in counted.manifest["files"]) == (False, True)
    assert of_release(bare, EX) == of_release(counted, EX)
    assert of_release(bare, EX).subjects == 20
    assert of_release(bare, EX).properties[f"{EX}p0"].triples == 20
