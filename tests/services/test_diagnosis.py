"""What an endpoint can is found out by asking it, within a time for each question."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from migkg.cli.main import main
from migkg.engine.http_client import HttpClient
from migkg.engine.rdf_server import reading
from migkg.errors import PublishFailed
from migkg.services.diagnosis import (
    HEAVY,
    QUESTIONS,
    Endpoint,
    Finding,
    Verdict,
    diagnose,
    is_usable,
)
from migkg.settings import Settings
from tests.conftest import Service
from tests.engines import empty_oxigraph, empty_virtuoso, faulty

YES, NO, UNCLEAR = Verdict
LINES = "".join(f"<http://e/s> <http://e/p> {number} .\n" for number in range(20_001)).encode()


@pytest.fixture(scope="module")
def oxigraph() -> Iterator[str]:
    with empty_oxigraph() as url, closing(HttpClient()) as client:
        headers = {"Content-Type": "text/turtle"}
        client.send("PUT", f"{url}/store?graph=http://e/g", body=LINES, headers=headers)
        yield url


def answers(url: str, seconds: float = 10.0) -> dict[str, Verdict]:
    found = {
        (q.group, q.text): f.verdict
        for q, f in diagnose(Endpoint(url, seconds, Settings()), QUESTIONS)
    }
    return {f"{group}: {text}": verdict for (group, text), verdict in found.items()}


def test_of_an_oxigraph_server_it_is_known_what_it_cannot(oxigraph: str) -> None:
    found = answers(f"{oxigraph}/query")
    assert {name for name, verdict in found.items() if verdict is not YES} == {
        "requests: answers HEAD",
        "requests: allows other origins (CORS)",
        "requests: compresses",
        "errors: takes updates from anybody (query=)",
        "errors: takes updates from anybody (update=)",
        "datasets: the default graph is the union",
        "SPARQL 1.1: a filter beside UNDEF",  # its default graph is empty
    }


def test_the_service_itself_can_all_that_is_needed(service: Service) -> None:
    found = list(diagnose(Endpoint(service.sparql, 10, Settings()), QUESTIONS))
    assert is_usable(found)
    differing = {q.text for q, f in found if f.verdict is not q.wanted}
    assert differing == {"compresses", "has a graph store where its kind has it"}


def test_virtuoso_can_be_used_and_is_asked_by_forms(tmp_path: Path) -> None:
    with empty_virtuoso(tmp_path) as url:
        found = list(diagnose(Endpoint(f"{url}/sparql", 3, Settings()), QUESTIONS))
    assert is_usable(found)
    named = {q.text: (q, f) for q, f in found}
    question, finding = named["answers POST of the query itself"]
    assert finding.verdict is NO
    assert "form" in question.consequence(finding)
    assert named["datatypes"][1].verdict is NO
    question, finding = named["the empty string in CONTAINS and its like"]
    assert (finding.verdict, question.consequence(finding)) == (NO, "queries with it are refused")


def everything_is_500(handler: BaseHTTPRequestHandler, _: int) -> bool:
    handler.send_error(500, "broken")
    return True


def everything_is_well(handler: BaseHTTPRequestHandler, _: int) -> bool:
    handler.send_response(200)
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"{}")
    return True


def all_is_json_of_another_kind(handler: BaseHTTPRequestHandler, _: int) -> bool:
    body = b'{"head": [], "results": [{"bindings": 1}], "boolean": "yes"}'
    handler.send_response(200)
    handler.send_header("Content-Type", "application/sparql-results+json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    return True


def nothing_is_answered(handler: BaseHTTPRequestHandler, _: int) -> bool:
    time.sleep(0.3)
    handler.close_connection = True
    return True


@pytest.mark.parametrize(
    "fault", [everything_is_500, everything_is_well, all_is_json_of_another_kind]
)
def test_what_does_not_speak_sparql_cannot_be_used(
    oxigraph: str,
    fault: Callable[[BaseHTTPRequestHandler, int], bool],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with faulty(oxigraph, fault) as url:
        assert main(["doctor", f"{url}/query", "--seconds", "60", "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert not report["usable"]
    assert len(report["answers"]) == len(QUESTIONS)
    is_open = [a for a in report["answers"] if "updates" in a["question"]]
    expected = "no" if fault is everything_is_500 else "yes"
    assert {a["answer"] for a in is_open} == {expected}
    assert all(bool(a["consequence"]) == (expected == "yes") for a in is_open)


def redirects(handler: BaseHTTPRequestHandler, _: int) -> bool:
    handler.send_response(301)
    handler.send_header("Location", "/elsewhere")
    handler.send_header("Content-Length", "0")
    handler.end_headers()
    return True


def wants_credentials(handler: BaseHTTPRequestHandler, _: int) -> bool:
    handler.send_error(401)
    return True


@pytest.mark.parametrize(
    ("fault", "asked", "advice"),
    [
        (nothing_is_answered, 3, "--seconds"),
        (redirects, len(QUESTIONS), "redirects"),
        (wants_credentials, len(QUESTIONS), "MIGKG_ENGINE_CREDENTIALS"),
    ],
)
def test_how_to_go_on_where_nothing_is_answered(
    oxigraph: str,
    fault: Callable[[BaseHTTPRequestHandler, int], bool],
    asked: int,
    advice: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with faulty(oxigraph, fault) as url:
        assert main(["doctor", url, "--seconds", "0.2"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == asked + 1
    assert advice in lines[-1]


def test_an_address_is_asked_as_it_is(oxigraph: str) -> None:
    paths: list[str] = []

    def noted(handler: BaseHTTPRequestHandler, _: int) -> bool:
        paths.append(handler.path)
        return everything_is_500(handler, _)

    with faulty(oxigraph, noted) as url:
        list(diagnose(Endpoint(f"{url}/sparql/", 5, Settings()), QUESTIONS[:3]))
        with (
            reading(Settings(), f"{url}/sparql/", deadline=5) as server,
            pytest.raises(PublishFailed),
        ):
            server.select("SELECT * {}")
    assert len(paths) == 4
    assert {path.partition("?")[0] for path in paths} == {"/sparql/"}


def test_parameters_of_an_address_stay(oxigraph: str) -> None:
    found = list(diagnose(Endpoint(f"{oxigraph}/query?x=1", 5, Settings()), QUESTIONS))
    assert is_usable(found)


def test_who_reads_is_told_of_the_credentials_for_reading(oxigraph: str) -> None:
    with (
        faulty(oxigraph, wants_credentials) as url,
        reading(Settings(), url, deadline=5) as server,
        pytest.raises(PublishFailed, match="MIGKG_ENGINE_CREDENTIALS"),
    ):
        server.again().select("SELECT * {}")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["doctor", "ftp://e.example/"], "http"),
        (["doctor", "http://user:hidden@e.example/"], "environment"),
        (["doctor", "http://127.0.0.1:9/", "--seconds", "0"], "--seconds"),
        (["publish", "--to", "http://127.0.0.1:9/", "--keep", "1"], "--keep"),
    ],
)
def test_what_is_called_wrongly_is_said_in_one_sentence(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert why in error
    assert "hidden" not in error
    assert error.count("\n") == 1


def test_the_text_has_a_line_for_each_question_and_a_verdict(
    oxigraph: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for form, more in (("text", 1), ("markdown", 4)):
        assert main(["doctor", f"{oxigraph}/query", "--format", form]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == len(QUESTIONS) + more
        assert "can be used" in lines[-1]


def test_a_server_that_is_kept_busy_answers_others_or_not() -> None:
    """The server is one of its own, as it cannot stop what it has begun."""
    with empty_oxigraph() as url:
        slow, others = (f for _, f in diagnose(Endpoint(f"{url}/query", 1, Settings()), HEAVY))
    assert slow == Finding(NO, "it did not answer in time")
    assert others.verdict is YES
