"""Things, their documents and their pages, by dereferencing as a stranger would."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, unquote

import pyoxigraph as ox
import pytest
import rdflib
from rdflib import Graph, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SKOS

from migkg.engine.release import Release
from migkg.services.building import build
from migkg.settings import Settings
from tests.conftest import BASE, Service, serve
from tests.web.client import GRAPHS, MEDIA_TYPES, Reply, accept, ask, triples
from tests.web.page import BROWSER, HTML, Page

PUBLIC = "https://graph.example/base"
GOAL_TARGET = "http://metadata.un.org/sdg/10.7"
MARKUP = '"><script>alert(1)</script>'
HOSTILE = """
@prefix mig: <https://w3id.org/migkg/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix scheme: <https://w3id.org/migkg/id/scheme/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
scheme:themes a skos:ConceptScheme ; rdfs:label "Themes"@en ; skos:definition "All of them."@en .
<https://w3id.org/migkg/id/theme/hostile> a mig:Theme ;
  skos:definition "<!-- <script> & ]]> \\u2028 </SCRIPT >"@en ;
  skos:exactMatch <javascript:alert(1)> ;
  skos:inScheme scheme:themes ;
  skos:prefLabel "hostile </script><script>alert(1)</script><img src=x onerror=alert(1)>"@en .
"""


def thing_iri(thing: str) -> str:
    return f"{BASE}id/{thing}"


def read(service: Service, path: str, name: str) -> set[ox.Triple]:
    """The triples behind a path in one format."""
    reply = ask(service, path, headers=accept(name))
    assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name]), reply.text
    return triples(reply.body, name)


@pytest.fixture(scope="session")
def public_service(settings: Settings, release: Release) -> Iterator[Service]:
    with serve(settings, release, MIGKG_PUBLIC_URL=PUBLIC) as running_service:
        yield running_service


@pytest.fixture(scope="session")
def hostile_service(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service of a project whose one thing attacks its readers."""
    root = tmp_path_factory.mktemp("hostile")
    for folder in ("ontology", "shapes"):
        shutil.copytree(Path(str(settings.project)) / folder, root / folder)
    (root / "queries").mkdir()
    (root / "data").mkdir()
    (root / "data" / "themes.ttl").write_text(HOSTILE, "utf-8")
    own = replace(settings, project=root, releases=root / "releases")
    with serve(own, build(own, lambda _: None)) as running_service:
        yield running_service


# From a thing to its documents


@pytest.mark.parametrize(
    ("accepted", "folder"),
    [
        (BROWSER, "page"),
        (HTML, "page"),
        (None, "page"),
        *((MEDIA_TYPES[name], "data") for name in GRAPHS),
        ("text/turtle;q=0.5, text/html;q=0.4", "data"),
    ],
)
def test_a_thing_is_303_to_its_page_or_its_data(
    service: Service, claimed_thing: str, accepted: str | None, folder: str
) -> None:
    headers = {"Accept": accepted} if accepted else {}
    reply = ask(service, f"/id/{claimed_thing}", headers=headers)
    assert (reply.status, reply.headers["Location"]) == (303, f"/{folder}/{claimed_thing}")
    assert reply.headers["Vary"] == "Accept"


def test_every_kind_of_thing_has_a_page_and_data(service: Service, things: list[str]) -> None:
    for thing in things:
        for accepted, folder in ((HTML, "page"), ("text/turtle", "data")):
            reply = ask(service, f"/id/{quote(thing)}", headers={"Accept": accepted})
            assert reply.status == 303
            followed = ask(service, reply.headers["Location"], headers={"Accept": accepted})
            assert (followed.status, followed.media_type) == (200, accepted)
            assert unquote(reply.headers["Location"]) == f"/{folder}/{thing}"


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # used by rdflib itself
@pytest.mark.parametrize("path", ["id", "data", "ontology", "shapes"])
def test_rdflib_reads_by_content_negotiation(
    service: Service, claimed_thing: str, path: str
) -> None:
    subject = thing_iri(claimed_thing) if path in ("id", "data") else BASE + path
    where = f"{path}/{claimed_thing}" if path in ("id", "data") else path
    graph = Graph().parse(f"{service.url}/{where}")
    assert (URIRef(subject), RDF.type, None) in graph


@pytest.mark.parametrize("name", GRAPHS)
def test_an_extension_fixes_the_format(service: Service, claimed_thing: str, name: str) -> None:
    reply = ask(service, f"/data/{claimed_thing}.{name}", headers={"Accept": "image/png"})
    assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name])


