"""Any RDF files become a release, packed or not, in one piece or many; or nothing does."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pyoxigraph as ox
import pytest

from migkg.engine import reading, sources, statistics
from migkg.engine.answering import RDF_FORMATS
from migkg.engine.rdf_io import canonical_triples
from migkg.engine.release import Release, open_current
from migkg.engine.zstandard import ZstdFile
from migkg.errors import BadFile, InvalidData, NoRelease
from migkg.model.formats import DUMP_FORMATS, NQUADS, TURTLE, Format, Kind
from migkg.model.report import Report
from migkg.services.loading import Loaded, Wishes, load
from migkg.settings import Settings
from tests.tiny import BASE, FILES

EX = "https://example.org/"
TEXT = f"""@prefix ex: <{EX}> .
ex:a ex:p [ ex:q "x" ], "é \\"1\\"\\n"@en ; ex:r ex:b, <relative> .
ex:b ex:p 1 .
"""
BAD = f'<{EX}a> <{EX}p> "1" .\n\n<{EX}a> <{EX}p> bad .\n<{EX}b> <{EX}p> "2" .\n'
LIST = f"<{EX}s> <{EX}p> _:a .\n_:a <{EX}p> _:b .\n"


def zstd(data: bytes) -> bytes:
    target = BytesIO()
    with ZstdFile(target, "w") as file:
        file.write(data)
    return target.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": zstd,
}


def loaded(tiny: Settings, *files: Path, **wishes: object) -> Loaded:
    return load(files, Wishes(**wishes), tiny, lambda _: None)  # type: ignore[arg-type]


def quads_of(release: Release) -> list[ox.Quad]:
    return list(ox.parse(path=str(release.store), format=ox.RdfFormat.N_QUADS))


def triples_of(release: Release) -> list[ox.Triple]:
    return canonical_triples(quad.triple for quad in quads_of(release))


def written(path: Path, data: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def leftovers(settings: Settings) -> list[str]:
    """What stands beside the releases that should not."""
    return [path.name for path in settings.releases.glob(".*")]


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("item", DUMP_FORMATS, ids=lambda item: item.name)
def test_every_format_is_read_in_every_packing(
    tiny: Settings, tmp_path: Path, item: Format, packing: str
) -> None:
    triples = [q.triple for q in ox.parse(TEXT, format=ox.RdfFormat.TURTLE, base_iri=EX)]
    text = ox.serialize(triples, format=RDF_FORMATS[item.name])
    path = written(tmp_path / f"in.{item.extension}{packing}", PACKERS[packing](text or b""))
    release = loaded(tiny, path).release
    assert triples_of(release) == canonical_triples(triples)
    assert set(release.manifest["graphs"]) == {f"{BASE}graph/in"}
    assert leftovers(tiny) == []


def test_a_folder_is_read_with_the_folders_below(tiny: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    written(folder / "a.nt", f'<{EX}a> <{EX}p> "1" .\n')
    written(folder / "sub" / "b c.ttl.gz", gzip.compress(f'<{EX}b> <{EX}p> "2" .'.encode()))
    written(folder / "readme.txt", "not RDF")
    assert set(loaded(tiny, folder).release.manifest["graphs"]) == {
        f"{BASE}graph/a",
        f"{BASE}graph/sub/b%20c",
    }


def test_graphs_in_a_file_stay_and_other_triples_are_put_where_it_is_wished(
    tiny: Settings, tmp_path: Path
) -> None:
    text = f'<{EX}a> <{EX}p> "1" <{EX}g> .\n<{EX}a> <{EX}p> <{EX}b> .\n<{EX}a> <{EX}p> "2" .\n'
    nquads = written(tmp_path / "a.nq", text)
    turtle = written(tmp_path / "b.ttl", f'<{EX}b> <{EX}p> "3" .')
    release = loaded(tiny, nquads, turtle, graph=f"{EX}mine").release
    assert release.manifest["graphs"] == {f"{EX}g": 1, f"{EX}mine": 3}


def test_relative_iris_start_from_the_graph_or_from_what_is_wished(
    tiny: Settings, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.ttl", f"<x> <{EX}p> <y> .")
    assert quads_of(loaded(tiny, path).release)[0].subject == ox.NamedNode(f"{BASE}graph/x")
    (quad,) = quads_of(loaded(tiny, path, base=f"{EX}base/").release)
    assert quad.subject == ox.NamedNode(f"{EX}base/x")


def test_blank_nodes_of_different_files_are_different_and_of_one_file_the_same(
    tiny: Settings, tmp_path: Path
) -> None:
    one, other = (written(tmp_path / f"{name}.nt", LIST) for name in "ab")
    turtle = written(tmp_path / "c.ttl", LIST)
    quads = quads_of(loaded(tiny, one, other, turtle, graph=f"{EX}g").release)
    assert len(quads) == 6
    blank = {t for q in quads for t in (q.subject, q.object) if isinstance(t, ox.BlankNode)}
    assert len(blank) == 6


def test_a_file_in_pieces_is_the_same_as_in_one(
    tiny: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f'<{EX}{n % 50}> <{EX}p> "{n}" .\n_:n{n % 9} <{EX}q> "{n}" .\n' for n in range(200)]
    files = [
        written(tmp_path / f"a.nt{packing}", pack("".join(lines).encode()))
        for packing, pack in PACKERS.items()
    ]
    whole = [loaded(tiny, file).release.id for file in files]
    monkeypatch.setattr(sources, "_SMALLEST_PIECE", 100)
    assert len(list(sources.pieces(source(files[0]), 1000))) > 50
    assert [loaded(tiny, file).release.id for file in files] == whole
    assert len(set(whole)) == 1


def source(path: Path) -> sources.Source:
    return sources.Source(path, *sources.kind_of(path), EX, EX)


def test_several_processes_read_the_same(
    tiny: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    for number in range(3):
        written(folder / f"{number}.nt.gz", gzip.compress((LIST * 2).encode()))
        written(folder / f"{number}.ttl", TEXT)
    alone = loaded(tiny, folder).release.manifest
    others = Settings(base_iri=BASE, releases=tmp_path / "others", build_processes=2)
    monkeypatch.setattr("migkg.services.loading._SMALL", 0)
    assert loaded(others, folder).release.manifest == alone
    assert leftovers(others) == []


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_syntax_error_names_file_line_and_column(
    tiny: Settings, tmp_path: Path, packing: str, in_pieces: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if in_pieces:
        monkeypatch.setattr(sources, "_SMALLEST_PIECE", 1)
    path = written(tmp_path / f"a.nt{packing}", PACKERS[packing](BAD.encode()))
    with pytest.raises(BadFile, match=r"a\.nt[^:]*:3:49: The object of a triple must be"):
        loaded(tiny, path)
    assert not list(tiny.releases.iterdir())


@pytest.mark.parametrize("name", ["a.ttl", "a.trig.gz"])
def test_a_syntax_error_in_a_document_names_its_place(
    tiny: Settings, tmp_path: Path, name: str
) -> None:
    pack = PACKERS[".gz"] if name.endswith(".gz") else PACKERS[""]
    path = written(tmp_path / name, pack(TEXT.replace("ex:b ex:p 1", "ex:b ex:p 1 1").encode()))
    with pytest.raises(BadFile, match=rf"{name}:3:13: "):
        loaded(tiny, path)


def test_wrong_lines_are_left_out_and_counted_if_that_is_wished(
    tiny: Settings, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.nt", BAD)
    found = loaded(tiny, path, skip=True)
    assert found.release.manifest["quads"] == 2
    assert (found.reading.statements, found.reading.skipped) == (2, 1)
    assert [(p.line, p.column) for p in found.reading.problems] == [(3, 49)]
    report = (found.release.folder / "report.txt").read_text("utf-8")
    assert "1 lines left out" in report
    assert "a.nt:3:49: The object" in report


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (f'<<( <{EX}a> <{EX}p> "1" )>>', "Triple terms"),
        ('"a\\u0001"', "U\\+0001"),
        ('"\uffff"', "U\\+FFFF"),
    ],
)
@pytest.mark.parametrize("extension", ["nt", "ttl"])
def test_what_a_release_cannot_hold_is_refused(
    tiny: Settings, tmp_path: Path, value: str, why: str, extension: str
) -> None:
    path = written(tmp_path / f"a.{extension}", f"<{EX}s> <{EX}p> {value} .\n")
    with pytest.raises(BadFile, match=why):
        loaded(tiny, path)


@pytest.mark.parametrize("text", ["\\\\u0001", " <<( ", "\\u007F", "_:x"])
def test_what_only_looks_like_that_is_kept(tiny: Settings, tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "a.nt", f'<{EX}s> <{EX}p> "{text}" .\n')
    (expected,) = ox.parse(path=str(path), format=ox.RdfFormat.N_TRIPLES)
    assert triples_of(loaded(tiny, path).release) == [expected.triple]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.txt", b"", "not known as RDF by its name"),
        ("a.nt", b"", "no statements"),
        ("a.nt.gz", gzip.compress(BAD.encode(), mtime=0)[:-12], "not a whole .gz"),
        ("a.nt.gz", b"not gzip", "not a whole .gz"),
        ("a.ttl.zst", b"not zstd", "not a whole .zst"),
        ("a.ttl.bz2", b"not bzip2", "cannot be read"),
        ("a.nt", b"\xff\xfe", "UTF-8|must be"),
        ("a.jsonld", b'{"@context": "https://example.org/c", "a": 1}', "remote contexts"),
    ],
)
def test_a_file_that_cannot_be_used_leaves_nothing(
    tiny: Settings, tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    with pytest.raises(BadFile, match=why):
        loaded(tiny, written(tmp_path / name, content))
    assert not tiny.releases.exists() or not list(tiny.releases.iterdir())


def test_a_line_without_end_is_refused(
    tiny: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_LONGEST_LINE", 100)
    monkeypatch.setattr(sources, "_SMALLEST_PIECE", 10)
    with pytest.raises(BadFile, match="a line of more than 100 bytes"):
        loaded(tiny, written(tmp_path / "a.nt", "x" * 1000))


def test_only_the_wished_dumps_are_written(tiny: Settings, tmp_path: Path) -> None:
    release = loaded(tiny, written(tmp_path / "a.ttl", TEXT), dumps=[TURTLE]).release
    names = {path.name for path in release.dumps.iterdir()}
    plain = {f"migkg.{item.extension}" for item in (NQUADS, TURTLE)}
    assert names == {n + end for n in plain for end in ("", ".gz", ".zst")} | {"SHA256SUMS"}


def test_a_loaded_release_is_counted(tiny: Settings, tmp_path: Path) -> None:
    release = loaded(tiny, written(tmp_path / "a.ttl", TEXT)).release
    assert release.manifest["files"].keys() >= {statistics.FILE}
    assert statistics.of_release(release, tiny.base_iri).subjects


def test_the_prefixes_of_the_files_are_those_of_the_dumps(tiny: Settings, tmp_path: Path) -> None:
    first = written(tmp_path / "a.ttl", TEXT)
    second = written(tmp_path / "b.ttl", f"@prefix ex: <{EX}other/> . ex:x ex:y ex:z .")
    release = loaded(tiny, first, second).release
    assert release.prefixes["ex"] == EX
    assert b"\nex:a ex:p" in (release.dumps / "migkg.ttl").read_bytes()


def test_it_is_put_into_service_only_if_that_is_wished(tiny: Settings, tmp_path: Path) -> None:
    path = written(tmp_path / "a.ttl", TEXT)
    loaded(tiny, path)
    with pytest.raises(NoRelease):
        open_current(tiny.releases)
    release = loaded(tiny, path, current=True).release
    assert open_current(tiny.releases) == release


def test_shapes_are_held_against_the_files(tiny: Settings, tmp_path: Path) -> None:
    shapes = written(tmp_path / "shapes.ttl", FILES["shapes/books.ttl"])
    good = written(tmp_path / "good.ttl", FILES["data/books.ttl"])
    bad = written(tmp_path / "bad.ttl", FILES["data/books.ttl"].replace("tiny:title", "tiny:name"))
    release = loaded(tiny, good, shapes=[shapes]).release
    report = (release.folder / "report.txt").read_text("utf-8")
    assert report.startswith("Conforms to shapes.ttl.")
    with pytest.raises(InvalidData) as caught:
        loaded(tiny, bad, shapes=[shapes])
    assert isinstance(caught.value.report, Report)
    assert len(caught.value.report.findings) == 2
    assert [path.name for path in tiny.releases.iterdir()] == [release.id]


def test_the_first_reasons_are_kept_in_order(
    tiny: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_SMALLEST_PIECE", 10)
    monkeypatch.setattr(reading, "_MOST_PROBLEMS", 3)
    path = written(tmp_path / "a.nt", "wrong\n" * 30 + f'<{EX}a> <{EX}p> "1" .\n')
    found = loaded(tiny, path, skip=True).reading
    assert (found.skipped, [problem.line for problem in found.problems]) == (30, [1, 2, 3])


def test_every_dataset_format_keeps_its_graphs(tiny: Settings, tmp_path: Path) -> None:
    quads = [
        ox.Quad(ox.NamedNode(EX + n), ox.NamedNode(EX), ox.Literal(n), ox.NamedNode(EX + n))
        for n in "ab"
    ]
    for item in (i for i in DUMP_FORMATS if i.kind is Kind.DATASET):
        text = ox.serialize(quads, format=RDF_FORMATS[item.name])
        path = written(tmp_path / f"a.{item.extension}", text or b"")
        assert set(quads_of(loaded(tiny, path).release)) == set(quads)
