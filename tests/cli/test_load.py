"""``migkg load`` and ``migkg diff``, and the releases that other commands can be told to take."""

from __future__ import annotations

import gzip
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from migkg.engine.release import open_current
from migkg.settings import Settings
from tests.cli.conftest import Run, command
from tests.conftest import free_port, running

EX = "https://example.org/"
TEXT = f'<{EX}a> <{EX}p> "1" .\n<{EX}a> <{EX}p> "2" .\n'


@pytest.fixture
def given(tmp_path: Path) -> str:
    path = tmp_path / "given.nt.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    return str(path)


def release_id(output: bytes) -> str:
    return output.decode().split()[1].rstrip(":")


def test_a_loaded_release_can_be_asked_exported_and_compared(
    tiny: Settings, migkg: Run, given: str
) -> None:
    assert migkg("build").returncode == 0
    built = open_current(tiny.releases).id
    done = migkg("load", given, "--formats", "ttl")
    assert done.returncode == 0, done.stderr
    name = release_id(done.stdout)
    assert f"Serve it with: migkg serve --release {name}\n" in done.stdout.decode()
    assert "Queries read it from memory: 2 quads take about" in done.stdout.decode()
    assert open_current(tiny.releases).id == built
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    assert migkg("query", count, "--release", name).stdout == b"n\r\n2\r\n"
    assert migkg("export", "--format", "nt", "--release", name).stdout == TEXT.encode()
    assert migkg("diff", name, given, "--triples").returncode == 0
    differing = migkg("diff", name, "current", "--format", "rdf-patch")
    assert differing.returncode == 1
    assert differing.stdout.count(b"\nD ") == 2


def test_every_wrong_wish_is_refused_in_one_sentence(migkg: Run, given: str) -> None:
    for arguments, why in (
        (("load", given, "--graph", "no iri"), "no iri is not an absolute IRI."),
        (("load", given, "--base", "relative"), "relative is not an absolute IRI."),
        (("load", given, "--formats", "ttl,xml"), "There is no dump in xml; take ttl, nt, nq,"),
        (("load", "/absent.nt"), "/absent.nt"),
        (("load", "/absent.txt"), "not known as RDF by its name; known endings are .ttl"),
    ):
        done = migkg(*arguments)
        assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr
        assert why in done.stderr.decode()
    done = migkg("query", "ASK {}", "--release", "absent")
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert b"There is no release absent" in done.stderr


def test_wrong_lines_are_told(migkg: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.nt"
    path.write_text(TEXT + "wrong\n", "utf-8")
    done = migkg("load", str(path))
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"migkg: {path}:3:1: " in done.stderr.decode()
    done = migkg("load", str(path), "--skip-errors")
    assert done.returncode == 0
    assert "1 lines were left out, such as:\n" in done.stderr.decode()


def test_a_loaded_release_is_served_as_it_is(tiny: Settings, migkg: Run, given: str) -> None:
    name = release_id(migkg("load", given).stdout)
    port = free_port()
    arguments = ("serve", "--release", name, "--port", str(port), "--workers", "1")
    line, environment = command(tiny, *arguments)
    url = f"http://127.0.0.1:{port}"
    with running(line, f"{url}/readyz", environment):
        question = quote(f'ASK {{ <{EX}a> ?p "2" }}')
        with urlopen(f"{url}/sparql?query={question}") as reply:
            assert b"true" in reply.read()
        with urlopen(f"{url}/dumps/migkg.nt") as reply:
            assert reply.headers["Migkg-Release"] == name
            assert reply.read() == TEXT.encode()
        with urlopen(f"{url}/") as reply:
            assert reply.status == 200


def test_a_dump_that_rdf_xml_cannot_hold_is_told(migkg: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.nt"
    path.write_text(f'<{EX}a> <{EX}1> "1" .\n', "utf-8")
    done = migkg("load", str(path))
    assert b"There is no dump in RDF/XML" in done.stderr
    name = release_id(done.stdout)
    done = migkg("export", "--format", "rdf", "--release", name)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"cannot name" in done.stderr