@pytest.mark.parametrize("path", ["/id/{}", "/data/{}", "/describe?iri=" + BASE + "id/{}"])
def test_a_format_that_is_not_there_is_406(service: Service, claimed_thing: str, path: str) -> None:
    reply = ask(service, path.format(claimed_thing), headers={"Accept": "image/png"})
    assert "text/turtle" in reply.problem(406, "not-acceptable")["available"]
    assert reply.headers["Vary"] == "Accept"


@pytest.mark.parametrize("path", ["/id/{}", "/page/{}", "/data/{}", "/data/{}.ttl", "/ontology"])
def test_head_has_the_headers_of_get(service: Service, claimed_thing: str, path: str) -> None:
    got, headed = (
        ask(service, path.format(claimed_thing), method=method, headers=accept("ttl"))
        for method in ("GET", "HEAD")
    )
    assert (headed.status, headed.body) == (got.status, b"")
    del got.headers["Date"], headed.headers["Date"]
    assert sorted(headed.headers.items()) == sorted(got.headers.items())


# The data of a thing


def test_all_formats_hold_the_same_triples(service: Service, things: list[str]) -> None:
    for thing in things:
        path = f"/data/{quote(thing)}"
        expected = read(service, path, "nt")
        assert expected
        for name in GRAPHS:
            assert read(service, path, name) == expected, (thing, name)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # used by rdflib itself
def test_rdflib_reads_the_same_from_rdfxml_and_jsonld(
    service: Service, claimed_thing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    url = f"{service.url}/data/{claimed_thing}"
    expected = set(Graph().parse(f"{url}.nt", format="nt"))
    assert set(Graph().parse(f"{url}.rdf", format="xml")) == expected
    assert set(Graph().parse(f"{url}.jsonld", format="json-ld")) == expected


def test_a_document_holds_facts_claims_evidence_and_labels(
    service: Service, dataset: ox.Store, things: list[str], claimed_thing: str
) -> None:
    labels = {str(RDFS.label), str(SKOS.prefLabel)}

    def about(subject: ox.NamedNode) -> set[ox.Triple]:
        return {q.triple for q in dataset.quads_for_pattern(subject, None, None, None)}

    def reached(start: set[ox.Triple], *predicates: str) -> set[ox.Triple]:
        wanted = {t.object for t in start if t.predicate.value in predicates}
        return set().union(*(about(node) for node in wanted))

    for thing in {*things, claimed_thing}:
        node = ox.NamedNode(thing_iri(thing))
        own = about(node)
        subject = ox.NamedNode(str(RDF.subject))
        claimed = {q.subject for q in dataset.quads_for_pattern(None, subject, node, None)}
        claims = set().union(*(about(claim) for claim in claimed))
        evidence = reached(own | claims, f"{BASE}ontology#evidence")
        selectors = reached(own | evidence, "http://www.w3.org/ns/oa#hasSelector")
        objects = {t.object for t in own if isinstance(t.object, ox.NamedNode)}
        named = {t for o in objects for t in about(o) if t.predicate.value in labels}
        expected = own | claims | evidence | selectors | named
        assert expected <= read(service, f"/data/{quote(thing)}", "nt"), thing


def test_a_claimed_thing_leads_to_the_words(service: Service, claimed_thing: str) -> None:
    found = read(service, f"/data/{claimed_thing}", "nt")
    assert [t for t in found if t.predicate.value == "http://www.w3.org/ns/oa#exact"]


def test_a_thing_of_another_vocabulary_is_described(service: Service, dataset: ox.Store) -> None:
    path = f"/describe?iri={quote(GOAL_TARGET, safe='')}"
    node = ox.NamedNode(GOAL_TARGET)
    own = {q.triple for q in dataset.quads_for_pattern(node, None, None, None)}
    assert own
    for name in GRAPHS:
        assert own <= read(service, path, name)
    page = ask(service, path, headers={"Accept": BROWSER})
    assert page.media_type == HTML
    assert GOAL_TARGET in Page(page.text).text


def test_terms_beside_blank_nodes_are_described(service: Service, dataset: ox.Store) -> None:
    beside = {
        term.value
        for quad in dataset
        if isinstance(quad.object, ox.BlankNode) or isinstance(quad.subject, ox.BlankNode)
        for term in (quad.subject, quad.object)
        if isinstance(term, ox.NamedNode) and term.value.startswith(BASE)
    }
    assert beside
    for iri in beside:
        path = f"/describe?iri={quote(iri, safe='')}"
        expected = read(service, path, "nt")
        for name in ("ttl", "jsonld"):
            assert read(service, path, name) == expected, iri


@pytest.mark.parametrize("query", ["", "iri=", "iri=a&iri=b", "uri=a"])
def test_describe_needs_one_iri(service: Service, query: str) -> None:
    assert ask(service, f"/describe?{query}").status in (400, 404)


def test_the_ontology_has_versions(service: Service, dataset: ox.Store) -> None:
    (version,) = dataset.quads_for_pattern(
        ox.NamedNode(f"{BASE}ontology"), ox.NamedNode(str(OWL.versionIRI)), None, None
    )
    path = version.object.value.removeprefix(BASE)
    assert read(service, f"/{path}", "ttl") == read(service, "/ontology", "jsonld")
    ask(service, "/ontology/0.0.0-none").problem(404, "not-found")


@pytest.mark.parametrize("name", ["ontology", "shapes"])
def test_vocabularies_hold_what_their_files_hold(
    service: Service, dataset: ox.Store, name: str
) -> None:
    body = ask(service, f"/{name}", headers=accept("ttl")).body
    graphs = [g for g in dataset.named_graphs() if g.value.startswith(f"{BASE}graph/{name}/")]
    expected = sum(len(list(dataset.quads_for_pattern(None, None, None, g))) for g in graphs)
    assert graphs
    assert len(Graph().parse(body, format="turtle")) == expected


@pytest.mark.parametrize("name", ["ontology", "shapes"])
def test_the_page_of_a_vocabulary_links_its_data(service: Service, name: str) -> None:
    linked = [
        link
        for link in Page(ask(service, f"/{name}", headers={"Accept": BROWSER}).text).links
        if link.startswith(f"/{name}.")
    ]
    assert linked == [f"/{name}.{extension}" for extension in ("jsonld", "ttl", "nt", "rdf")]
    expected = read(service, f"/{name}", "ttl")
    for headers in ({"Accept": BROWSER}, accept("ttl")):
        links = ask(service, f"/{name}", headers=headers).headers["Link"]
        assert f'</{name}.ttl>; rel="alternate"; type="text/turtle"' in links
    for extension in GRAPHS:
        reply = ask(service, f"/{name}.{extension}", headers={"Accept": "image/png"})
        assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[extension])
        assert "Vary" not in reply.headers
        assert read(service, f"/{name}.{extension}", extension) == expected
    assert "ttl" in ask(service, f"/{name}.csv").problem(404, "not-found")["available"]


