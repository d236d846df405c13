"""Identifiers that were given up are gone, and lead to what took their place."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from rdflib.namespace import DCTERMS, OWL

from tests.conftest import BASE, Service
from tests.web.client import MEDIA_TYPES, ask
from tests.web.page import HTML, Page

OLD, NEW = "org/us-nic", "org/intelligence-council"
PATHS = ("/id/{}", "/page/{}", "/data/{}", "/data/{}.ttl", f"/describe?iri={BASE}id/{{}}")


@pytest.fixture(scope="module")
def retired(dataset: ox.Store) -> dict[str, set[str]]:
    """What took the place of each identifier that was given up."""
    graph = ox.NamedNode(f"{BASE}graph/retired")
    replaced_by = ox.NamedNode(str(DCTERMS.isReplacedBy))
    given_up = dataset.quads_for_pattern(None, ox.NamedNode(str(OWL.deprecated)), None, graph)
    return {
        quad.subject.value: {
            link.object.value
            for link in dataset.quads_for_pattern(quad.subject, replaced_by, None, graph)
        }
        for quad in given_up
    }


@pytest.mark.parametrize("accepted", [*MEDIA_TYPES.values(), "image/png", "*/*"])
def test_an_identifier_that_was_given_up_is_gone_whatever_is_accepted(
    service: Service, accepted: str
) -> None:
    for path in PATHS:
        reply = ask(service, path.format(OLD), headers={"Accept": accepted})
        problem = reply.problem(410, "gone")
        assert problem["successors"] == [f"{BASE}id/{NEW}"]
        assert "names no country" in problem["detail"]
        assert f'<{BASE}id/{NEW}>; rel="successor-version"' in reply.headers["Link"]


@pytest.mark.parametrize("path", PATHS)
def test_to_people_it_is_a_page_that_leads_on(service: Service, path: str) -> None:
    reply = ask(service, path.format(OLD), headers={"Accept": HTML})
    assert (reply.status, reply.media_type) == (410, HTML)
    assert f"/page/{NEW}" in Page(reply.text).links
    assert f'<{BASE}id/{NEW}>; rel="successor-version"' in reply.headers["Link"]


def test_all_of_them_are_gone_and_their_successors_are_there(
    service: Service, retired: dict[str, set[str]]
) -> None:
    assert len(retired) > 20
    for iri, successors in retired.items():
        problem = ask(service, f"/id/{iri.removeprefix(BASE + 'id/')}").problem(410, "gone")
        assert set(problem.get("successors", [])) == successors
        for successor in successors:
            assert ask(service, f"/id/{successor.removeprefix(BASE + 'id/')}").status == 303


def test_one_without_a_successor_says_why(service: Service, retired: dict[str, set[str]]) -> None:
    alone = next(iri for iri, successors in sorted(retired.items()) if not successors)
    reply = ask(service, f"/data/{alone.removeprefix(BASE + 'id/')}")
    problem = reply.problem(410, "gone")
    assert problem["detail"].endswith("no longer made.")
    assert "successors" not in problem
    assert "Link" not in reply.headers


def test_the_graph_of_them_is_open_like_any_other(service: Service) -> None:
    assert ask(service, "/graph/retired").status == 200
