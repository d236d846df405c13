"""What an editor of queries asks: is it right, how does it look, which terms are there."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import BASE, Service
from tests.web.client import DIRECT, FORM, Reply, ask

WHOLE = "SELECT ?s WHERE { ?s ?p ?o }"


def send(service: Service, path: str, text: str) -> Reply:
    return ask(service, path, method="POST", headers={"Content-Type": DIRECT}, body=text.encode())


def check(service: Service, text: str) -> dict[str, Any]:
    reply = send(service, "/sparql/check", text)
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")
    return dict(reply.json())


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (WHOLE, "SELECT"),
        (f"{WHOLE} ORDER BY ?s LIMIT 5", "SELECT"),
        ("ASK { ?s ?p ?o }", "ASK"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "CONSTRUCT"),
        ("DESCRIBE <http://example.org/a>", "DESCRIBE"),
        ("SELECT * FROM <http://example.org/g> { GRAPH ?g { ?s <x>+ ?o } }", "SELECT"),
    ],
)
def test_a_query_that_can_be_run(service: Service, text: str, form: str) -> None:
    assert check(service, text) == {"form": form, "problems": []}


@pytest.mark.parametrize(
    ("text", "line", "column", "word"),
    [
        ("SELECT * {\n  ?s rdfs:label ?o }", 2, 6, "PREFIX rdfs: <http://"),
        ("ASK {\n  ?s ?p ?o", 1, 5, "never closed"),
        ("ASK { FILTER(true] }", 1, 18, "of line 1, column 13"),
        ("ASK { ?s ?p ?o }}", 1, 17, "closes nothing"),
        ("SELECT * {\n  SERVICE <x> {} }", 2, 3, "SERVICE"),
        ('ASK { ?s ?p "x }', 1, 13, "no end"),
        ("", 1, 1, "no SELECT"),
        ("DELETE WHERE { ?s ?p ?o }", 1, 1, "update"),
    ],
)
def test_what_is_wrong_and_where(
    service: Service, text: str, line: int, column: int, word: str
) -> None:
    answer = check(service, text)
    (problem,) = answer["problems"]
    assert answer["form"] is None
    assert (problem["line"], problem["column"]) == (line, column)
    assert word in problem["detail"]


def test_what_only_the_engine_knows_to_be_wrong(service: Service) -> None:
    answer = check(service, "SELECT * {\n  ?s ?p }")
    assert answer["form"] is None
    assert [problem["line"] for problem in answer["problems"]] == [2]


@pytest.mark.parametrize(
    "text", ["SELECT", "SELECT ?x", "SELECT * { ?s ?p }", "DESCRIBE", "CONSTRUCT"]
)
def test_the_check_says_what_the_endpoint_says(service: Service, text: str) -> None:
    (problem,) = check(service, text)["problems"]
    refusal = send(service, "/sparql", text).json()
    assert problem == {key: refusal[key] for key in ("detail", "line", "column")}


def test_checking_runs_nothing(service: Service) -> None:
    """Run on the data, this one ends at its deadline."""
    text = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?d) }"
    assert check(service, text)["form"] == "SELECT"


def test_a_form_can_be_sent_too(service: Service) -> None:
    headers = {"Content-Type": FORM}
    for path in ("/sparql/check", "/sparql/format"):
        reply = ask(service, path, method="POST", headers=headers, body=b"query=ASK%7B%7D")
        assert reply.status == 200


def test_a_browser_gets_the_problem_as_a_page_with_its_query(service: Service) -> None:
    path = f"/sparql?query={quote('ASK { <b> }')}"
    headers = {"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"}
    reply = ask(service, path, headers=headers)
    assert (reply.status, reply.media_type) == (400, "text/html")
    assert reply.headers["Cache-Control"] == "no-store"
    assert "ASK { &lt;b&gt; }</textarea>" in reply.text
    assert '<p id="problem" class="problem">Line 1, column ' in reply.text
    ask(service, path, headers={"Accept": "*/*"}).problem(400, "bad-query")
    ask(service, f"{path}&format=json", headers=headers).problem(400, "bad-query")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", 400),
        ("INSERT DATA { <urn:a> <urn:b> 1 }", 400),
        ("SELECT (STRLEN(CONCAT(" + "(" * 200, 400),
    ],
)
def test_a_problem_without_place_or_advice_is_a_page_too(
    service: Service, text: str, status: int
) -> None:
    reply = ask(service, f"/sparql?query={quote(text)}", headers={"Accept": "text/html"})
    assert (reply.status, reply.media_type) == (status, "text/html")
    assert '<p id="problem" class="problem">' in reply.text


def test_layout(service: Service) -> None:
    reply = send(service, "/sparql/format", "select*{?s a ?c;?p ?ö}#end")
    assert reply.text == "select * {\n  ?s a ?c ;\n    ?p ?ö\n} #end\n"
    assert reply.headers["Content-Type"] == "application/sparql-query; charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-store"


def test_what_cannot_be_laid_out(service: Service) -> None:
    problem = send(service, "/sparql/format", "ASK {\n ?s ?p 'x }").problem(400, "bad-query")
    assert (problem["line"], problem["column"]) == (2, 8)
    send(service, "/sparql/format", "{" * 200).problem(400, "query-refused")
    send(service, "/sparql/format", "a " * 200_000).problem(413, "too-large")


def test_terms(service: Service) -> None:
    reply = ask(service, "/sparql/terms")
    content = reply.json()
    assert reply.headers["ETag"]
    assert content["release"] == service.release.id
    assert content["prefixes"]["mig"] == f"{BASE}ontology#"
    classes = {item["iri"]: item for item in content["classes"]}
    names = [item["iri"] for item in content["properties"]]
    city = classes[f"{BASE}ontology#City"]
    assert city["label"] == "city"
    assert city["count"] > 1
    of_city = {names[place] for place in city["properties"]}
    assert f"{BASE}ontology#inCountry" in of_city
    assert f"{BASE}ontology#claimedIn" not in of_city


def test_a_class_has_the_properties_of_the_narrower_ones(service: Service) -> None:
    content = ask(service, "/sparql/terms").json()
    classes = {
        item["iri"].rpartition("#")[2]: set(item["properties"]) for item in content["classes"]
    }
    assert classes["LocalGovernment"] <= classes["Organisation"]


def test_stored_queries_come_with_their_text(service: Service) -> None:
    listed = ask(service, "/queries", headers={"Accept": "application/json"}).json()["queries"]
    assert len(listed) >= 131
    assert all("SELECT" in item["query"] for item in listed)
