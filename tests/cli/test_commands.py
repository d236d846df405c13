"""What each command does, as its user sees it: output, complaint, exit status."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pyoxigraph as ox
import pytest

from migkg.cli.main import _parser
from migkg.engine.answering import RDF_FORMATS
from migkg.engine.release import open_current
from migkg.model.formats import DUMP_FORMATS, Format
from migkg.settings import Settings
from tests.cli.conftest import Run, command
from tests.tiny import BASE, FILES, TITLES_CSV, edit

DOCUMENT = f"{BASE}id/document/1"
TEXT = "First words.\n\nAnn wrote A, and Ann wrote B.\n"


def commands() -> list[tuple[str, ...]]:
    """Every command and every action of a command."""

    def below(parser, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        found = [path] if path else []
        for action in parser._actions:
            for name, part in (action.choices or {}).items() if _has_parts(action) else ():
                found += below(part, (*path, name))
        return found

    return below(_parser(), ())


def _has_parts(action) -> bool:
    return isinstance(action.choices, dict)


def complains(done: subprocess.CompletedProcess[bytes], status: int) -> str:
    """The one sentence of a command that failed with this status."""
    text = done.stderr.decode()
    assert done.returncode == status, text
    assert "Traceback" not in text
    return text.splitlines()[-1]


@pytest.fixture
def built(migkg: Run) -> None:
    assert migkg("build").returncode == 0


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_has_help(migkg: Run, path: tuple[str, ...]) -> None:
    done = migkg(*path, "--help")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(f"usage: migkg {' '.join(path)} ".encode())


def test_the_command_names_its_commands_and_its_version(migkg: Run) -> None:
    text = migkg("--help").stdout.decode()
    assert all(path[0] in text for path in commands())
    assert migkg("--version").stdout.startswith(b"migkg ")


def test_the_help_of_serve_lists_every_setting(migkg: Run) -> None:
    text = migkg("serve", "--help").stdout.decode()
    assert all(f"{name}=" in text for name, _, _ in Settings().describe())


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("absent",),
        ("build", "--absent"),
        ("query",),
        ("evidence",),
        ("evidence", "verify"),
        ("evidence", "cite", "--sources", "."),
        ("serve", "--port", "http"),
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_status_2(migkg: Run, arguments: tuple[str, ...]) -> None:
    done = migkg(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"usage: migkg")


@pytest.mark.parametrize("url", ["publish=http://127.0.0.1:9/", "ftp://127.0.0.1:9/", "a=b"])
def test_serve_waits_for_no_endpoint_that_cannot_be_one(migkg: Run, url: str) -> None:
    done = migkg("serve", "--engine-url", url)
    complains(done, 2)
    assert b"MIGKG_ENGINE_URL" in done.stderr


def test_build_puts_a_release_into_service(migkg: Run, tiny: Settings) -> None:
    done = migkg("build")
    release = open_current(tiny.releases)
    assert done.returncode == 0
    assert done.stdout.decode() == (
        f"Release {release.id}: 18 triples in 4 graphs, {release.folder}\n"
        "Queries read it from memory: 18 quads take about 0 MB, within MIGKG_MEMORY_BUDGET "
        "(4,295 MB).\n"
    )
    assert b"s  shapes\n" in done.stderr


@pytest.mark.parametrize("name", ["build", "check"])
def test_data_that_breaks_a_rule_is_status_1_with_the_report(
    migkg: Run, tiny: Settings, name: str
) -> None:
    edit(tiny, "data/books.ttl", '  tiny:title "B"@en ;\n', "")
    done = migkg(name)
    complains(done, 1)
    assert b"data/books.ttl: https://tiny.example/id/book/b" in done.stderr
    assert b"to do: Give the book a title." in done.stderr
    assert not tiny.releases.exists()


@pytest.mark.parametrize("words", ["build", "check", "format --check", "format"])
def test_a_file_that_cannot_be_read_is_status_1_with_its_place(
    migkg: Run, tiny: Settings, words: str
) -> None:
    path = Path(str(tiny.project)) / "data" / "books.ttl"
    edit(tiny, "data/books.ttl", "tiny:Book ;", "tiny:Book tiny:Book ;")
    broken = path.read_bytes()
    assert complains(migkg(*words.split()), 1).startswith(f"migkg: {path}:6:")
    assert path.read_bytes() == broken
    assert not tiny.releases.exists()


def test_a_stored_query_that_is_not_utf_8_is_status_1_with_its_file(
    migkg: Run, tiny: Settings
) -> None:
    path = Path(str(tiny.project)) / "queries" / "titles.rq"
    path.write_bytes(path.read_bytes() + b"# caf\xe9\n")
    assert f"{path} is not UTF-8 at byte " in complains(migkg("check"), 1)


def test_check_says_what_it_checked_and_makes_no_release(migkg: Run, tiny: Settings) -> None:
    done = migkg("check")
    assert (done.returncode, done.stdout) == (
        0,
        b"All is well: 4 files, 1 stored queries, 18 triples.\n",
    )
    assert not tiny.releases.exists()


def test_format_tells_and_rewrites(migkg: Run, tiny: Settings) -> None:
    assert migkg("format", "--check").returncode == 0
    path = Path(str(tiny.project)) / "data" / "books.ttl"
    canonical = path.read_bytes()
    edit(tiny, "data/books.ttl", "  a tiny:Book ;\n", "  a   tiny:Book ;\n")
    told = migkg("format", "--check")
    assert (told.returncode, told.stdout.decode()) == (1, f"{path} is not canonical\n")
    rewritten = migkg("format", str(path))
    assert (rewritten.returncode, rewritten.stdout.decode()) == (0, f"{path} rewritten\n")
    assert path.read_bytes() == canonical
    assert migkg("format").stdout == b""


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("way", ["name", "text", "file", "input"])
def test_a_query_comes_by_name_text_file_or_input(migkg: Run, tmp_path: Path, way: str) -> None:
    text = FILES["queries/titles.rq"]
    path = tmp_path / "other.rq"
    path.write_text(text)
    argument = {"name": "titles", "text": text, "file": str(path), "input": "-"}[way]
    done = migkg("query", argument, stdin=text.encode())
    assert (done.returncode, done.stdout, done.stderr) == (0, TITLES_CSV, b"")


@pytest.mark.usefixtures("built")
def test_a_query_answers_in_the_format_asked_for(migkg: Run) -> None:
    as_json = json.loads(migkg("query", "titles", "--format", "json").stdout)
    assert as_json["head"]["vars"] == ["title"]
    graph = "CONSTRUCT { ?b ?p ?o } { ?b <https://tiny.example/ontology#title> ?o ; ?p ?o }"
    triples = migkg("query", graph, "--format", "nt").stdout
    assert len(list(ox.parse(triples, format=ox.RdfFormat.N_TRIPLES))) == 2
    turtle = migkg("query", graph).stdout
    assert len(list(ox.parse(turtle, format=ox.RdfFormat.TURTLE))) == 2


def on_terminal(settings: Settings, *arguments: str) -> str:
    """What a command writes to a terminal of 40 columns."""
    ours, theirs = pty.openpty()
    line, environment = command(settings, *arguments)
    with subprocess.Popen(
        line, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.DEVNULL
    ):
        os.close(theirs)
        written = b""
        try:
            while part := os.read(ours, 4096):
                written += part
        except OSError:  # how Linux says that the other side is closed
            pass
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


@pytest.mark.usefixtures("built")
def test_on_a_terminal_results_are_a_table(tiny: Settings) -> None:
    table = f'title\n{"─" * 9}\nAnn\'s "A"\nB\n2 rows\n'
    assert on_terminal(tiny, "query", "titles") == table
    assert on_terminal(tiny, "query", "ASK {}") == "yes\n"
    assert on_terminal(tiny, "query", "titles", "--format", "csv").startswith("title\r")


@pytest.mark.usefixtures("built")
def test_a_table_is_no_wider_than_the_terminal(tiny: Settings) -> None:
    lines = on_terminal(tiny, "query", "SELECT * { ?subject ?predicate ?object }").splitlines()
    assert max(map(len, lines)) <= 40
    assert any("…" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "status", "why"),
    [
        (("query", "ASK {}"), 1, "There is no release"),
        (("export",), 1, "There is no release"),
        (("query", "absent"), 2, "neither a query, a file, nor a stored query"),
        (("query", "SELECT * { 'no end }"), 2, "line 1, column 12"),
        (("query", "SELECT * { SERVICE <x> {} }"), 2, "SERVICE is not allowed"),
        (("query", "ASK {}", "--format", "ttl"), 2, "has no format ttl"),
        (("query", "{}"), 2, "There is no SELECT"),
        (("export", "--format", "csv"), 2, "no RDF format csv"),
        (("format", "absent.ttl"), 2, "absent.ttl cannot be read"),
        (("check", "--project", "absent"), 2, "is not a project"),
        (("evidence", "verify", "--sources", "absent"), 2, "is not a folder"),
        (("evidence", "cite", "--sources", ".", "http://e/1", "x"), 2, "not a source document"),
        (("query", "--endpoint", "http://127.0.0.1:9/", "ASK {}"), 1, "did not answer"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_failure_is_one_sentence(
    migkg: Run, arguments: tuple[str, ...], status: int, why: str
) -> None:
    done = migkg(*arguments)
    assert why in complains(done, status)
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1


@pytest.mark.usefixtures("built")
def test_a_query_that_only_the_engine_refuses_has_its_place(migkg: Run) -> None:
    assert "line 2, column " in complains(migkg("query", "SELECT * {\n ?s ?p }"), 2)


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT * {", "line 1, column 10: This { is never closed."),
        (
            "SELECT * {\n ?s tiny:title ?t }",
            "line 2, column 5: The prefix tiny: is not declared. "
            f"Begin the query with: PREFIX tiny: <{BASE}ontology#>",
        ),
    ],
    ids=["bracket", "prefix"],
)
def test_a_common_slip_in_a_query_is_told_in_plain_words(migkg: Run, text: str, why: str) -> None:
    assert complains(migkg("query", text), 2) == f"migkg: {why}"


@pytest.mark.usefixtures("built")
def test_a_query_that_is_not_utf_8_is_told_where(migkg: Run) -> None:
    text = b"ASK { ?s ?p '\xff' }"
    for done in (migkg("query", "-", stdin=text), migkg("query", os.fsdecode(text))):
        assert complains(done, 2) == "migkg: The text is not UTF-8 at byte 13."


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("item", DUMP_FORMATS, ids=lambda item: item.name)
def test_export_is_the_dump(migkg: Run, tiny: Settings, tmp_path: Path, item: Format) -> None:
    dump = (open_current(tiny.releases).dumps / f"migkg.{item.extension}").read_bytes()
    assert migkg("export", "--format", item.name).stdout == dump
    output = tmp_path / "out"
    assert migkg("export", "--format", item.name, "--output", str(output)).stdout == b""
    assert output.read_bytes() == dump


@pytest.mark.usefixtures("built")
def test_export_of_one_graph(migkg: Run, tmp_path: Path) -> None:
    arguments = ("export", "--graph", f"{BASE}graph/shelf/1", "--format", "ttl")
    (quad,) = ox.parse(migkg(*arguments).stdout, format=RDF_FORMATS["ttl"])
    assert quad.object == ox.NamedNode(f"{BASE}id/book/a")
    output = tmp_path / "out.ttl"
    assert migkg(*arguments, "--output", str(output)).stdout == b""
    assert list(ox.parse(path=str(output))) == [quad]
    unknown = migkg("export", "--graph", f"{BASE}graph/absent")
    assert complains(unknown, 2).strip().startswith(f"{BASE}graph/")
    assert b"There is no graph" in unknown.stderr


@pytest.mark.usefixtures("built")
def test_a_file_that_cannot_be_written_is_a_sentence(migkg: Run, tmp_path: Path) -> None:
    done = migkg("export", "--output", str(tmp_path / "absent" / "out"))
    assert "No such file or directory" in complains(done, 2)


def test_a_file_that_is_not_utf8_is_a_sentence(migkg: Run, tmp_path: Path) -> None:
    path = tmp_path / "latin.rq"
    path.write_bytes(b"ASK { # S\xe3o\n}")
    assert "not UTF-8" in complains(migkg("query", str(path)), 2)


@pytest.mark.usefixtures("built")
def test_a_reader_that_stops_early_is_no_error(tiny: Settings) -> None:
    line, environment = command(tiny, "export", "--format", "nq")
    with subprocess.Popen(
        line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_a_query_can_go_to_an_endpoint(migkg: Run) -> None:
    asked: list[tuple[str, bytes]] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.headers["Accept"], body))
            self.send_response(200)
            self.send_header("Content-Type", "text/csv")
            self.end_headers()
            self.wfile.write(b"title\r\nA\r\n")

        def log_message(self, *_: object) -> None:
            """Writes nothing."""

    with HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        done = migkg("query", "titles", "--endpoint", f"http://127.0.0.1:{server.server_port}/")
        thread.join()
    assert (done.returncode, done.stdout) == (0, b"title\r\nA\r\n")
    ((accept, body),) = asked
    assert accept == "text/csv"
    assert b"ORDER" in body


@pytest.mark.parametrize("url", ["nonsense", "file:///etc/passwd", "ftp://127.0.0.1/", ""])
def test_what_is_no_endpoint_is_a_sentence(migkg: Run, url: str) -> None:
    done = migkg("query", "ASK {}", f"--endpoint={url}")
    assert complains(done, 2) == (
        f"migkg: {url!r} is no endpoint; give an address that begins with http:// or https://."
    )


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:port/", "no URL"),
        ("http://[::1/", "no URL"),
        ("http://somebody:hidden@127.0.0.1/", "credentials"),
    ],
)
def test_an_endpoint_that_cannot_be_asked_is_a_sentence(migkg: Run, url: str, why: str) -> None:
    told = complains(migkg("query", "ASK {}", "--endpoint", url), 2)
    assert why in told
    assert "hidden" not in told


PROBLEM = b'{"detail": "This { is\\nnever closed.", "line": 3, "column": 7}'
DID_NOT = "/ did not answer the query: "


@pytest.mark.parametrize(
    ("code", "body", "status", "told"),
    [
        (400, PROBLEM, 2, "migkg: line 3, column 7: This { is never closed."),
        (400, b"error at 1:5: expected x\nmore", 2, "migkg: error at 1:5: expected x"),
        (400, b"<html>it's wrong</html>", 1, DID_NOT + "QueryBadFormed: A bad request"),
        (500, b"", 1, DID_NOT + "EndPointInternalError: "),
        (503, b'{"detail": "Too many queries."}', 1, DID_NOT + "Too many queries."),
        (429, b"[]", 1, DID_NOT + "HTTP Error 429"),
        (200, b"<html>hello</html>", 1, "/ answered with text/html, not text/csv; it may be no"),
    ],
)
def test_what_an_endpoint_refuses_is_one_sentence(
    migkg: Run, code: int, body: bytes, status: int, told: str
) -> None:
    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(code)
            if code == 200:
                self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Writes nothing."""

    with HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        done = migkg("query", "ASK {}", "--endpoint", f"http://127.0.0.1:{server.server_port}/")
        thread.join()
    assert told in complains(done, status)
    assert done.stderr.count(b"\n") == 1


