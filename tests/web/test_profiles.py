"""What a document holds: by profile, and page by page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pyoxigraph as ox
import pytest

from migkg.engine.release import Release
from migkg.services.profiles import PROFILES
from migkg.settings import Settings
from tests.conftest import BASE, Service, serve
from tests.web.client import GRAPHS, MEDIA_TYPES, accept, ask, triples
from tests.web.page import Page

EVIDENCE, PLAIN, SCHEMA_ORG = (profile.iri(BASE) for profile in PROFILES)
SCHEMA = "https://schema.org/"
EVERYWHERE = "code/reported"  # what a great many claims point to
A_FEW = 5


@pytest.fixture(scope="module")
def short(settings: Settings, release: Release) -> Iterator[Service]:
    """A service with few links on a page."""
    with serve(settings, release, MIGKG_PAGE_FACTS=str(A_FEW)) as running_service:
        yield running_service


def profile_of(service: Service, path: str, *lines: str) -> str:
    headers = [("Accept", "text/turtle"), *(("Accept-Profile", line) for line in lines)]
    reply = ask(service, path, headers=headers)
    assert reply.status == 200
    assert reply.headers["Vary"] == "Accept, Accept-Profile"
    found = reply.headers["Content-Profile"].strip("<>")
    assert f'<{found}>; rel="profile"' in reply.headers["Link"]
    return found


def test_a_parameter_names_a_profile_by_name_or_iri(service: Service, claimed_thing: str) -> None:
    path = f"/data/{claimed_thing}"
    assert profile_of(service, path) == EVIDENCE
    for profile in PROFILES:
        iri = profile.iri(BASE)
        assert profile_of(service, f"{path}?profile={profile.name}", f"<{PLAIN}>") == iri
        assert profile_of(service, f"{path}.nt?profile={quote(iri, safe='')}") == iri


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([f"<{PLAIN}>"], PLAIN),
        ([f"<{PLAIN}>;q=0.5, <{SCHEMA_ORG}>;q=0.7"], SCHEMA_ORG),
        ([f"<{PLAIN}>;q=0.5", f"<{SCHEMA_ORG}>; q=0.7"], SCHEMA_ORG),
        ([f"<{PLAIN}>;q=0"], EVIDENCE),
        (["<https://e.example/other>"], EVIDENCE),
        ([f"<https://e.example/a,b>, <{PLAIN}>;q=0.1"], PLAIN),
        (["<<>, ,;;=<", ""], EVIDENCE),
        ([f"{PLAIN}"], EVIDENCE),
        ([f"<{PLAIN}>;q=nonsense, <{SCHEMA_ORG}>;q=0.1"], SCHEMA_ORG),
    ],
)
def test_a_header_asks_for_profiles_by_quality(
    service: Service, claimed_thing: str, lines: list[str], expected: str
) -> None:
    assert profile_of(service, f"/data/{claimed_thing}", *lines) == expected


@pytest.mark.parametrize("query", ["profile=none", "profile=", "profile=plain&profile=plain"])
def test_a_profile_that_is_not_there_is_a_problem(
    service: Service, claimed_thing: str, query: str
) -> None:
    reply = ask(service, f"/data/{claimed_thing}?{query}")
    assert PLAIN in reply.problem(400, "bad-parameter")["available"]


def test_the_plain_profile_holds_the_facts_and_the_names_of_what_they_lead_to(
    service: Service, dataset: ox.Store, claimed_thing: str
) -> None:
    node = ox.NamedNode(f"{BASE}id/{claimed_thing}")
    own = {quad.triple for quad in dataset.quads_for_pattern(node, None, None, None)}
    found = triples(ask(service, f"/data/{claimed_thing}.nt?profile=plain").body, "nt")
    assert own <= found
    values = {triple.object for triple in own}
    assert {triple.subject for triple in found} <= values | {node}
    assert found < triples(ask(service, f"/data/{claimed_thing}.nt").body, "nt")


@pytest.mark.parametrize("name", GRAPHS)
def test_the_schema_profile_speaks_schema_org_alone(service: Service, name: str) -> None:
    reply = ask(service, f"/data/city/quito-ec.{name}?profile=schema")
    assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name])
    found = triples(reply.body, name)
    kind = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    quito = ox.NamedNode(f"{BASE}id/city/quito-ec")
    assert ox.Triple(quito, kind, ox.NamedNode(f"{SCHEMA}City")) in found
    used = {triple.predicate.value for triple in found} - {kind.value}
    assert used
    assert all(predicate.startswith(SCHEMA) for predicate in used)


def test_a_profile_leads_to_what_it_holds(service: Service) -> None:
    for profile in PROFILES:
        reply = ask(service, f"/profile/{profile.name}")
        path, _, anchor = reply.headers["Location"].partition("#")
        assert reply.status == 303
        assert f'id="{anchor}"' in ask(service, path).text
    ask(service, "/profile/none").problem(404, "not-found")


def test_a_thing_leads_to_its_data_in_the_profile_asked_for(service: Service) -> None:
    reply = ask(service, "/id/city/quito-ec?profile=plain", headers=accept("ttl"))
    assert reply.headers["Location"] == "/data/city/quito-ec?profile=plain"


def test_a_page_holds_facts_for_search_engines(service: Service) -> None:
    _, script = Page(ask(service, "/page/city/quito-ec").text).scripts
    document = json.loads(script)
    assert (document["@id"], document["@type"]) == (f"{BASE}id/city/quito-ec", ["City"])
    assert document["name"]


# What points to a thing, page by page


def next_of(link: str) -> str | None:
    found = re.search(r'<([^>]*)>; rel="next"', link)
    return found[1] if found else None


def test_pages_together_hold_all_that_points_to_a_thing(short: Service, dataset: ox.Store) -> None:
    thing = "country/ECU"
    node = ox.NamedNode(f"{BASE}id/{thing}")
    passed_by = ("#subject", "#object", "ontology#claimedIn")
    expected = {
        quad.triple
        for quad in dataset.quads_for_pattern(None, None, node, None)
        if not quad.predicate.value.endswith(passed_by)
    }
    assert len(expected) > 3 * A_FEW
    found: set[ox.Triple] = set()
    path: str | None = f"/data/{thing}.nt"
    pages = 0
    while path:
        reply = ask(short, path)
        held = {t for t in triples(reply.body, "nt") if t.object == node}
        assert held - found
        found |= held
        pages += 1
        path = next_of(reply.headers["Link"])
    assert expected <= found
    assert pages == -(-len(expected) // A_FEW)


def test_the_page_for_people_leads_to_the_next(short: Service) -> None:
    first = Page(ask(short, f"/page/{EVERYWHERE}").text)
    (following,) = {link for link in first.links if link.endswith("?page=2")}
    reply = ask(short, following)
    links = Page(reply.text).links
    assert f"/page/{EVERYWHERE}" in links
    assert f"/page/{EVERYWHERE}?page=3" in links
    assert next_of(reply.headers["Link"]) == f"/page/{EVERYWHERE}?page=3"


def test_the_next_page_keeps_what_else_was_asked(short: Service) -> None:
    iri = quote(f"{BASE}id/{EVERYWHERE}", safe="")
    path = f"/describe?iri={iri}&page=2"
    link = ask(short, path, headers=accept("nt")).headers["Link"]
    assert next_of(link) == f"/describe?iri={iri}&page=3"
    assert f'</describe?iri={iri}>; rel="first"' in link


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "1.5", "9999999", "²", "1&page=1"])
def test_a_page_is_a_number(service: Service, page: str) -> None:
    path = f"/data/city/quito-ec?page={quote(page, safe='&=')}"
    ask(service, path).problem(400, "bad-parameter")


def test_a_page_behind_the_last_is_not_found(service: Service) -> None:
    for path in ("/data/city/quito-ec?page=2", "/page/city/quito-ec?page=999999"):
        ask(service, path).problem(404, "not-found")


# The context


def test_a_version_of_the_context_is_kept_for_long(service: Service) -> None:
    path = ask(service, "/context.jsonld").headers["Content-Location"]
    reply = ask(service, path)
    assert (reply.status, reply.media_type) == (200, "application/ld+json")
    assert "immutable" in reply.headers["Cache-Control"]
    assert reply.body == ask(service, "/context.jsonld").body
    again = ask(service, path, headers={"If-None-Match": reply.headers["ETag"]})
    assert again.status == 304


def test_an_earlier_version_of_the_context_leads_to_the_current_one(service: Service) -> None:
    reply = ask(service, "/context/0123456789abcdef.jsonld")
    assert (reply.status, reply.headers["Location"]) == (303, "/context.jsonld")
    assert reply.headers["Cache-Control"] == "no-store"
    for name in ("x.jsonld", "0123456789abcdef", "0123456789ABCDEF.jsonld"):
        ask(service, f"/context/{name}").problem(404, "not-found")
