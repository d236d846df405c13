"""A release is named after its content, whole, and put into service in one step."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

from migkg.engine.answering import RDF_FORMATS
from migkg.engine.compiling import compile_release
from migkg.engine.rdf_io import canonical_triples
from migkg.engine.release import (
    Release,
    make_current,
    open_current,
    open_release,
)
from migkg.engine.zstandard import ZstdFile
from migkg.errors import NoRelease
from migkg.model import formats
from migkg.model.formats import DUMP_FORMATS, Format

EX = "https://example.org/"
PREFIXES = {"ex": EX}


def iri(name: str) -> ox.NamedNode:
    return ox.NamedNode(EX + name)


def sample(*labels: str) -> list[ox.Quad]:
    """Quads in two graphs; ``labels`` name the blank nodes."""
    first, second = (ox.BlankNode(label) for label in labels or ("x", "y"))
    return [
        ox.Quad(iri("s"), iri("p"), ox.Literal('a "b"\n\\ é \U0001f30d'), iri("g1")),
        ox.Quad(iri("s"), iri("p"), ox.Literal("a", language="en"), iri("g1")),
        ox.Quad(iri("s"), iri("n"), ox.Literal("7", datatype=ox.NamedNode(XSD + "integer")), G2),
        ox.Quad(iri("s"), iri("q"), first, G2),
        ox.Quad(first, iri("p"), second, G2),
        ox.Quad(second, iri("p"), ox.Literal("end"), G2),
        ox.Quad(iri("s"), iri("same"), iri("o"), iri("g1")),
        ox.Quad(iri("s"), iri("same"), iri("o"), G2),
    ]


XSD = "http://www.w3.org/2001/XMLSchema#"
G2 = iri("g2")


def compiled(folder: Path, quads: list[ox.Quad] | None = None) -> Release:
    return compile_release(
        quads or sample(),
        folder,
        prefixes=PREFIXES,
        extra={"report.txt": b"Conforms."},
        progress=lambda _: None,
    )


def test_the_id_depends_on_neither_order_nor_blank_node_labels(tmp_path: Path) -> None:
    one = compiled(tmp_path / "a", sample("x", "y"))
    other = compiled(tmp_path / "b", list(reversed(sample("b", "a"))))
    assert one.id == other.id
    assert one.store.read_bytes() == other.store.read_bytes()


def test_another_content_has_another_id(tmp_path: Path) -> None:
    assert compiled(tmp_path).id != compiled(tmp_path, sample()[:-1]).id


def test_sha256sum_of_the_quads_confirms_the_id(tmp_path: Path) -> None:
    release = compiled(tmp_path)
    digest = hashlib.sha256((release.dumps / "migkg.nq").read_bytes()).hexdigest()
    assert release.id == digest[:16] == release.folder.name
    assert release.manifest["sha256"] == digest


def test_checksums_name_every_dump(tmp_path: Path) -> None:
    dumps = compiled(tmp_path).dumps
    lines = (dumps / "SHA256SUMS").read_text("utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert {*sums, "SHA256SUMS"} == {path.name for path in dumps.iterdir()}
    for name, digest in sums.items():
        assert hashlib.sha256((dumps / name).read_bytes()).hexdigest() == digest


def test_the_manifest_counts(tmp_path: Path) -> None:
    manifest = compiled(tmp_path).manifest
    assert (manifest["quads"], manifest["triples"]) == (8, 7)
    assert manifest["graphs"] == {f"{EX}g1": 3, f"{EX}g2": 5}
    assert manifest["prefixes"] == PREFIXES
    assert "report.txt" in manifest["files"]


RDFLIB_NAMES = {"jsonld": "json-ld", "nq": "nquads", "rdf": "xml", "ttl": "turtle"}


def with_rdflib(path: Path, item: Format) -> list[ox.Triple]:
    dataset = rdflib.Dataset()
    name = RDFLIB_NAMES.get(item.name, item.name)
    dataset.parse(data=path.read_bytes(), format=name, publicID=EX)
    graph = rdflib.Graph()
    for subject, predicate, value, _ in dataset.quads():
        graph.add((subject, predicate, value))
    text = graph.serialize(format="nt", encoding="utf-8")
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)]


def with_pyoxigraph(path: Path, item: Format) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(path=str(path), format=RDF_FORMATS[item.name])]


@pytest.mark.parametrize("parse", [with_pyoxigraph, with_rdflib])
@pytest.mark.parametrize("item", DUMP_FORMATS, ids=lambda item: item.name)
def test_every_dump_holds_every_triple(
    tmp_path: Path, item: Format, parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    release = compiled(tmp_path)
    path = release.dumps / f"migkg.{item.extension}"
    assert canonical_triples(parse(path, item)) == canonical_triples(q.triple for q in sample())


@pytest.mark.parametrize("item", DUMP_FORMATS, ids=lambda item: item.name)
def test_every_dump_has_equal_compressed_ones(tmp_path: Path, item: Format) -> None:
    path = compiled(tmp_path).dumps / f"migkg.{item.extension}"
    assert gzip.decompress(path.with_name(path.name + ".gz").read_bytes()) == path.read_bytes()
    with ZstdFile(path.with_name(path.name + ".zst")) as archive:
        assert archive.read() == path.read_bytes()


@pytest.mark.parametrize("item", [formats.TRIG, formats.NQUADS], ids=lambda item: item.name)
def test_dumps_of_the_dataset_name_the_graphs(tmp_path: Path, item: Format) -> None:
    path = compiled(tmp_path).dumps / f"migkg.{item.extension}"
    quads = ox.parse(path=str(path), format=RDF_FORMATS[item.name])
    assert {quad.graph_name for quad in quads} == {iri("g1"), iri("g2")}


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = compiled(tmp_path / "a"), compiled(tmp_path / "b")
    assert one.manifest == other.manifest


def test_what_is_there_already_is_not_made_again(tmp_path: Path) -> None:
    release = compiled(tmp_path)
    before = release.store.stat()
    assert compiled(tmp_path) == release
    assert release.store.stat() == before


def _flip(release: Release) -> None:
    data = bytearray(release.store.read_bytes())
    data[10] ^= 1
    release.store.write_bytes(data)


def _set_layout(release: Release) -> None:
    path = release.folder / "manifest.json"
    path.write_text(json.dumps({**release.manifest, "layout": 99}), "utf-8")


DAMAGES = {
    "flipped bit in the store": _flip,
    "store cut short": lambda r: os.truncate(r.store, 10),
    "store missing": lambda r: r.store.unlink(),
    "dump missing": lambda r: (r.dumps / "migkg.ttl").unlink(),
    "dump cut short": lambda r: os.truncate(r.dumps / "migkg.ttl.gz", 10),
    "another layout": _set_layout,
    "manifest missing": lambda r: (r.folder / "manifest.json").unlink(),
    "manifest cut short": lambda r: os.truncate(r.folder / "manifest.json", 10),
    "manifest of another kind": lambda r: (r.folder / "manifest.json").write_text("[]"),
    "manifest without files": lambda r: (r.folder / "manifest.json").write_text('{"layout": 1}'),
    "folder missing": lambda r: shutil.rmtree(r.folder),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_release_is_not_opened_but_made_again(tmp_path: Path, damage) -> None:
    release = compiled(tmp_path)
    make_current(release, tmp_path)
    damage(release)
    with pytest.raises(NoRelease):
        open_release(release.folder)
    with pytest.raises(NoRelease):
        open_current(tmp_path)
    assert compiled(tmp_path).manifest == release.manifest
    assert open_current(tmp_path).id == release.id


def test_without_a_release_none_is_opened(tmp_path: Path) -> None:
    with pytest.raises(NoRelease, match="migkg build"):
        open_current(tmp_path / "absent")


def test_compiling_does_not_put_into_service(tmp_path: Path) -> None:
    compiled(tmp_path)
    with pytest.raises(NoRelease):
        open_current(tmp_path)


def test_current_is_a_relative_link_that_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = compiled(tmp_path / "r"), compiled(tmp_path / "r", sample()[:-1])
    link = tmp_path / "r" / "current"
    seen = []
    replace = Path.replace

    def watched(draft: Path, target: Path) -> Path:
        seen.append(link.readlink() if link.is_symlink() else None)
        return replace(draft, target)

    monkeypatch.setattr(Path, "replace", watched)
    for release in (one, other):
        make_current(release, tmp_path / "r")
        assert link.readlink() == Path(release.id)
    assert seen == [None, Path(one.id)]
    assert sorted(path.name for path in link.parent.iterdir()) == sorted(
        [one.id, other.id, "current"]
    )
    link.parent.rename(tmp_path / "moved")
    assert open_current(tmp_path / "moved").id == other.id


@pytest.mark.parametrize("step", ["sort", "dumps", "checksums"])
def test_an_interrupted_build_leaves_nothing(tmp_path: Path, step: str) -> None:
    first = compiled(tmp_path)
    make_current(first, tmp_path)
    before = sorted(tmp_path.iterdir())

    def interrupt(now: str) -> None:
        if now == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compile_release(sample()[:-1], tmp_path, prefixes=PREFIXES, extra={}, progress=interrupt)
    assert sorted(tmp_path.iterdir()) == before
    assert open_current(tmp_path).id == first.id
