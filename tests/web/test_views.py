"""Answers as pages, and the drawing of views."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import BASE, Service
from tests.hostile import HOSTILE, turtle
from tests.web.client import FORM, MEDIA_TYPES, Reply, ask, sparql
from tests.web.page import BROWSER, Page

CITIES = f"SELECT * {{ ?city a <{BASE}ontology#City> }} ORDER BY ?city"
YEARS = "SELECT ?year ?n { VALUES (?year ?n) { (2001 3) (2004 9) (2010 14.5) } }"
HTML = {"Accept": BROWSER}
JSON = {"Content-Type": "application/sparql-results+json"}


def page(reply: Reply) -> Page:
    assert (reply.status, reply.media_type) == (200, "text/html"), reply.text[:500]
    return Page(reply.text)


def asked(service: Service, query: str, **parameters: str) -> Page:
    return page(sparql(service, query, HTML, **parameters))


def drawn(service: Service, results: object, view: str = "") -> dict[str, Any]:
    body = json.dumps(results).encode()
    reply = ask(service, f"/views?view={view}", method="POST", headers=JSON, body=body)
    assert reply.status == 200, reply.text
    return dict(reply.json())


def test_a_browser_gets_the_answer_as_a_page(service: Service) -> None:
    found = asked(service, CITIES)
    assert "Quito" in found.text
    assert {"/page/city/quito-ec", "/static/world.svg#land"} <= set(found.links)
    assert "27 rows" in found.text
    again = sparql(service, CITIES, HTML)
    assert again.headers["ETag"]
    assert again.headers["Vary"] == "Accept, Accept-Language"


@pytest.mark.parametrize(
    ("view", "tags"),
    [("", {"svg", "table"}), ("line", {"svg", "table"}), ("bar", {"ol"}), ("raw", {"pre"})],
)
def test_the_view_is_part_of_the_address(service: Service, view: str, tags: set[str]) -> None:
    found = asked(service, YEARS, view=view)
    assert tags <= set(found.tags)
    others = [link for link in found.links if "&view=" in link and "&lang=" not in link]
    assert len(others) == 3
    for link in others:
        page(ask(service, link, headers=HTML))


def test_a_view_that_does_not_fit_is_the_best_that_does(service: Service) -> None:
    assert asked(service, YEARS, view="map").text == asked(service, YEARS).text


def test_downloads_hold_the_same_answer(service: Service) -> None:
    links = [link for link in asked(service, YEARS).links if "&format=" in link]
    assert {ask(service, link).media_type for link in links} == {
        MEDIA_TYPES[name] for name in ("json", "xml", "csv", "tsv")
    }
    csv = next(link for link in links if link.endswith("csv"))
    assert ask(service, csv).text.splitlines()[1:] == ["2001,3", "2004,9", "2010,14.5"]


def test_triples_and_truth_values_are_pages_too(service: Service) -> None:
    found = asked(service, f"CONSTRUCT WHERE {{ ?s <{BASE}ontology#inCountry> ?o }}")
    assert {"Quito", "in country", "Ecuador"} <= {word.strip() for word in found.words}
    assert "true" in asked(service, "ASK {}").text
    assert "0 rows" in asked(service, "SELECT * { FILTER(false) }").text


def test_a_form_is_answered_with_a_page(service: Service) -> None:
    body = urlencode({"query": YEARS, "format": "", "view": "bar"}).encode()
    headers = {"Content-Type": FORM, **HTML}
    found = page(ask(service, "/sparql", method="POST", headers=headers, body=body))
    assert "14.5" in found.text


def test_what_differs_each_time_is_not_kept(service: Service) -> None:
    reply = sparql(service, "SELECT (RAND() AS ?r) {}", HTML)
    assert reply.headers["Cache-Control"] == "no-store"


def test_a_page_shows_so_many_rows_and_says_that_there_are_more(service: Service) -> None:
    found = asked(service, "SELECT * { ?s ?p ?o }")
    assert found.tags.count("tr") == 1001
    assert "The first 1,000 rows; there are more" in found.text


def test_an_answer_that_is_too_large_for_a_page_can_be_downloaded(service: Service) -> None:
    found = asked(service, f"""SELECT * {{ VALUES ?t {{ "{"x" * 9000}" }} ?s ?p ?o }}""")
    assert "too large for a page" in found.text
    assert [link for link in found.links if link.endswith("format=csv")]


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.parametrize("view", ["bar", "map", "timeline", "line", "scatter", "graph", "raw"])
def test_hostile_values_are_text_in_every_view(service: Service, view: str, name: str) -> None:
    text = turtle(HOSTILE[name])
    query = f"""SELECT * {{ VALUES (?text ?iri ?other ?year ?n ?m ?wkt) {{
      ({text} <javascript:alert%281%29> <data:text/html,x> 2001 1 2 "POINT(1 2)")
      ({text} <javascript:alert%282%29> <data:text/html,x> 2002 2 1 "POINT(1 2)")
      ({text} <javascript:alert%283%29> <data:text/html,x> 2003 3 1 "POINT(1 2)") }} }}"""
    reply = sparql(service, query, HTML, view=view)
    found = page(reply)
    title = {"bar": "Bars"}.get(view, view.capitalize())
    assert f'<b aria-current="true">{title}</b>' in reply.text
    assert "img" not in found.tags
    assert not [script for script in found.scripts if "alert" in script]
    assert not [link for link in found.links if link.lower().startswith(("javascript:", "data:"))]


def test_a_stored_query_shows_the_view_that_fits(service: Service) -> None:
    found = page(ask(service, "/queries/cities_by_statements", headers=HTML))
    assert "svg" in found.tags
    (link,) = [link for link in found.links if link.endswith("view=map")]
    assert "/static/world.svg#land" in page(ask(service, link, headers=HTML)).links


# Drawing for scripts


def iri(value: str) -> dict[str, str]:
    return {"type": "uri", "value": value}


def results(*rows: dict[str, object]) -> dict[str, object]:
    variables = list(dict.fromkeys(name for row in rows for name in row))
    return {"head": {"vars": variables}, "results": {"bindings": list(rows)}}


def test_a_script_learns_views_names_and_edges(service: Service) -> None:
    quito, ecuador = f"{BASE}id/city/quito-ec", f"{BASE}id/country/ECU"
    answer = results({"city": iri(quito), "country": iri(ecuador), "other": iri("urn:x:unknown")})
    found = drawn(service, answer, "graph")
    assert found["names"] == {
        quito: {
            "url": "/page/city/quito-ec",
            "short": "city:quito-ec",
            "label": "Quito",
            "language": "en",
        },
        ecuador: {
            "url": "/page/country/ECU",
            "short": "country:ECU",
            "label": "Ecuador",
            "language": "en",
        },
        "urn:x:unknown": {"url": "/describe?iri=urn%3Ax%3Aunknown", "short": "urn:x:unknown"},
    }
    assert found["view"] == "graph"
    assert [node["text"] for node in found["graph"]["nodes"]] == [
        "Quito",
        "Ecuador",
        "urn:x:unknown",
    ]
    assert found["graph"]["edges"] == [
        {"source": 0, "target": 1, "text": "country"},
        {"source": 0, "target": 2, "text": "other"},
    ]
    assert "<figure" in found["figure"]


def test_a_script_learns_which_columns_name_others(service: Service) -> None:
    label, number = {"type": "literal", "value": "A"}, {"type": "literal", "value": "1"}
    number["datatype"] = "http://www.w3.org/2001/XMLSchema#integer"
    found = drawn(service, results({"a": iri("urn:x:a"), "aLabel": label, "n": number}))
    assert found["columns"] == [
        {"variable": "a", "numbers": False, "label": "aLabel"},
        {"variable": "n", "numbers": True, "label": None},
    ]


def test_a_table_needs_no_figure(service: Service) -> None:
    found = drawn(service, results({"a": {"type": "literal", "value": "x"}}))
    assert (found["views"], found["figure"], found["names"]) == (["table"], "", {})


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b"{}", b'{"head":{"vars":["a"]}}', b"[" * 99_999]
)
def test_what_is_not_results_is_a_problem(service: Service, body: bytes) -> None:
    ask(service, "/views", method="POST", headers=JSON, body=body).problem(400, "bad-document")


def test_results_with_very_many_columns_and_rows_are_answered(service: Service) -> None:
    variables = json.dumps([f"v{n}" for n in range(1000)])
    rows = ",".join(["{}"] * 400_000)
    body = f'{{"head":{{"vars":{variables}}},"results":{{"bindings":[{rows}]}}}}'.encode()
    reply = ask(service, "/views", method="POST", headers=JSON, body=body)
    assert reply.json()["views"] == ["table"]


def test_results_have_their_type_and_are_not_too_large(service: Service) -> None:
    wrong = {"Content-Type": "text/csv"}
    reply = ask(service, "/views", method="POST", headers=wrong, body=b"a")
    reply.problem(415, "unsupported-media-type")
    assert reply.headers["Accept-Post"] == MEDIA_TYPES["json"]
    body = b" " * (2 * 1024 * 1024 + 1)
    ask(service, "/views", method="POST", headers=JSON, body=body).problem(413, "too-large")
