"""Releases of many blocks, with blank nodes and by many processes are those of one writer."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migkg.engine import dump_files
from migkg.engine.answering import RDF_FORMATS
from migkg.engine.compiling import compile_release
from migkg.engine.dump_files import blocks
from migkg.engine.rdf_io import canonical_quads, canonical_triples, write_triples
from migkg.engine.release import Release
from migkg.engine.zstandard import ZstdFile
from migkg.model.formats import DUMP_FORMATS, Format, Kind

EX = "https://example.org/"
PREFIXES = {"ex": EX, "n": f"{EX}name/"}


def iri(name: str) -> ox.NamedNode:
    return ox.NamedNode(EX + name)


def compiled(folder: Path, quads: list[ox.Quad], processes: int | None = 0) -> Release:
    return compile_release(
        quads, folder, prefixes=PREFIXES, extra={}, progress=lambda _: None, processes=processes
    )


def books(number: int) -> list[ox.Quad]:
    """Quads of so many things in three graphs; each triple of some things is in two of them."""
    graphs = [iri(f"graph/{name}") for name in "abc"]
    return [
        ox.Quad(iri(f"name/{thing % number}"), iri(f"p{part}"), value, graphs[(thing // 5) % 3])
        for thing in range(number + number // 4)
        for part, value in enumerate((iri("Book"), ox.Literal(f'"{thing % number}"\n<é')))
    ]


def by_one_writer(quads: list[ox.Quad], item: Format) -> bytes:
    """What the engine writes of all quads at once."""
    ordered = canonical_quads(quads)
    triples = list(dict.fromkeys(quad.triple for quad in ordered))
    content = ordered if item.kind is Kind.DATASET else triples
    return write_triples(content, item, prefixes=PREFIXES)


@pytest.fixture
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that a few quads are many."""
    monkeypatch.setattr(dump_files, "_BLOCK", 700)


@pytest.mark.usefixtures("_narrow")
@pytest.mark.parametrize("item", DUMP_FORMATS, ids=lambda item: item.name)
def test_the_parts_together_are_what_one_writer_writes(tmp_path: Path, item: Format) -> None:
    release = compiled(tmp_path, books(60))
    assert len(list(blocks(release.store))) > 10
    path = release.dumps / f"migkg.{item.extension}"
    assert path.read_bytes() == by_one_writer(books(60), item)
    assert gzip.decompress(path.with_name(path.name + ".gz").read_bytes()) == path.read_bytes()
    with ZstdFile(path.with_name(path.name + ".zst")) as archive:
        assert archive.read() == path.read_bytes()


@pytest.mark.usefixtures("_narrow")
def test_the_counts_are_those_of_all_blocks(tmp_path: Path) -> None:
    manifest = compiled(tmp_path, books(60)).manifest
    distinct = set(books(60))
    assert manifest["quads"] == len(distinct)
    assert manifest["triples"] == len({quad.triple for quad in distinct})
    assert manifest["graphs"] == Counter(quad.graph_name.value for quad in distinct)


@pytest.mark.usefixtures("_narrow")
@pytest.mark.parametrize("item", DUMP_FORMATS, ids=lambda item: item.name)
def test_a_subject_of_many_lines_is_cut_and_nothing_is_lost(tmp_path: Path, item: Format) -> None:
    quads = [
        ox.Quad(iri("s"), iri(f"p{number % 3}"), ox.Literal(str(number)), iri(f"g{graph}"))
        for number in range(100)
        for graph in range(2)
    ]
    release = compiled(tmp_path, quads)
    assert len(list(blocks(release.store))) > 10
    assert release.manifest["triples"] == 100
    path = release.dumps / f"migkg.{item.extension}"
    found = list(ox.parse(path=str(path), format=RDF_FORMATS[item.name]))
    assert canonical_triples(q.triple for q in found) == canonical_triples(q.triple for q in quads)


@pytest.mark.usefixtures("_narrow")
def test_a_line_longer_than_blocks_is_whole(tmp_path: Path) -> None:
    quads = [ox.Quad(iri("s"), iri(f"p{n}"), ox.Literal("x" * 5000), iri("g")) for n in range(3)]
    release = compiled(tmp_path, quads)
    assert len(list(blocks(release.store))) == 2
    assert set(ox.parse(path=str(release.dumps / "migkg.trig"))) == set(quads)


@pytest.mark.usefixtures("_narrow")
def test_other_processes_write_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migkg.engine.compiling._FEW", 0)
    alone = compiled(tmp_path / "alone", books(60))
    together = compiled(tmp_path / "together", books(60), processes=2)
    assert alone.manifest == together.manifest
    assert sorted(path.name for path in (tmp_path / "together").iterdir()) == [together.id]


def test_of_no_quads_there_is_a_release_too(tmp_path: Path) -> None:
    release = compiled(tmp_path, [])
    assert release.manifest["quads"] == 0
    for item in DUMP_FORMATS:
        path = release.dumps / f"migkg.{item.extension}"
        assert path.read_bytes() == by_one_writer([], item)


NODES = st.sampled_from("abcdef").map(ox.BlankNode)
TERMS = NODES | st.sampled_from("st").map(iri)
# Graphs have IRIs: where a blank node names one, the engine's names may differ from run to run
# (docs/loading.md).
TANGLE = st.lists(
    st.builds(
        ox.Quad,
        TERMS,
        st.sampled_from("pq").map(iri),
        TERMS | st.sampled_from(["x", "_:a"]).map(ox.Literal),
        st.sampled_from("gh").map(iri),
    ),
    max_size=12,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(TANGLE, st.randoms(use_true_random=False))
def test_blank_nodes_are_named_as_if_all_quads_were_canonicalized_at_once(
    tmp_path: Path, quads: list[ox.Quad], chance: random.Random
) -> None:
    expected = write_triples(canonical_quads(quads), DUMP_FORMATS[2])
    chance.shuffle(quads)
    assert compiled(tmp_path, quads).store.read_bytes() == expected


@pytest.mark.parametrize("name", ["p/", "1", "p#", "name/"])
def test_what_xml_cannot_name_is_not_dumped_as_xml(tmp_path: Path, name: str) -> None:
    good = ox.Quad(iri("s"), iri("p"), ox.Literal("<a: <b:>"), iri("g"))
    release = compiled(tmp_path, [good, ox.Quad(iri("s"), iri(name), iri("o"), iri("g"))])
    assert release.manifest["omitted"] == ["rdf"]
    assert not list(release.dumps.glob("migkg.rdf*"))
    assert not [name for name in release.manifest["files"] if ".rdf" in name]
    assert compiled(tmp_path, [good]).manifest["omitted"] == []


def test_a_quad_outside_of_named_graphs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="named graphs"):
        compiled(tmp_path, [ox.Quad(iri("s"), iri("p"), iri("o"))])
    assert not tmp_path.exists() or not list(tmp_path.iterdir())
