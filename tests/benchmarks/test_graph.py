"""The generated graph: the same everywhere, of any size, and as migkg's own data is."""

from __future__ import annotations

import itertools
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox
import pytest

from benchmarks import graph
from migkg.engine.scratch import lost_in_store

SIZE = 3000
DIGEST = "6e8797c6208d029735f752f0b2ea366ec7fe0bd5e74933ca717b0338665b5d54"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("graph") / "graph.nq"
    graph.write(made, SIZE)
    return made


@pytest.fixture(scope="module")
def quads(path: Path) -> list[ox.Quad]:
    return list(ox.parse(path=str(path), format=ox.RdfFormat.N_QUADS))


def test_the_bytes_are_the_same_on_every_machine(path: Path) -> None:
    assert sha256(path.read_bytes()).hexdigest() == DIGEST


def test_another_seed_gives_another_graph() -> None:
    assert list(graph.lines(SIZE, seed=2)) != list(graph.lines(SIZE))


@pytest.mark.parametrize("size", [0, 1, 57, 1000])
def test_a_graph_is_the_beginning_of_every_larger_one(size: int) -> None:
    assert list(graph.lines(size)) == list(itertools.islice(graph.lines(SIZE), size))


def test_lines_are_made_when_they_are_asked_for() -> None:
    assert len(list(itertools.islice(graph.lines(10**15), 5))) == 5


def test_it_has_as_many_triples_as_were_asked_for(quads: list[ox.Quad]) -> None:
    assert len({quad.triple for quad in quads}) == len(quads) == SIZE


def test_its_literals_are_those_that_engines_keep(quads: list[ox.Quad]) -> None:
    assert lost_in_store(quad.triple for quad in quads) == []


def test_it_has_the_shape_of_the_projects_data(quads: list[ox.Quad]) -> None:
    predicates = {quad.predicate.value for quad in quads}
    languages = {q.object.language for q in quads if isinstance(q.object, ox.Literal)}
    for term in (f"{graph.MIG}evidence", f"{graph.OA}hasSelector", f"{graph.SKOS}broader"):
        assert term in predicates
    assert {"en", "es", "fr", None} == languages
    assert len({quad.graph_name for quad in quads}) > graph.DOCUMENTS


@pytest.mark.parametrize("kind", ["city", "org", "event", "person", "theme", "evidence"])
def test_links_lead_to_something(quads: list[ox.Quad], kind: str) -> None:
    start = f"{graph.BASE}id/{kind}/"
    whole = quads[:-60]  # the last block may be cut before it describes what it links to
    linked = {q.object for q in whole if getattr(q.object, "value", "").startswith(start)}
    assert linked
    assert linked <= {quad.subject for quad in quads}


def test_subjects_and_things_are_those_of_the_file(path: Path, quads: list[ox.Quad]) -> None:
    described = {quad.subject.value for quad in quads}
    claimed = {q.object.value for q in quads if q.predicate.value == f"{graph.RDF}subject"}
    assert set(graph.subjects(path)) == {iri for iri in described if "#" not in iri}
    assert set(graph.things(path)) == claimed
    assert graph.thing(0) in claimed


def test_nothing_is_left_of_a_write_that_was_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object):
        yield "<a> <b> <c> <d> ."
        raise OSError("full")

    monkeypatch.setattr(graph, "lines", broken)
    with pytest.raises(OSError, match="full"):
        graph.write(tmp_path / "graph.nq", SIZE)
    assert not (tmp_path / "graph.nq").exists()
