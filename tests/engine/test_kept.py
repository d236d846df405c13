"""Releases that are kept: found, held, pruned, dated, and compared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from migkg.engine import changes, history, kept
from migkg.engine.compiling import compile_release
from migkg.engine.release import Release, make_current, open_current
from migkg.errors import AmbiguousRelease, NoRelease, UnknownRelease
from migkg.services.building import build
from migkg.services.current import put_into_service
from migkg.settings import Settings
from tests.tiny import edit, make_project

EX = "https://example.org/"
A = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


def iri(name: str) -> ox.NamedNode:
    return ox.NamedNode(EX + name)


def release_of(folder: Path, *triples: tuple[str, str, str]) -> Release:
    """A release whose triples are named in short; the property ``a`` is the type."""
    quads = [
        ox.Quad(iri(s), A if p == "a" else iri(p), iri(o), iri("graph")) for s, p, o in triples
    ]
    return compile_release(quads, folder, prefixes={}, extra={}, progress=lambda _: None)


def several(folder: Path, number: int) -> list[Release]:
    """Releases put into service one after the other."""
    settings = Settings(releases=folder, keep_releases=100)
    made = [release_of(folder, ("s", "p", f"o{n}")) for n in range(number)]
    for release in made:
        put_into_service(release, settings)
    return made


def test_the_newest_is_listed_first(tmp_path: Path) -> None:
    made = several(tmp_path, 3)
    assert kept.identifiers(tmp_path) == [release.id for release in reversed(made)]
    make_current(made[0], tmp_path)
    put_into_service(made[1], Settings(releases=tmp_path))
    assert kept.identifiers(tmp_path)[0] == made[1].id


def test_a_release_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    one, other = several(tmp_path, 2)
    assert kept.find(tmp_path, one.id) == kept.find(tmp_path, one.id[:8]) == one.id
    for unknown in ("", "zzz", "../" + one.id, one.id + "0"):
        with pytest.raises(UnknownRelease) as caught:
            kept.find(tmp_path, unknown)
        assert set(caught.value.available) == {one.id, other.id}


def test_a_beginning_that_several_have_is_ambiguous(tmp_path: Path) -> None:
    made = several(tmp_path, 20)
    starts = [release.id[0] for release in made]
    start = max(starts, key=starts.count)
    with pytest.raises(AmbiguousRelease) as caught:
        kept.find(tmp_path, start)
    assert len(caught.value.available) == starts.count(start)


def test_where_there_is_no_folder_nothing_is_kept(tmp_path: Path) -> None:
    assert kept.identifiers(tmp_path / "none") == []
    assert kept.current_id(tmp_path / "none") is None


def test_a_build_prunes_what_is_too_old(tmp_path: Path) -> None:
    settings = make_project(tmp_path)
    settings = Settings(**{**vars(settings), "keep_releases": 2})
    made = [build(settings, lambda _: None)]
    for old, new in (("B", "C"), ("C", "D"), ("D", "E")):
        edit(settings, "data/books.ttl", f'"{old}"@en', f'"{new}"@en')
        made.append(build(settings, lambda _: None))
    assert kept.identifiers(settings.releases) == [made[3].id, made[2].id]
    assert open_current(settings.releases).id == made[3].id
    assert [event.before for event in history.read(settings.releases)] == [
        None,
        *(release.id for release in made[:3]),
    ]
    assert not [path for path in settings.releases.iterdir() if path.name.startswith(".pruned")]


def test_what_is_pinned_current_or_held_is_not_pruned(tmp_path: Path) -> None:
    made = several(tmp_path, 5)
    make_current(made[0], tmp_path)
    program = """
import sys
from pathlib import Path
from migkg.engine.kept import Hold
from migkg.engine.release import open_release
hold = Hold(open_release(Path(sys.argv[1])))
print("held", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(made[1].folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdin
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        assert kept.prune(tmp_path, 1, {made[2].id}) == [made[3].id]
        other.stdin.close()
        other.wait(10)
    assert kept.prune(tmp_path, 1, {made[2].id}) == [made[1].id]


def test_what_was_never_in_service_is_not_pruned(tmp_path: Path) -> None:
    loaded = release_of(tmp_path, ("loaded", "p", "o"))
    made = several(tmp_path, 3)
    assert kept.prune(tmp_path, 1, ()) == [made[1].id, made[0].id]
    assert kept.identifiers(tmp_path) == [made[2].id, loaded.id]


def test_what_was_pruned_cannot_be_held(tmp_path: Path) -> None:
    made = several(tmp_path, 2)
    kept.prune(tmp_path, 1, ())
    with pytest.raises(NoRelease):
        kept.Hold(made[0])


def test_changes_are_counted_by_class(tmp_path: Path) -> None:
    old = release_of(
        tmp_path, ("x", "a", "City"), ("x", "p", "1"), ("gone", "a", "Event"), ("n", "p", "1")
    )
    new = release_of(
        tmp_path,
        *[("x", "a", "City"), ("x", "a", "Place"), ("x", "p", "2"), ("x", "p", "3")],
        *[("n", "p", "1"), ("n", "q", "1"), ("y", "a", "Event")],
    )
    found = changes.between(old, new)
    assert found.added == {"": 1, f"{EX}City": 3, f"{EX}Place": 3, f"{EX}Event": 1}
    assert found.removed == {f"{EX}City": 1, f"{EX}Event": 1}
    assert changes.between(new, new) == changes.Changes()


def test_a_release_put_back_is_recorded_again(tmp_path: Path) -> None:
    one, other = several(tmp_path, 2)
    settings = Settings(releases=tmp_path)
    put_into_service(one, settings)
    put_into_service(one, settings)
    assert [event.id for event in history.read(tmp_path)] == [one.id, other.id, one.id]
    assert history.event_of(one).before == other.id


def test_a_record_that_cannot_be_read_costs_only_dates(tmp_path: Path) -> None:
    (one,) = several(tmp_path, 1)
    (tmp_path / history.FILE).write_text("[{", "utf-8")
    assert history.read(tmp_path) == []
    assert history.event_of(one).made.endswith("Z")
    assert kept.identifiers(tmp_path) == [one.id]