# The context


def test_the_context_covers_every_class_and_property(service: Service, dataset: ox.Store) -> None:
    reply = ask(service, "/context.jsonld")
    assert reply.media_type == "application/ld+json"
    context = reply.json()["@context"]
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
    start = f"{BASE}ontology#"
    terms = {
        quad.subject.value
        for kind in kinds
        for quad in dataset.quads_for_pattern(
            None, ox.NamedNode(str(RDF.type)), ox.NamedNode(str(kind)), None
        )
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(start)
    }
    assert len(terms) > 50
    document = {
        "@context": context,
        "@id": "https://e.example/s",
        **{
            term.removeprefix(start): {"@id": "https://e.example/o"}
            for term in terms
            if term.removeprefix(start) in context
        },
    }
    used = {t.predicate.value for t in triples(json.dumps(document), "jsonld")}
    assert used == terms


# What is not there


UNKNOWN = ("/id/{}", "/page/{}", "/data/{}", f"/describe?iri={BASE}id/{{}}")


@pytest.mark.parametrize("accepted", [*MEDIA_TYPES.values(), "image/png", "*/*"])
def test_an_unknown_thing_is_404_with_help_whatever_is_accepted(
    service: Service, accepted: str
) -> None:
    for path in (*(path.format("city/none-xx") for path in UNKNOWN), "/none"):
        reply = ask(service, path, headers={"Accept": accepted})
        assert reply.problem(404, "not-found")["advice"]


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("name", ["city/quit", "city/Quito", "city/quito-ecuador", "city/qiuto-ec"])
def test_an_unknown_thing_is_404_with_what_may_be_meant(
    service: Service, path: str, name: str
) -> None:
    similar = ask(service, path.format(name)).problem(404, "not-found")["similar"]
    quito = {"label": "Quito", "iri": f"{BASE}id/city/quito-ec", "url": "/page/city/quito-ec"}
    assert similar[0] == quito
    assert len(similar) <= 5


