"""VoID, DCAT, the service description and schema.org: they say what SPARQL and the dumps say."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest

from migkg.engine import statistics
from migkg.engine.release import Release
from migkg.services import jsonld
from migkg.services.building import build
from tests.conftest import BASE, Service
from tests.tiny import make_project
from tests.web.asgi import CountingEngine, application
from tests.web.asgi import ask as ask_application
from tests.web.client import GRAPHS, MEDIA_TYPES, Reply, accept, ask, triples

VOID = "http://rdfs.org/ns/void#"
DCAT = "http://www.w3.org/ns/dcat#"
SD = "http://www.w3.org/ns/sparql-service-description#"
DATASET = f"{BASE}dataset"
DESCRIPTIONS = ("/.well-known/void", "/catalog", "/")
PREFIXES = f"""PREFIX void: <{VOID}> PREFIX dcat: <{DCAT}> PREFIX sd: <{SD}>
PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX spdx: <http://spdx.org/rdf/terms#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
"""


def described(service: Service, path: str) -> ox.Store:
    store = ox.Store()
    reply = ask(service, path, headers=accept("nt"))
    assert reply.status == 200
    store.load(reply.body, format=ox.RdfFormat.N_TRIPLES)
    return store


def rows(store: ox.Store, query: str) -> list[tuple[str, ...]]:
    found = store.query(PREFIXES + query, use_default_graph_as_union=True)
    return sorted(tuple(str(getattr(v, "value", v)) for v in row) for row in found)


@pytest.fixture(scope="module")
def void(service: Service) -> ox.Store:
    return described(service, "/.well-known/void")


@pytest.fixture(scope="module")
def dcat(service: Service) -> ox.Store:
    return described(service, "/catalog")


@pytest.mark.parametrize("path", DESCRIPTIONS)
def test_each_description_says_the_same_in_every_format(service: Service, path: str) -> None:
    first = triples(ask(service, path, headers=accept("nt")).body, "nt")
    assert len(first) > 50
    for name in GRAPHS:
        reply = ask(service, path, headers=accept(name))
        assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name])
        assert triples(reply.body, name) == first


@pytest.mark.parametrize("path", DESCRIPTIONS)
def test_what_cannot_be_had_is_406(service: Service, path: str) -> None:
    found = ask(service, path, headers={"Accept": "image/png"}).problem(406, "not-acceptable")
    assert "text/turtle" in found["available"]


def test_the_dataset_is_described_by_what_it_holds(
    service: Service, void: ox.Store, dcat: ox.Store
) -> None:
    """And the ontology, by its classes and properties."""
    predicate = ox.NamedNode("http://purl.org/dc/terms/description")
    found = [
        quad.object.value
        for store in (void, dcat)
        for quad in store.quads_for_pattern(None, predicate, None)
        if "migration and cities" in quad.object.value
    ]
    assert len(found) >= 2
    assert all(text.startswith("Statements about migration and cities") for text in found)
    assert found[0] in ask(service, "/", headers={"Accept": "text/html"}).text
    ontology = ask(service, "/ontology", headers={"Accept": "text/html"}).text
    assert f"Classes and properties for s{found[0][1:]}" in ontology


COUNTS = {
    "triples": ("(COUNT(*) AS ?n)", "{ SELECT DISTINCT ?s ?p ?o { ?s ?p ?o } }"),
    "distinctSubjects": ("(COUNT(DISTINCT ?s) AS ?n)", "?s ?p ?o"),
    "entities": ("(COUNT(DISTINCT ?s) AS ?n)", "?s a ?o"),
    "classes": ("(COUNT(DISTINCT ?c) AS ?n)", "?s a ?c . FILTER(isIRI(?c))"),
    "properties": ("(COUNT(DISTINCT ?p) AS ?n)", "?s ?p ?o"),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_agree_with_sparql(void: ox.Store, dataset: ox.Store, name: str) -> None:
    what, where = COUNTS[name]
    counted = rows(dataset, f"SELECT {what} {{ {where} }}")
    assert rows(void, f"SELECT ?n {{ <{DATASET}> void:{name} ?n }}") == counted


def test_class_partitions_agree_with_sparql(void: ox.Store, dataset: ox.Store) -> None:
    found = rows(
        void,
        f"SELECT ?c ?n {{ <{DATASET}> void:classPartition [void:class ?c; void:entities ?n] }}",
    )
    counted = "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c . FILTER(isIRI(?c)) } GROUP BY ?c"
    assert found == rows(dataset, counted)
    assert len(found) > 40


def test_property_partitions_agree_with_sparql(void: ox.Store, dataset: ox.Store) -> None:
    found = rows(
        void,
        f"""SELECT ?p ?n ?m {{ <{DATASET}> void:propertyPartition
        [void:property ?p; void:triples ?n; void:distinctSubjects ?m] }}""",
    )
    counted = """SELECT ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?m)
        { SELECT DISTINCT ?s ?p ?o { ?s ?p ?o } } GROUP BY ?p"""
    assert found == rows(dataset, counted)
    assert len(found) > 100


def test_linksets_agree_with_sparql(void: ox.Store, dataset: ox.Store) -> None:
    found = rows(
        void,
        f"""SELECT ?p ?space ?n {{ <{DATASET}> void:subset [a void:Linkset; void:linkPredicate ?p;
        void:triples ?n; void:subjectsTarget <{DATASET}>;
        void:objectsTarget [void:uriSpace ?space]] }}""",
    )
    links = rows(
        dataset,
        f"""SELECT DISTINCT ?s ?p ?o {{ ?s ?p ?o . FILTER(isIRI(?o) && STRSTARTS(STR(?s),
        "{BASE}id/") && !STRSTARTS(STR(?o), "{BASE}") && !STRSTARTS(STR(?p), STR(rdf:))) }}""",
    )
    spaces = [(p, re.match("[a-z]+://[^/]+/", o)) for _, p, o in links]
    counted = Counter((p, space.group()) for p, space in spaces if space)
    assert found == sorted((p, space, str(n)) for (p, space), n in counted.items())
    assert len(found) > 5


def test_examples_are_things_that_are_described(void: ox.Store, service: Service) -> None:
    found = rows(void, f"SELECT ?e {{ <{DATASET}> void:exampleResource ?e }}")
    assert len(found) > 20
    for (iri,) in found[::5]:
        path = iri.removeprefix(BASE)
        assert ask(service, f"/{path}", headers=accept("ttl")).status == 303


def test_graphs_of_the_service_description_agree_with_sparql(
    service: Service, dataset: ox.Store
) -> None:
    found = rows(
        described(service, "/sparql"),
        "SELECT ?g ?n { [] sd:namedGraph [sd:name ?g; sd:graph [void:triples ?n]] }",
    )
    assert found == rows(
        dataset, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    )


def test_a_distribution_is_the_file_that_it_says(service: Service, dcat: ox.Store) -> None:
    found = rows(
        dcat,
        f"""SELECT ?url ?type ?size ?sum ?packed {{
        <{DATASET}> dcat:distribution ?d . ?d dcat:downloadURL ?url; dcat:mediaType ?type;
        dcat:byteSize ?size; spdx:checksum [spdx:checksumValue ?sum;
          spdx:algorithm spdx:checksumAlgorithm_sha256] .
        OPTIONAL {{ ?d dcat:compressFormat ?packed }} }}""",
    )
    assert len(found) == 3 * len(GRAPHS) + 2
    for url, media_type, size, digest, packed in found:
        reply = ask(service, url.removeprefix(service.url), method="HEAD")
        stated = (media_type if packed == "None" else packed).partition("types/")[2]
        assert (reply.status, reply.media_type) == (200, stated)
        assert reply.headers["Content-Length"] == size
        assert reply.headers["ETag"] == f'"{digest}"'


@pytest.mark.parametrize("path", ["/.well-known/void", "/catalog", "/sparql"])
def test_every_address_of_the_service_answers(service: Service, path: str) -> None:
    terms = {t for quad in described(service, path) for t in (quad.subject, quad.object)}
    urls = {t.value for t in terms if str(getattr(t, "value", "")).startswith(service.url)}
    assert urls
    for url in urls:
        assert ask(service, url.removeprefix(service.url), method="HEAD").status == 200, url


def test_what_a_client_says_of_the_host_is_never_repeated(service: Service) -> None:
    for host in ("one.example", "two.example:81"):
        reply = ask(service, "/catalog", headers={"Host": host, **accept("nt")})
        assert f"<{service.url}/sparql>" in reply.text
        assert host not in reply.text
        assert "private" in reply.headers["Cache-Control"]


def test_a_public_url_is_the_address_of_everything(tmp_path: Path) -> None:
    async def catalogue() -> Reply:
        async with application(tmp_path, CountingEngine(), public_url="https://a.example/k") as app:
            headers = [("Accept", "text/turtle"), ("Host", "evil.example")]
            return await ask_application(app, "/catalog", headers)

    reply = asyncio.run(catalogue())
    assert "<https://a.example/k/sparql>" in reply.text
    assert "evil" not in reply.text
    assert "public" in reply.headers["Cache-Control"]


def embedded(page: str) -> dict[str, object]:
    scripts = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert len(scripts) == 1
    return dict(json.loads(scripts[0]))


def test_the_start_page_describes_the_dataset_to_search_engines(service: Service) -> None:
    found = embedded(ask(service, "/", headers={"Accept": "text/html"}).text)
    assert (found["@type"], found["version"]) == ("Dataset", service.release.id)
    downloads = found["distribution"]
    assert isinstance(downloads, list)
    assert {item["contentUrl"] for item in downloads} > {"/dumps/migkg.ttl", "/dumps/migkg.nq.gz"}


def test_no_text_of_the_data_ends_the_script() -> None:
    text = "</script><script>alert(1)</script> & <!--"
    assert json.loads(jsonld.embed({"name": text})) == {"name": text}
    assert not set("<>&") & set(jsonld.embed({"name": text}))


def test_a_release_without_statistics_is_counted_when_it_is_served(tmp_path: Path) -> None:
    settings = make_project(tmp_path)
    built = build(settings, lambda _: None)
    written = statistics.of_release(built, settings.base_iri)
    files = {k: v for k, v in built.manifest["files"].items() if k != statistics.FILE}
    bare = Release(built.folder, {**built.manifest, "files": files})
    assert statistics.of_release(bare, settings.base_iri) == written
    assert written.classes["https://tiny.example/ontology#Book"] == 2
    large = replace(bare, manifest={**bare.manifest, "quads": 10**9})
    assert statistics.of_release(large, settings.base_iri) == statistics.Statistics()


def test_the_same_files_give_the_same_statistics(tmp_path: Path) -> None:
    one, other = (build(make_project(tmp_path / name), lambda _: None) for name in "ab")
    name = statistics.FILE
    assert one.manifest["files"][name] == other.manifest["files"][name]
