"""The W3C's own tests of the protocols and of the result formats, where they are beside the
checkout, on a service that holds the data that they name."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.collection import Collection
from starlette.types import ASGIApp

from migkg.engine.release import Release
from migkg.services.building import build
from migkg.web.app import create_app
from tests.conftest import ROOT
from tests.tiny import make_project
from tests.web.asgi import ask, started
from tests.web.client import GRAPHS, MEDIA_TYPES, RESULTS, Reply

FOLDER = ROOT.parent / "shared" / "testdata" / "sparql11"
MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
HT = rdflib.Namespace("http://www.w3.org/2011/http#")
CNT = rdflib.Namespace("http://www.w3.org/2011/content#")
PROTOCOL = "protocol/manifest.ttl"
STORES = ("graph-store-protocol/manifest-indirect.ttl", "graph-store-protocol/manifest-direct.ttl")
RESULT_MANIFESTS = ("csv-tsv-res/manifest.ttl", "json-res/manifest.ttl")
KINDS = {
    "boolean": [MEDIA_TYPES["json"], MEDIA_TYPES["xml"]],
    "tabular": [MEDIA_TYPES[name] for name in RESULTS],
    "RDF": [MEDIA_TYPES[name] for name in GRAPHS],
}
READ_ONLY = "the service takes no updates; each is answered 403"
# What has to fail, by the IRI of the test behind the manifest's own, with the reason.
EXCEPTIONS = {
    f"update_{name}": READ_ONLY
    for name in (
        *("dataset_default_graph", "dataset_default_graphs", "dataset_named_graphs"),
        *("dataset_full", "post_form", "post_direct", "base_uri"),
    )
}


CANONICAL = "the engine writes a number in its own form, 1000000 for 1.0E6; the value is the same"
OTHER_FORMS = {"csv03": CANONICAL, "tsv03": CANONICAL}


@dataclass(frozen=True)
class Step:
    """One request of a test, and what has to come back."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statuses: tuple[str, ...]
    format: str | None
    boolean: bool | None


def manifest(name: str) -> rdflib.Graph:
    path = FOLDER / name
    return rdflib.Graph().parse(path, publicID=path.as_uri()) if path.is_file() else rdflib.Graph()


def entries(name: str) -> Iterator[tuple[str, rdflib.Graph, rdflib.term.Node]]:
    graph = manifest(name)
    for listed in graph.objects(None, MF.entries):
        for test in Collection(graph, listed):
            yield str(test).rpartition("#")[2], graph, test


def steps(graph: rdflib.Graph, test: rdflib.term.Node) -> list[Step]:
    requests = graph.value(graph.value(test, MF.action), HT.requests)
    return [_step(graph, node) for node in Collection(graph, requests)]


def _step(graph: rdflib.Graph, node: rdflib.term.Node) -> Step:
    headers = graph.value(node, HT.headers)
    pairs = [
        (str(graph.value(header, HT.fieldName)), str(graph.value(header, HT.fieldValue)))
        for header in (Collection(graph, headers) if headers else ())
    ]
    body = graph.value(node, HT.body)
    text = str(graph.value(body, CNT.chars)) if body else ""
    encoding = str(graph.value(body, CNT.characterEncoding) or "utf-8") if body else "utf-8"
    response = graph.value(node, HT.resp)
    wanted = graph.value(response, MF.expectedFormat)
    boolean = graph.value(response, MF.expectedBoolean)
    return Step(
        str(graph.value(node, HT.methodName)),
        str(graph.value(node, HT.absolutePath)),
        tuple(pairs),
        text.encode(encoding),
        tuple(str(s).rpartition("#")[2] for s in graph.objects(response, MF.expectedStatus)),
        str(wanted) if wanted else None,
        bool(boolean.toPython()) if boolean is not None else None,
    )


def quads() -> Iterator[ox.Quad]:
    """The data of all tests, each file in the graph that the tests call it."""
    for number in (1, 2, 3):
        name = f"http://kasei.us/2009/09/sparql/data/data{number}.rdf"
        yield from _in_graph(FOLDER / f"protocol/data{number}.nt", name)
    for manifest_name in RESULT_MANIFESTS:
        for path in sorted((FOLDER / manifest_name).parent.glob("data*.ttl")):
            yield from _in_graph(path, path.as_uri())


def _in_graph(path: Path, name: str) -> Iterator[ox.Quad]:
    for quad in ox.parse(path=str(path), base_iri=path.as_uri(), rename_blank_nodes=True):
        yield ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(name))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Release]:
    """A release of the tests' data in place of the small project's."""
    if not FOLDER.is_dir():
        pytest.skip(f"the W3C test data is not at {FOLDER}")
    folder = tmp_path_factory.mktemp("w3c")
    made = build(make_project(folder), lambda _: None)
    ox.serialize(quads(), str(made.store), format=ox.RdfFormat.N_QUADS)
    return folder, made


@asynccontextmanager
async def serving(place: tuple[Path, Release]) -> AsyncIterator[ASGIApp]:
    folder, made = place
    values = replace(make_project(folder), workers=1)
    async with started(create_app(values, made)) as app:
        yield app