@pytest.mark.parametrize("accepted", [HTML, BROWSER])
def test_to_people_a_404_is_a_page(service: Service, accepted: str) -> None:
    for path in (*(path.format("city/quit") for path in UNKNOWN), "/none", "/dumps/none"):
        reply = ask(service, path, headers={"Accept": accepted})
        assert (reply.status, reply.media_type) == (404, HTML)
        assert reply.headers["Cache-Control"] == "no-store"
        page = Page(reply.text)
        program = ask(service, path).problem(404, "not-found")
        assert program["detail"] in page.text
        assert {thing["url"] for thing in program.get("similar", [])} <= set(page.links)


def test_to_people_who_write_a_problem_stays_a_problem(service: Service) -> None:
    reply = ask(service, "/id/city/quit", method="POST", headers={"Accept": BROWSER}, body=b"")
    reply.problem(405, "method-not-allowed")


@pytest.mark.parametrize("path", ["/id/", "/data/", "/page/", "/id/city", "/id/city/", "/id/.ttl"])
def test_a_path_that_names_no_thing_is_404(service: Service, path: str) -> None:
    ask(service, path).problem(404, "not-found")


@pytest.mark.parametrize(
    "path",
    [
        "/id/city/{}",
        "/page/city/{}",
        "/data/city/{}",
        "/data/city/{}.ttl",
        "/describe?iri={}",
        "/describe?iri=https://e.example/{}",
        "/browse/{}",
        "/queries/{}",
        "/dumps/{}",
        "/ontology/{}",
        "/{}",
    ],
)
def test_markup_in_a_request_is_not_given_back(service: Service, path: str) -> None:
    for text in (MARKUP, "javascript:alert(1)//<x>", "x\n<b>\0"):
        reply = ask(service, path.format(quote(text, safe="")), headers={"Accept": BROWSER})
        assert reply.status in (400, 404)
        assert reply.media_type == HTML
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert Page(reply.text).scripts == []
        assert Page(reply.text).tags.count("b") <= 1  # the language of the page


# Pages


def page_of(service: Service, thing: str) -> tuple[Page, Reply]:
    reply = ask(service, f"/page/{quote(thing)}", headers={"Accept": BROWSER})
    assert (reply.status, reply.media_type) == (200, HTML)
    assert reply.headers.get_content_charset() == "utf-8"
    return Page(reply.text), reply


def test_pages_are_well_formed_and_say_their_language(service: Service, things: list[str]) -> None:
    for thing in things:
        page, _ = page_of(service, thing)
        assert (page.declaration, page.language) == ("doctype html", "en")
        assert page.tags.count("title") == page.tags.count("h1") == page.tags.count("main") == 1
        assert thing_iri(thing) in page.text


def test_a_page_shows_the_facts_and_the_words_behind_them(
    service: Service, dataset: ox.Store, claimed_thing: str
) -> None:
    page, _ = page_of(service, claimed_thing)
    node = ox.NamedNode(thing_iri(claimed_thing))
    for quad in dataset.quads_for_pattern(node, None, None, None):
        if isinstance(quad.object, ox.Literal):
            assert " ".join(quad.object.value.split()) in page.text
        elif quad.object.value.startswith(f"{BASE}id/") and "#" not in quad.object.value:
            assert f"/page/{quad.object.value.removeprefix(BASE + 'id/')}" in page.links
    found = read(service, f"/data/{claimed_thing}", "nt")
    phrases = [
        t.object.value for t in found if t.predicate.value == "http://www.w3.org/ns/oa#exact"
    ]
    assert phrases
    for phrase in phrases:
        assert " ".join(phrase.split()) in page.text


def test_the_jsonld_in_a_page_is_the_data_of_the_thing(service: Service, things: list[str]) -> None:
    for thing in things:
        page, _ = page_of(service, thing)
        script, _ = page.scripts
        embedded = triples(script, "jsonld")
        assert embedded == read(service, f"/data/{quote(thing)}", "nt")


def test_hostile_literals_stay_text(hostile_service: Service) -> None:
    page, reply = page_of(hostile_service, "theme/hostile")
    assert page.tags.count("script") == 2
    assert "img" not in page.tags
    assert "<img src=x onerror=alert(1)>" in page.text
    assert not [link for link in page.links if link.lower().startswith("javascript")]
    assert "</script><script>" not in reply.text
    embedded = triples(page.scripts[0], "jsonld")
    assert embedded == read(hostile_service, "/data/theme/hostile", "nt")


@pytest.mark.parametrize("name", GRAPHS)
def test_hostile_literals_survive_in_every_format(hostile_service: Service, name: str) -> None:
    path = "/data/theme/hostile"
    assert read(hostile_service, path, name) == read(hostile_service, path, "nt")


def test_hostile_labels_stay_text_on_lists(hostile_service: Service) -> None:
    page = Page(ask(hostile_service, "/browse/Theme").text)
    assert not {"script", "img"} & set(page.tags)
    assert "<img src=x onerror=alert(1)>" in page.text


