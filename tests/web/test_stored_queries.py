"""Stored queries with parameters: the form, the answers, and what is refused."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from urllib.parse import quote_plus, urlencode

import pytest

from migkg.resources import Project
from migkg.services import stored_queries
from migkg.services.stored_queries import StoredQuery
from tests.conftest import Service
from tests.web.client import FORM, MEDIA_TYPES, RESULTS, Reply, accept, ask
from tests.web.page import BROWSER, HTML, Page

HAMILTON = "/queries/bodies_in_hamilton"
WORDS = "/queries/planned_and_hoped_statements"
CITY = "https://w3id.org/migkg/id/city/"
HOSTILE = ['" } #', "\\u0022 } SERVICE <http://127.0.0.1:9/> {} #", "\\", "'''", "a\nb", "<b>&amp;"]
SELECTED = re.compile(r'<option value="([^"]*)" selected>')


@pytest.fixture(scope="module")
def queries(project: Project) -> dict[str, StoredQuery]:
    found = {name: q for name, q in stored_queries.load(project).items() if q.parameters}
    assert len(found) >= 15
    return found


def given(path: str, **values: str) -> str:
    return f"{path}?{urlencode(values)}"


def browse(service: Service, path: str) -> Reply:
    return ask(service, path, headers={"Accept": BROWSER})


def rows(reply: Reply) -> list[list[str]]:
    assert (reply.status, reply.media_type) == (200, "text/csv"), reply.text
    return list(csv.reader(io.StringIO(reply.text, newline="")))[1:]


def as_csv(service: Service, path: str, **values: str) -> list[list[str]]:
    return rows(ask(service, given(path, **values, format="csv")))


def bound_text(page: str) -> str:
    """The query that the page would cite."""
    (text,) = re.findall(r'name="query" value="([^"]*)"', page)
    return unescape(text)


# Every stored query with parameters


def test_every_default_is_a_value_that_can_be_given(
    service: Service, queries: dict[str, StoredQuery]
) -> None:
    for name, query in queries.items():
        defaults = {item.name: item.default for item in query.parameters if item.default}
        if defaults:
            path = f"/queries/{name}"
            assert as_csv(service, path, **defaults) == as_csv(service, path), name


def test_every_form_has_a_field_for_each_parameter_with_its_default(
    service: Service, queries: dict[str, StoredQuery]
) -> None:
    for name, query in queries.items():
        page = browse(service, f"/queries/{name}").text
        assert {f"p-{item.name}" for item in query.parameters} <= Page(page).ids
        chosen = {value for value in SELECTED.findall(page) if value}
        assert chosen == {
            item.default for item in query.parameters if item.source and item.default
        }, name


def test_openapi_describes_every_parameter(
    service: Service, queries: dict[str, StoredQuery]
) -> None:
    paths = ask(service, "/openapi.json").json()["paths"]
    for name, query in queries.items():
        described = {item["name"]: item for item in paths[f"/queries/{name}"]["get"]["parameters"]}
        assert described.keys() == {*query.names, "format", "view"}
        for item in query.parameters:
            schema = described[item.name]["schema"]
            assert str(schema.get("default", item.default)) == str(item.default)
            assert ("enum" in schema) == bool(item.source)
            assert item.default is None or schema.get("enum", [item.default]).count(item.default)
    least = paths["/queries/cities_in_three_documents"]["get"]["parameters"][0]["schema"]
    assert least == {"type": "integer", "minimum": 1, "maximum": 5, "default": 3}


# Answers


@pytest.mark.parametrize(
    "value", ["city:quito-ec", "Quito", f"{CITY}quito-ec", f"<{CITY}quito-ec>"]
)
def test_an_entity_is_given_by_its_iri_or_its_name(service: Service, value: str) -> None:
    found = as_csv(service, HAMILTON, city=value)
    assert found
    assert all(any("quito" in cell for cell in row) for row in found)


def test_an_open_parameter_restricts_nothing_and_a_closed_one_does(service: Service) -> None:
    path = "/queries/countries_of_initiatives"
    everywhere = as_csv(service, path)
    assert as_csv(service, path, country="") == everywhere
    there = as_csv(service, path, country="Ecuador")
    assert there == [row for row in everywhere if row[2].endswith("/ECU")]
    assert 0 < len(there) < len(everywhere)


def test_a_number_is_bound_in_having_and_years_are_held_against_dates(service: Service) -> None:
    cities = "/queries/cities_in_three_documents"
    assert len(as_csv(service, cities, least="1")) > len(as_csv(service, cities)) > 0
    events = as_csv(service, "/queries/events_in_time", **{"from": "2016", "until": "2016"})
    assert events
    assert all("2016" in "".join(row[3:7]) for row in events)


@pytest.mark.parametrize("name", RESULTS)
def test_a_bound_query_answers_in_every_format(service: Service, name: str) -> None:
    by_accept = ask(service, given(HAMILTON, city="Quito"), headers=accept(name))
    by_name = browse(service, given(HAMILTON, city="Quito", format=name))
    assert (by_accept.status, by_accept.media_type) == (200, MEDIA_TYPES[name])
    assert by_name.body == by_accept.body
    assert by_accept.headers["ETag"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_text(service: Service, text: str) -> None:
    everything = as_csv(service, WORDS)
    said = [row for row in everything if text in row[2]]
    assert as_csv(service, WORDS, text=text) == said
    page = browse(service, given(WORDS, text=text)).text
    assert "<b>" not in page
    assert f"{len(said)} row" in Page(page).text


def test_an_answer_with_parameters_can_be_cited_and_asked_of_a_release(service: Service) -> None:
    page = browse(service, given(HAMILTON, city="Quito")).text
    text = bound_text(page)
    assert f"<{CITY}quito-ec>" in text
    assert "?_" not in text
    assert quote_plus(text) in page  # opens in the editor
    body = urlencode({"query": text, "release": service.release.id}).encode()
    made = ask(service, "/q", method="POST", headers={"Content-Type": FORM}, body=body)
    cited = ask(service, made.headers["Location"], headers=accept("csv"))
    expected = as_csv(service, HAMILTON, city="Quito")
    assert rows(cited) == expected
    assert as_csv(service, HAMILTON, city="Quito", release=service.release.id) == expected


# What is refused


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("city=Atlantis", "'Atlantis'"),
        ("city=http%3A%2F%2Fx%2Fa%20b", r"' ' \(number 11 here\)"),
        ("city=city%3Anone", "not one of those in the data"),
        ("city=Quito&city=Quito", "given twice"),
        ("format=csv&format=csv", "given twice"),
        ("town=Quito", "no parameter 'town'"),
        ("city=" + "x" * 501, "at most 500"),
        ("city=%00", r"U\+0000"),
    ],
)
def test_what_cannot_be_is_400_and_says_why(service: Service, query: str, why: str) -> None:
    reply = ask(service, f"{HAMILTON}?{query}", headers=accept("csv"))
    assert re.search(why, reply.problem(400, "bad-parameter")["detail"])


def test_a_refusal_names_what_there_is(service: Service) -> None:
    unknown = ask(service, f"{HAMILTON}?town=Quito").problem(400, "bad-parameter")
    assert unknown["available"] == ["city", "format", "view", "release"]
    absent = ask(service, f"{HAMILTON}?city=Atlantis", headers=accept("csv"))
    assert "city:quito-ec" in absent.problem(400, "bad-parameter")["available"]


@pytest.mark.parametrize("name", ["ttl", "none", "text/csv"])
def test_a_format_that_the_query_has_not_is_406(service: Service, name: str) -> None:
    for headers in ({}, {"Accept": "text/csv"}):
        refusal = ask(service, f"{HAMILTON}?format={name}", headers=headers)
        assert refusal.problem(406, "not-acceptable")["available"] == ["json", "xml", "csv", "tsv"]
    assert browse(service, f"{HAMILTON}?format={name}").status == 406
    assert ask(service, f"{HAMILTON}?format=", headers=accept("csv")).status == 200


def test_text_that_is_not_utf_8_is_refused(service: Service) -> None:
    ask(service, f"{HAMILTON}?city=%FF").problem(400, "bad-encoding")


def test_the_form_keeps_what_was_given_and_says_what_is_wrong(service: Service) -> None:
    path = "/queries/paragraphs_with_most_evidence"
    reply = browse(service, given(path, least="none", document="<script>"))
    assert (reply.status, reply.media_type) == (400, HTML)
    found = Page(reply.text)
    assert {"p-least-error", "p-document-error"} <= found.ids
    assert 'value="none"' in reply.text
    assert "<script>" not in reply.text.replace("<script src", "")
    assert "is no whole number from 1 to 1000" in found.text
    assert reply.headers["Cache-Control"] == "no-store"
    assert "results" not in found.ids


# The list


def test_the_list_is_searched_and_tells_the_parameters(service: Service) -> None:
    found = ask(service, "/queries?q=HAMILTON+bodies", headers={"Accept": "application/json"})
    (entry,) = found.json()["queries"]
    assert entry["parameters"] == [
        {
            "name": "city",
            "type": "entity",
            "label": "City",
            "required": False,
            "schema": {"type": "string", "default": "city:hamilton-ca"},
        }
    ]
    people = Page(browse(service, "/queries?q=hamilton").text)
    assert HAMILTON in people.links
    assert "1 question" in people.text
    assert (
        "/queries/capacity_of_local_authorities"
        not in Page(browse(service, "/queries?q=city").text).links
    )
    assert "0 questions" in Page(browse(service, "/queries?q=xyzzy").text).text


@pytest.mark.parametrize("query", ["q=a&q=b", "what=x", "q=" + "x" * 201])
def test_the_list_refuses_what_it_does_not_take(service: Service, query: str) -> None:
    ask(service, f"/queries?{query}").problem(400, "bad-parameter")
