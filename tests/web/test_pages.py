"""Pages for people, stored queries, and what every response carries."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest

from migkg.resources import Project
from migkg.services import stored_queries
from migkg.web.routes import ROUTES
from tests.conftest import ROOT, Service
from tests.web.client import MEDIA_TYPES, RESULTS, Reply, accept, ask
from tests.web.page import BROWSER, HTML, Page

PATHS = [
    "/",
    "/browse/City",
    "/queries",
    "/docs",
    "/sparql",
    "/ontology",
    "/shapes",
    "/dumps/",
    "/static/style.css",
    "/context.jsonld",
    "/livez",
    "/readyz",
    "/openapi.json",
    "/sparql?query=ASK%7B%7D",
    "/sparql?query=ASK",
    "/none",
    "/static/none",
    "/browse/None",
    "/queries/none",
    "/id/city/none-xx",
    "/dumps/none",
    "/validate",
    "/describe",
]


def browse(service: Service, path: str) -> Reply:
    return ask(service, path, headers={"Accept": BROWSER})


def page(service: Service, path: str) -> Page:
    reply = browse(service, path)
    assert (reply.status, reply.media_type) == (200, HTML), reply.text
    return Page(reply.text)


@pytest.fixture(scope="module")
def queries(project: Project) -> dict[str, stored_queries.StoredQuery]:
    found = stored_queries.load(project)
    assert len(found) > 12
    return found


# What every response carries


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT"])
@pytest.mark.parametrize("path", PATHS)
def test_every_response_carries_the_security_headers(
    service: Service, path: str, method: str
) -> None:
    reply = ask(service, path, method=method)
    assert reply.status < 500
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    policy = {
        name: values
        for name, *values in (
            part.split() for part in reply.headers["Content-Security-Policy"].split(";")
        )
    }
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    for values in policy.values():
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & set(values)
    for name in set(reply.headers):
        assert len(reply.headers.get_all(name, [])) == 1
    assert reply.headers["Server"] is None


@pytest.mark.parametrize("path", PATHS)
def test_a_method_that_is_not_there_is_405_with_every_method(service: Service, path: str) -> None:
    reply = ask(service, path, method="DELETE")
    if reply.status != 404:
        assert reply.status == 405
        assert reply.headers["Allow"]
        assert "DELETE" not in reply.headers["Allow"]


# Pages


@pytest.mark.parametrize("path", PATHS[:8])
def test_a_page_is_well_formed_and_has_no_inline_script_or_style(
    service: Service, path: str
) -> None:
    found = page(service, path)
    assert (found.declaration, found.language) == ("doctype html", "en")
    assert found.tags.count("h1") == found.tags.count("main") == 1
    assert "style" not in found.tags
    assert found.tags.count("script") == len(found.scripts)
    for text in found.scripts:  # a block of data, which no browser runs
        content = json.loads(text)
        assert content.get("@context", "https://schema.org/") == "https://schema.org/"


@pytest.mark.parametrize("path", ["/", "/docs", "/queries", "/page/{}"])
def test_every_internal_link_leads_somewhere(
    service: Service, claimed_thing: str, path: str
) -> None:
    start = path.format(claimed_thing)
    targets = {
        urljoin(service.url + start, link).partition("#")[0] for link in page(service, start).links
    }
    inner = sorted(
        link.removeprefix(service.url) for link in targets if link.startswith(service.url)
    )
    assert len(inner) > 5
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda link: browse(service, link), inner))
    broken = [
        (link, reply.status)
        for link, reply in zip(inner, replies, strict=True)
        if reply.status >= 400
    ]
    assert broken == []


def test_links_within_the_ontology_lead_to_a_term_on_the_page(
    service: Service, claimed_thing: str
) -> None:
    links = [
        link.partition("#")
        for link in page(service, f"/page/{claimed_thing}").links
        if link.startswith("/ontology#")
    ]
    assert links
    ids = page(service, "/ontology").ids
    assert [name for _, _, name in links if name not in ids] == []


def test_the_start_page_leads_to_every_class_and_question(
    service: Service, queries: dict[str, stored_queries.StoredQuery]
) -> None:
    links = page(service, "/").links
    assert "/browse/City" in links
    assert {f"/queries/{name}" for name in queries} <= set(links)


def test_browse_lists_all_things_of_a_class(service: Service, claimed_thing: str) -> None:
    assert f"/page/{claimed_thing}" in page(service, "/browse/City").links


def test_browse_says_where_the_rest_is_if_there_is_more_than_it_lists(service: Service) -> None:
    found = page(service, "/browse/Evidence")
    assert len([link for link in found.links if link.startswith("/page/evidence/")]) == 2000
    assert "The first 2,000 are listed" in found.text
    assert "/dumps/class/Evidence" in found.links
    assert "are listed" not in page(service, "/browse/City").text


def test_browse_of_no_class_is_404(service: Service) -> None:
    ask(service, "/browse/None").problem(404, "not-found")


def test_docs_name_every_path(service: Service) -> None:
    text = page(service, "/docs").text
    for route in ROUTES:
        assert route.template in text
        assert route.summary in text


@pytest.mark.parametrize(
    "path",
    [
        "/none",
        "/describe",
        "/validate",
        "/sparql?query=ASK",
        "/sparql?query=SELECT*%7BSERVICE%20%3Ca:a%3E%7B%7D%7D",
        "/sparql?update=x",
        "/sparql?query=%FF",
    ],
)
def test_docs_explain_every_problem(service: Service, path: str) -> None:
    where, _, name = ask(service, path).json()["type"].partition("#")
    assert name in page(service, where).ids


def test_the_sparql_form_is_answered(service: Service) -> None:
    form = page(service, "/sparql")
    assert "/sparql" in form.links
    assert {"textarea", "select", "button"} <= set(form.tags)


def test_the_style_sheet_is_served(service: Service) -> None:
    (sheet,) = [link for link in page(service, "/").links if link.endswith(".css")]
    reply = ask(service, sheet)
    assert (reply.status, reply.media_type) == (200, "text/css")
    assert reply.body


def test_openapi_names_every_path_and_method(service: Service) -> None:
    described = ask(service, "/openapi.json").json()
    assert described["openapi"].startswith("3.")
    for route in ROUTES:
        path = route.path.replace(":path}", "}")
        methods = {name.upper() for name in described["paths"][path]}
        assert methods == set(route.methods)


# Stored queries


def test_queries_are_listed_for_people_and_for_programs(
    service: Service, queries: dict[str, stored_queries.StoredQuery]
) -> None:
    people = page(service, "/queries")
    listed = ask(service, "/queries", headers={"Accept": "application/json"})
    assert listed.headers["Vary"] == "Accept"
    assert {entry["name"]: entry["question"] for entry in listed.json()["queries"]} == {
        query.name: query.question for query in queries.values()
    }
    for entry in listed.json()["queries"]:
        assert entry["url"] in people.links
        assert " ".join(entry["question"].split()) in people.text


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "queries").glob("*.rq")))
def test_a_stored_query_gives_the_expected_answer(
    service: Service, queries: dict[str, stored_queries.StoredQuery], name: str
) -> None:
    query = queries[name]
    reply = ask(service, f"/queries/{name}", headers=accept("csv"))
    assert (reply.status, reply.media_type) == (200, "text/csv")
    found, expected = rows(reply.text), rows(query.expected.read_text("utf-8"))
    assert found[0] == expected[0]
    if "ORDER BY" not in query.text:
        found, expected = sorted(found), sorted(expected)
    assert found == expected


def test_every_stored_query_has_a_page_with_its_answer(
    service: Service, queries: dict[str, stored_queries.StoredQuery]
) -> None:
    for query in queries.values():
        found = page(service, f"/queries/{query.name}")
        assert " ".join(query.question.split()) in found.text
        assert " ".join(query.text.split()) in found.text
        answer = rows(query.expected.read_text("utf-8"))[1:]
        assert f" {len(answer)} row" in found.text, query.name


@pytest.mark.parametrize("name", RESULTS)
def test_a_stored_query_answers_in_every_format(
    service: Service, queries: dict[str, stored_queries.StoredQuery], name: str
) -> None:
    path = f"/queries/{min(queries)}"
    by_accept = ask(service, path, headers=accept(name))
    by_name = browse(service, f"{path}?format={name}")
    assert (by_accept.status, by_accept.media_type) == (200, MEDIA_TYPES[name])
    assert (by_name.media_type, by_name.body) == (by_accept.media_type, by_accept.body)


def test_a_stored_query_that_is_not_there_is_404_with_help(service: Service) -> None:
    assert ask(service, "/queries/none").problem(404, "not-found")["advice"]


def test_a_stored_query_in_a_format_that_is_not_there_is_406(
    service: Service, queries: dict[str, stored_queries.StoredQuery]
) -> None:
    reply = ask(service, f"/queries/{min(queries)}", headers=accept("ttl"))
    assert HTML in reply.problem(406, "not-acceptable")["available"]