# Links


PATHS = (
    "/",
    "/id/{}",
    "/page/{}",
    "/data/{}",
    "/sparql",
    "/queries",
    "/docs",
    "/dumps",
    "/dumps/",
    "/sparql/",
    "/static",
    "/none",
)


@pytest.mark.parametrize("accepted", [BROWSER, "application/ld+json, */*;q=0.1"])
@pytest.mark.parametrize("path", PATHS)
def test_links_are_built_from_the_public_url_never_from_host(
    public_service: Service, claimed_thing: str, path: str, accepted: str
) -> None:
    headers = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
        "Accept": accepted,
    }
    reply = ask(public_service, path.format(claimed_thing), headers=headers)
    assert "evil.example" not in f"{reply.headers}{reply.text}"
    location = reply.headers["Location"]
    assert location is None or location.startswith(f"{PUBLIC}/")
    if reply.media_type == HTML:
        inner = [link for link in Page(reply.text).links if link.startswith("/")]
        assert inner == []


def test_the_context_names_its_version_at_the_public_url(public_service: Service) -> None:
    reply = ask(public_service, "/context.jsonld")
    address = reply.headers["Content-Location"]
    assert address.startswith(f"{PUBLIC}/context/")
    assert ask(public_service, address.removeprefix(PUBLIC)).body == reply.body


def test_a_document_has_the_part_of_the_context_that_it_uses(
    service: Service, claimed_thing: str
) -> None:
    whole = ask(service, "/context.jsonld").json()["@context"]
    part = ask(service, f"/data/{claimed_thing}.jsonld").json()["@context"]
    assert part.items() <= whole.items()
    assert {"id", "type", "label", "claims"} <= part.keys()
    assert len(part) < len(whole) / 2


@pytest.mark.parametrize("path", ["/", "/dumps", "/sparql/", "/id/{}", "/page/{}", "/queries"])
def test_without_a_public_url_links_are_relative_to_any_host(
    service: Service, claimed_thing: str, path: str
) -> None:
    headers = {"Host": "evil.example", "Accept": BROWSER}
    reply = ask(service, path.format(claimed_thing), headers=headers)
    assert "evil.example" not in f"{reply.headers}{reply.text}"


@pytest.mark.parametrize("host", ["[", "a b", "a:b:c", "é".encode().decode("latin-1"), ""])
def test_a_broken_host_header_breaks_nothing(service: Service, host: str) -> None:
    for path in ("/", "/none", "/sparql", "/ontology", "/data/city/none-xx"):
        assert ask(service, path, headers={"Host": host}).status < 500


@pytest.mark.parametrize("path", ["/page/city/quito-ec", "/data/city/quito-ec.ttl", "/ontology"])
def test_a_representation_is_not_sent_twice(service: Service, path: str) -> None:
    first = ask(service, path, headers={"Accept": "text/html, */*;q=0.1"})
    tag = first.headers["ETag"]
    again = ask(
        service,
        path,
        headers={"Accept": "text/html, */*;q=0.1", "If-None-Match": f'"other", W/{tag}'},
    )
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == tag
    assert again.headers["Vary"] == first.headers["Vary"]


def test_representations_have_different_validators(service: Service) -> None:
    path = "/data/city/quito-ec"
    tags = {
        ask(service, path, headers={"Accept": media_type}).headers["ETag"]
        for media_type in ("text/turtle", "application/ld+json", "application/rdf+xml")
    }
    assert len(tags) == 3


def test_typed_links_lead_from_a_document_to_its_thing_and_its_other_formats(
    service: Service,
) -> None:
    answer = ask(service, "/page/city/quito-ec")
    links = answer.headers["Link"]
    assert f'<{BASE}id/city/quito-ec>; rel="cite-as"' in links
    assert 'rel="license"' in links
    assert f'<{BASE}ontology#City>; rel="type"' in links
    for target in re.findall(r'<([^>]+)>; rel="alternate', links):
        assert ask(service, target).status == 200


@pytest.mark.parametrize("query", ["", "?iri=", "?iri=a&iri=b"])
def test_a_description_is_of_one_iri(service: Service, query: str) -> None:
    ask(service, f"/describe{query}").problem(400, "bad-parameter")


@pytest.mark.parametrize("iri", ["0", "id/city/quito-ec", "//x/y", "http://[x"])
def test_nothing_is_known_of_what_is_no_absolute_iri(service: Service, iri: str) -> None:
    ask(service, f"/describe?iri={quote(iri)}").problem(404, "not-found")