@pytest.fixture
def sources(tiny: Settings, tmp_path: Path) -> Path:
    """A folder with the one document of the project, which describes it."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "one.txt").write_text(TEXT, "utf-8")
    digest = sha256(TEXT.encode()).hexdigest()
    (Path(str(tiny.project)) / "data" / "documents.ttl").write_text(
        f'<{DOCUMENT}> <{BASE}ontology#sha256> "{digest}" .\n', "utf-8"
    )
    return folder


def test_what_is_cited_is_verified(migkg: Run, tiny: Settings, sources: Path) -> None:
    cited = migkg("evidence", "cite", "--sources", str(sources), DOCUMENT, "Ann wrote")
    assert cited.returncode == 0
    path = Path(str(tiny.project)) / "data" / "evidence.ttl"
    path.write_bytes(cited.stdout)
    verified = migkg("evidence", "verify", "--sources", str(sources))
    assert (verified.returncode, verified.stdout) == (0, b"0 wrong of 2\n")
    path.write_bytes(cited.stdout.replace(b'"Ann wrote"', b'"Ann said"', 1))
    wrong = migkg("evidence", "verify", "--sources", str(sources))
    assert wrong.returncode == 1
    assert wrong.stdout.endswith(b"1 wrong of 2\n")
    assert f"{BASE}id/evidence/1-".encode() in wrong.stdout


@pytest.mark.parametrize(
    ("phrase", "why"),
    [
        ("absent", "does not occur within one paragraph"),
        ("words.\n\nAnn", "does not occur within one paragraph"),
        ("a b c d e f g h i j k l m", "The phrase has 13 words; at most 12"),
    ],
)
def test_a_phrase_that_cannot_be_cited_is_a_sentence(
    migkg: Run, sources: Path, phrase: str, why: str
) -> None:
    done = migkg("evidence", "cite", "--sources", str(sources), DOCUMENT, phrase)
    assert why in complains(done, 2)
