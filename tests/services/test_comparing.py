"""What differs between two releases or files is found, and a patch of it makes one of the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migkg.engine.release import Release
from migkg.errors import BadFile, NoRelease
from migkg.services.comparing import Difference, sorted_quads
from migkg.services.loading import Wishes, load
from migkg.settings import Settings

EX = "https://example.org/"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
CS = "http://purl.org/vocab/changeset/schema#"
OLD = f"""
<{EX}a> {TYPE} <{EX}Book> <{EX}g> .
<{EX}a> <{EX}title> "A" <{EX}g> .
<{EX}b> {TYPE} <{EX}Shelf> <{EX}g> .
<{EX}c> <{EX}p> "1" <{EX}g> .
"""
NEW = f"""
<{EX}a> {TYPE} <{EX}Book> <{EX}g> .
<{EX}a> <{EX}title> "B" <{EX}g> .
<{EX}a> <{EX}title> "C" <{EX}h> .
<{EX}b> {TYPE} <{EX}Shelf> <{EX}g> .
<{EX}c> <{EX}p> "1" <{EX}h> .
"""


def ordered(path: Path, text: str) -> Path:
    """A file of the lines in order, as a release has them."""
    lines = sorted({line.encode() + b"\n" for line in text.splitlines() if line})
    path.write_bytes(b"".join(lines))
    return path


def between(folder: Path, old: str, new: str, *, graphs: bool = True) -> Difference:
    return Difference(ordered(folder / "old", old), ordered(folder / "new", new), graphs=graphs)


def patched(quads: set[str], patch: Iterator[str]) -> set[str]:
    """What a patch makes of quads; whatever it removes must be there, and what it adds not."""
    for line in "".join(patch).splitlines():
        code, _, quad = line.partition(" ")
        if code == "D":
            quads.remove(quad)
        elif code == "A":
            assert quad not in quads
            quads.add(quad)
    return quads


def test_the_text_has_each_line_and_counts_by_graph_and_class(tmp_path: Path) -> None:
    assert (
        "".join(between(tmp_path, OLD, NEW).as_text(summary=False))
        == f"""\
- <{EX}a> <{EX}title> "A" <{EX}g> .
+ <{EX}a> <{EX}title> "B" <{EX}g> .
+ <{EX}a> <{EX}title> "C" <{EX}h> .
- <{EX}c> <{EX}p> "1" <{EX}g> .
+ <{EX}c> <{EX}p> "1" <{EX}h> .

     added    removed  graph
         1          2  <{EX}g>
         2          0  <{EX}h>

     added    removed  class of the subject
         1          1  (none)
         2          1  <{EX}Book>
"""
    )


def test_a_summary_has_only_the_counts(tmp_path: Path) -> None:
    text = "".join(between(tmp_path, OLD, NEW).as_text(summary=True))
    assert text.startswith("\n     added    removed  graph\n")


def test_without_graphs_only_triples_count(tmp_path: Path) -> None:
    text = "".join(between(tmp_path, OLD, NEW, graphs=False).as_text(summary=False))
    assert f'<{EX}c> <{EX}p> "1"' not in text
    assert f'+ <{EX}a> <{EX}title> "C" .\n' in text


@pytest.mark.parametrize("graphs", [True, False])
def test_what_is_the_same_has_no_difference(tmp_path: Path, graphs: bool) -> None:
    difference = between(tmp_path, OLD, OLD, graphs=graphs)
    assert "".join(difference.as_text(summary=False)) == ""
    assert difference.is_empty
    assert "".join(difference.as_patch()).splitlines()[2:] == ["TX .", "TC ."]
    assert difference.is_empty
    assert "".join(between(tmp_path, OLD, NEW).as_patch()).count("\nA ") == 3


def test_turtle_says_the_same_as_changesets(tmp_path: Path) -> None:
    text = "".join(between(tmp_path, OLD, NEW).as_turtle())
    store = ox.Store()
    store.load(text, format=ox.RdfFormat.TURTLE)
    found = store.query(f"""PREFIX cs: <{CS}> PREFIX dc: <http://purl.org/dc/terms/>
        PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
        SELECT ?change ?s ?p ?o ?g {{ [] a cs:ChangeSet ; cs:subjectOfChange ?s ; ?change
        [ a rdf:Statement ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ; dc:isPartOf ?g ] }}
        """)
    assert isinstance(found, ox.QuerySolutions)
    signs = {f"<{CS}removal>": "-", f"<{CS}addition>": "+"}
    rows = [[str(term) for term in row] for row in found]
    changes = {" ".join((signs[change], *quad, ".")) for change, *quad in rows}
    text = "".join(between(tmp_path, OLD, NEW).as_text(summary=False))
    assert changes == set(text.partition("\n\n")[0].splitlines())


QUADS = st.lists(
    st.builds(
        lambda s, o, g: f"<{EX}{s}> <{EX}p> {o} <{EX}{g}> .",
        st.sampled_from("abc"),
        st.sampled_from(['"a"', '"a"@en', '"a b"', f"<{EX}a>", '"<a>"']),
        st.sampled_from("gh"),
    )
).map("\n".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(QUADS, QUADS)
def test_a_patch_makes_the_new_of_the_old(tmp_path: Path, old: str, new: str) -> None:
    difference = between(tmp_path, old, new)
    assert patched(set(old.splitlines()), difference.as_patch()) == set(new.splitlines())
    assert difference.is_empty == (set(old.splitlines()) == set(new.splitlines()))


def given_release(tiny: Settings, tmp_path: Path) -> Release:
    path = tmp_path / "given.nq"
    path.write_text(OLD, "utf-8")
    return load([path], Wishes(current=True), tiny, lambda _: None).release


def test_releases_and_files_can_be_compared(tiny: Settings, tmp_path: Path) -> None:
    release = given_release(tiny, tmp_path)
    expected = release.store.read_bytes()
    dump = release.dumps / "migkg.trig.gz"
    for name in (release.id, "current", str(release.folder), str(dump), str(tmp_path / "given.nq")):
        with sorted_quads(name, tiny, lambda _: None) as path:
            assert path.read_bytes() == expected
    assert path.exists() is False


def test_what_cannot_be_compared_is_named(tiny: Settings, tmp_path: Path) -> None:
    release = given_release(tiny, tmp_path)
    with (
        pytest.raises(NoRelease, match=f"no release absent .* there is {release.id}"),
        sorted_quads("absent", tiny, lambda _: None),
    ):
        pass
    (tmp_path / "a.txt").write_bytes(b"")
    with (
        pytest.raises(BadFile, match="not known as RDF"),
        sorted_quads(str(tmp_path / "a.txt"), tiny, lambda _: None),
    ):
        pass