def right(step: Step, reply: Reply) -> bool:
    """True if a reply is what the step expects."""
    classes = {status.removeprefix("StatusCode").removesuffix("xx") for status in step.statuses}
    if not any(str(reply.status).startswith(start) for start in classes):
        return False
    if step.format and reply.media_type not in KINDS[step.format]:
        return False
    return step.boolean is None or read_boolean(reply) is step.boolean


def read_boolean(reply: Reply) -> bool:
    if reply.media_type == MEDIA_TYPES["json"]:
        return bool(reply.json()["boolean"])
    return b"<boolean>true</boolean>" in reply.body


def address(path: str) -> str:
    """Where this service has what the test has at a path of one endpoint for all."""
    query = path.removeprefix("/sparql/").removeprefix("/sparql")
    return ("/update" if re.match(r"\?(using|update)", query) else "/sparql") + query


async def passes(app: ASGIApp, step: Step) -> bool:
    path = address(step.path)
    is_update = any("sparql-update" in value for _, value in step.headers)
    if is_update or step.body.startswith((b"update=", b"CLEAR")):
        path = path.replace("/sparql", "/update", 1)
    reply = await ask(app, path, step.headers, method=step.method, body=step.body)
    return right(step, reply)


PROTOCOL_TESTS = {name: steps(graph, test) for name, graph, test in entries(PROTOCOL)}


@pytest.mark.skipif(not PROTOCOL_TESTS, reason=f"the W3C test data is not at {FOLDER}")
def test_the_protocol_is_as_the_manifest_has_it(release: tuple[Path, Release]) -> None:
    async def run() -> set[str]:
        async with serving(release) as app:
            return {
                name
                for name, steps in PROTOCOL_TESTS.items()
                if not all([await passes(app, step) for step in steps])
            }

    assert len(PROTOCOL_TESTS) > 30
    assert asyncio.run(run()) == set(EXCEPTIONS)


STORE_TESTS = {name: steps(graph, test) for store in STORES for name, graph, test in entries(store)}
NOTHING_THERE = "head_non_existing_indirect"


@pytest.mark.skipif(not STORE_TESTS, reason=f"the W3C test data is not at {FOLDER}")
def test_the_graph_store_refuses_what_the_manifest_writes_and_has_nothing_of_it(
    release: tuple[Path, Release],
) -> None:
    """Every test but one begins by writing, so what follows finds nothing."""

    async def run() -> None:
        async with serving(release) as app:
            for name, requests in STORE_TESTS.items():
                for step in requests:
                    if "$" in step.path:  # what only a write would have told
                        continue
                    path = re.sub(r"^/gsp(?=\?|$)", "/rdf-graph-store", step.path)
                    path = re.sub(r"^/gsp/", "/graph/", path)
                    reply = await ask(app, path, step.headers, method=step.method, body=step.body)
                    if step.method in ("GET", "HEAD"):
                        expected = 200 if path.endswith("?default") else 404
                    else:
                        expected = 403
                        reply.problem(403, "read-only")
                    assert reply.status == expected, name
                    if name == NOTHING_THERE:
                        assert step.statuses == ("NotFound",)

    assert NOTHING_THERE in STORE_TESTS
    asyncio.run(run())


def bindings(data: bytes, suffix: str) -> list[set[str]] | bool:
    """The rows of a result, each with its variables; the names of blank nodes say nothing."""
    formats = {".srj": ox.QueryResultsFormat.JSON, ".tsv": ox.QueryResultsFormat.TSV}
    if suffix == ".csv":
        rows = [list(row.items()) for row in csv.DictReader(io.StringIO(data.decode()))]
    else:
        result = ox.parse_query_results(data, format=formats[suffix])
        if isinstance(result, ox.QueryBoolean):
            return bool(result)
        names = [variable.value for variable in result.variables]
        rows = [[(name, str(row[name])) for name in names] for row in result]
    found = [{f"{name} {re.sub('_:.*', '_:b', value)}" for name, value in row} for row in rows]
    return sorted(found, key=sorted)


RESULT_TESTS = [
    (graph.value(test, MF.result), graph.value(test, MF.action), graph, name)
    for results in RESULT_MANIFESTS
    for name, graph, test in entries(results)
]


@pytest.mark.skipif(not RESULT_TESTS, reason=f"the W3C test data is not at {FOLDER}")
def test_results_are_as_the_manifests_have_them(release: tuple[Path, Release]) -> None:
    wrong = set()

    async def run() -> None:
        async with serving(release) as app:
            for result, action, graph, name in RESULT_TESTS:
                expected = Path(str(result).removeprefix("file://"))
                query = Path(str(graph.value(action, QT.query)).removeprefix("file://"))
                data = str(graph.value(action, QT.data))
                kind = {".csv": "csv", ".tsv": "tsv", ".srj": "json"}[expected.suffix]
                path = f"/sparql?default-graph-uri={quote(data, safe='')}"
                reply = await ask(
                    app,
                    path,
                    [("Content-Type", "application/sparql-query"), ("Accept", MEDIA_TYPES[kind])],
                    method="POST",
                    body=query.read_bytes(),
                )
                assert reply.status == 200, name
                found = bindings(reply.body, expected.suffix)
                if found != bindings(expected.read_bytes(), expected.suffix):
                    wrong.add(name)

    assert len(RESULT_TESTS) == 10
    asyncio.run(run())
    assert wrong == set(OTHER_FORMS)
