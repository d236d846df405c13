"""The read side of the Graph Store Protocol, with rdflib and by hand."""

from __future__ import annotations

from urllib.parse import quote

import pyoxigraph as ox
import pytest
from rdflib import Graph

from tests.conftest import BASE, Service
from tests.web.client import accept, ask, triples

CODES = f"{BASE}graph/codes"
STORE = "/rdf-graph-store"


def named(iri: str) -> str:
    return f"{STORE}?graph={quote(iri, safe='')}"


@pytest.mark.parametrize("path", [named(CODES), "/graph/codes"])
def test_a_graph_is_read_by_parameter_and_by_its_own_address(
    service: Service, dataset: ox.Store, path: str
) -> None:
    expected = {
        quad.triple for quad in dataset.quads_for_pattern(None, None, None, ox.NamedNode(CODES))
    }
    answer = ask(service, path, headers=accept("nt"))
    assert answer.status == 200
    assert triples(answer.body, "nt") == expected
    assert len(Graph().parse(f"{service.url}{path}")) == len(expected)


def test_the_default_graph_is_the_union_of_all(service: Service) -> None:
    answer = ask(service, f"{STORE}?default", headers=accept("nt"))
    assert len(answer.body.splitlines()) == service.release.manifest["triples"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (STORE, 400),
        (f"{STORE}?default&graph={quote(CODES)}", 400),
        (f"{STORE}?graph=codes", 400),
        (named(f"{BASE}graph/nowhere"), 404),
        ("/graph/nowhere", 404),
    ],
)
def test_what_is_no_graph_is_a_problem(service: Service, path: str, status: int) -> None:
    assert ask(service, path).status == status


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", [named(CODES), f"{STORE}?default", "/graph/codes"])
def test_no_method_changes_a_graph(service: Service, path: str, method: str) -> None:
    answer = ask(service, path, method=method, body=b"<a:a> <a:b> <a:c> .")
    assert answer.status == 403
    assert "PUT" not in ask(service, path, method="OPTIONS").headers["Allow"]


def test_a_format_that_cannot_hold_a_graph_is_not_acceptable(service: Service) -> None:
    assert ask(service, named(CODES), headers={"Accept": "image/png"}).status == 406


def test_a_graph_is_not_sent_twice(service: Service) -> None:
    tag = ask(service, named(CODES)).headers["ETag"]
    again = ask(service, named(CODES), headers={"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")
