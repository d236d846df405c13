"""In front of a remote SPARQL endpoint the service gives what it gives by itself."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, urlsplit

import pytest

from migkg.engine.release import Release
from migkg.resources import Project
from migkg.services import stored_queries
from migkg.settings import Settings
from tests.conftest import BASE, Service, oxigraph, serve
from tests.processes import eventually
from tests.web.client import GRAPHS, MEDIA_TYPES, Reply, accept, ask, sparql, triples
from tests.web.page import BROWSER
from tests.web.test_conformance import failures

THEMES = f"{BASE}graph/themes"
PLACES = f"{BASE}graph/places"
CROSS_PRODUCT = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
COUNT = "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
SELECTS = [
    "SELECT ?s ?o { ?s a ?o }",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "SELECT ?x ?y { VALUES (?x ?y) { ('é\\t\"'@en UNDEF) (1.50 <https://e.example/ü>) } }",
    "SELECT ?b ?a { FILTER(false) }",
    f"SELECT (COUNT(*) AS ?n) FROM <{THEMES}> {{ ?s ?p ?o }}",
    f"SELECT (COUNT(*) AS ?n) FROM NAMED <{THEMES}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    f"SELECT (COUNT(*) AS ?n) FROM NAMED <{THEMES}> {{ ?s ?p ?o }}",
    f"PREFIX g: <{BASE}graph/> SELECT * FROM g:themes FROM NAMED g:places {{ ?s a ?o }}",
    f"BASE <{BASE}graph/x> SELECT (COUNT(*) AS ?n) FROM <themes> FROM<places> {{ ?s ?p ?o }}",
    "SELECT (COUNT(*) AS ?n) FROM <graph/themes> { ?s ?p ?o }",
    "SELECT ?p { <id/theme/asylum-seekers> ?p ?o }",
]
CONSTRUCT = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{THEMES}> {{ ?s ?p ?o }} }}"
DESCRIBE = f"DESCRIBE <{BASE}ontology#City>"


def same(service: Service, remote_service: Service, path: str, headers: dict[str, str]) -> Reply:
    """The reply of both, which must agree in everything but the order of rows and triples."""
    ours = ask(service, path, headers=headers)
    theirs = ask(remote_service, path, headers=headers)
    assert (ours.status, ours.media_type) == (theirs.status, theirs.media_type), theirs.text
    assert ours.status == 200
    return theirs


def bag(reply: Reply) -> tuple[list[str], Counter[str]]:
    content = reply.json()
    rows = content["results"]["bindings"]
    return content["head"]["vars"], Counter(
        str(sorted((name, sorted(term.items())) for name, term in row.items())) for row in rows
    )


@pytest.fixture(scope="module")
def patient_services(
    settings: Settings, release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Service]]:
    """The embedded engine and a remote one, with time for whatever is asked."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(oxigraph(release, tmp_path_factory.mktemp("patient")))
        yield (
            stack.enter_context(serve(settings, release, MIGKG_QUERY_DEADLINE="120")),
            stack.enter_context(
                serve(settings, release, MIGKG_QUERY_DEADLINE="120", MIGKG_ENGINE_URL=endpoint)
            ),
        )


@pytest.mark.parametrize("query", SELECTS)
def test_select_gives_the_same_bag(service: Service, remote_service: Service, query: str) -> None:
    ours, theirs = (sparql(s, query) for s in (service, remote_service))
    assert (ours.status, theirs.status) == (200, 200), theirs.text
    assert bag(ours) == bag(theirs)


DATASETS: list[dict[str, str | list[str]]] = [
    {"default_graph_uri": THEMES},
    {"named_graph_uri": THEMES},
    {"default_graph_uri": [THEMES, PLACES], "named_graph_uri": [PLACES]},
    {"default_graph_uri": f"{BASE}graph/none"},
]


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
@pytest.mark.parametrize("rows", ["9", "10"])
def test_an_answer_is_cut_at_the_same_row(
    service: Service, remote_service: Service, name: str, rows: str
) -> None:
    text = "SELECT ?s ?o { ?s a ?o } ORDER BY ?s ?o LIMIT 10"
    ours, theirs = (sparql(s, text, accept(name), truncate=rows) for s in (service, remote_service))
    assert theirs.headers["Migkg-Truncated"] == (rows if rows == "9" else None)
    assert theirs.headers["Migkg-Truncated"] == ours.headers["Migkg-Truncated"]
    if name == "json":
        assert theirs.json() == ours.json()
    else:
        assert theirs.body == ours.body


@pytest.mark.parametrize("dataset", [{}, *DATASETS])
def test_a_dataset_is_passed_on(
    service: Service, remote_service: Service, dataset: dict[str, str | list[str]]
) -> None:
    assert bag(sparql(service, COUNT, **dataset)) == bag(sparql(remote_service, COUNT, **dataset))


@pytest.mark.parametrize("pattern", ["", "FILTER(false)", "?s a ?o"])
@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_ask_gives_the_same_answer(
    service: Service, remote_service: Service, pattern: str, name: str
) -> None:
    path = f"/sparql?query={quote(f'ASK {{ {pattern} }}')}"
    theirs = same(service, remote_service, path, accept(name))
    assert theirs.text.strip() == ask(service, path, headers=accept(name)).text.strip()


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE], ids=["construct", "describe"])
def test_graphs_are_the_same_in_every_format(
    service: Service, remote_service: Service, query: str, name: str
) -> None:
    path = f"/sparql?query={quote(query)}"
    theirs = same(service, remote_service, path, accept(name))
    expected = triples(ask(service, path, headers=accept("nt")).body, "nt")
    assert expected
    assert triples(theirs.body, name) == expected


def test_documents_and_pages_are_the_same_to_the_byte(
    service: Service, remote_service: Service, things: list[str]
) -> None:
    pages = [f"/page/{quote(thing)}" for thing in things]
    data = [f"/data/{quote(thing)}.ttl" for thing in things]
    for path in [*pages, *data, "/", "/browse/City", "/browse/Observation"]:
        headers = {"Accept": BROWSER}
        theirs = same(service, remote_service, path, headers)
        assert theirs.body == ask(service, path, headers=headers).body, path


def test_stored_queries_are_answered_the_same(
    patient_services: tuple[Service, Service], project: Project
) -> None:
    service, remote_service = patient_services
    for name, query in stored_queries.load(project).items():
        path = f"/queries/{name}"
        theirs = same(service, remote_service, path, accept("csv"))
        ours = ask(service, path, headers=accept("csv"))
        if "ORDER BY" in query.text:
            assert theirs.text == ours.text, name
        else:
            assert sorted(theirs.text.splitlines()) == sorted(ours.text.splitlines()), name


@pytest.mark.parametrize(
    "path",
    [
        "/queries/bodies_in_hamilton?city=Quito",
        "/queries/countries_of_initiatives?country=Ecuador",
        "/queries/planned_and_hoped_statements?text=%22%20%7D%20%5Cu0022",
        "/queries/recommendations_by_addressee?theme=theme:migration-policy&text=LOCAL",
        "/queries/paragraphs_with_most_evidence?least=20&document=document:1",
        "/queries/events_in_time?from=2016",
    ],
)
def test_parameters_are_bound_the_same(
    service: Service, remote_service: Service, path: str
) -> None:
    theirs = same(service, remote_service, path, accept("csv"))
    assert theirs.text == ask(service, path, headers=accept("csv")).text


@pytest.mark.parametrize("name", ["json", "ttl"])
def test_answers_name_the_format_and_their_length(remote_service: Service, name: str) -> None:
    reply = sparql(remote_service, "ASK {}" if name == "json" else CONSTRUCT, accept(name))
    assert reply.media_type == MEDIA_TYPES[name]
    assert reply.headers["Content-Length"] == str(len(reply.body))


@pytest.mark.parametrize("query", ["SELECT * { ?s ?p", "ASK { ?s un:known ?o }"])
def test_a_syntax_error_is_400_and_says_why(remote_service: Service, query: str) -> None:
    assert sparql(remote_service, query).problem(400, "bad-query")["detail"]


def test_a_function_that_there_is_not_is_400(service: Service, remote_service: Service) -> None:
    query = "SELECT (<urn:x:f>(1) AS ?x) {}"
    for each in (service, remote_service):
        problem = sparql(each, query).problem(400, "bad-query")
        assert problem["detail"] == "There is no function <urn:x:f> here."


@pytest.mark.parametrize("query", ["SELECT * { SERVICE <http://127.0.0.1:9/> {} }", "CLEAR ALL"])
def test_what_is_refused_never_reaches_the_endpoint(remote_service: Service, query: str) -> None:
    sparql(remote_service, query).problem(400, "query-refused")


@pytest.fixture
def endpoint(release: Release, tmp_path: Path) -> Iterator[tuple[str, ExitStack]]:
    """An endpoint of one test, and what ends it."""
    with ExitStack() as stack:
        yield stack.enter_context(oxigraph(release, tmp_path)), stack


def test_without_its_endpoint_a_service_is_live_but_not_ready(
    settings: Settings, release: Release, endpoint: tuple[str, ExitStack]
) -> None:
    url, stack = endpoint
    with serve(settings, release, MIGKG_ENGINE_URL=url) as own:
        assert ask(own, "/readyz").status == 200
        stack.close()
        ask(own, "/readyz").problem(503, "not-ready")
        sparql(own, "ASK {}").problem(502, "engine-unavailable")
        ask(own, "/data/city/quito-ec").problem(502, "engine-unavailable")
        assert ask(own, "/livez").status == 200
        assert ask(own, "/ontology", headers=accept("ttl")).status == 200


class Hangs(BaseHTTPRequestHandler):
    """Holds nothing; a query that names ``urn:hang`` lasts until the other side ends it."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[float]] = []
    ended: ClassVar[list[float]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if b"urn%3Ahang" in body:
            self.asked.append(time.monotonic())
            with suppress(ConnectionError):
                self.connection.recv(1)
            self.ended.append(time.monotonic())
            self.close_connection = True
            return
        empty = b'{"head":{"vars":["x"]},"results":{"bindings":[]}}'
        some = empty.replace(b"[]", b'[{"x":{"type":"uri","value":"urn:x"}}]')
        rows = empty if b"releases" in body else some  # data, and no record of releases
        answer = b'{"head":{},"boolean":true}' if b"ASK" in body else rows
        self.send_response(200)
        self.send_header("Content-Type", MEDIA_TYPES["json"])
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


def test_when_clients_go_away_the_endpoint_is_told(settings: Settings, release: Release) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hangs) as server, ExitStack() as stack:
        threading.Thread(target=server.serve_forever).start()
        stack.callback(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}/"
        own = stack.enter_context(
            serve(settings, release, MIGKG_ENGINE_URL=url, MIGKG_QUERY_PROCESSES="16")
        )
        address = urlsplit(own.url)
        for number in range(0, 40, 4):
            clients = [socket.create_connection((address.hostname, address.port)) for _ in range(4)]
            for place, client in enumerate(clients):
                path = f"/sparql?query={quote(f'SELECT * {{ <urn:hang> ?p {number + place} }}')}"
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            eventually(lambda wanted=number + 4: len(Hangs.asked) == wanted)
            assert len(Hangs.ended) == number
            for client in clients:
                client.close()
            eventually(lambda wanted=number + 4: len(Hangs.ended) == wanted)


def test_the_deadline_is_504_and_the_service_goes_on(
    settings: Settings, release: Release, endpoint: tuple[str, ExitStack]
) -> None:
    # The endpoint cannot cancel and burns on, so it is one of its own, ended after the test.
    url, _ = endpoint
    with serve(settings, release, MIGKG_ENGINE_URL=url, MIGKG_QUERY_DEADLINE="2") as own:
        sparql(own, CROSS_PRODUCT).problem(504, "query-timeout")
        assert sparql(own, "ASK {}").status == 200


def test_of_another_engine_no_more_than_sparql_11_is_promised(remote_service: Service) -> None:
    described = ask(remote_service, "/sparql", headers=accept("nt")).text
    assert "SPARQL11Query" in described
    assert "SPARQL12Query" not in described


@pytest.mark.parametrize("name", ["sparql_protocol.py", "graph_store.py"])
def test_the_conformance_client_finds_no_failure(remote_service: Service, name: str) -> None:
    assert failures(remote_service, name) == []


def test_metrics_tell_what_the_endpoint_was_asked(remote_service: Service) -> None:
    def asked() -> float:
        lines = ask(remote_service, "/metrics").text.splitlines()
        assert 'migkg_endpoint_state{endpoint="1",role="query",state="in service"} 1' in lines
        name = 'migkg_endpoint_requests_total{endpoint="1"} '
        (line,) = (line for line in lines if line.startswith(name))
        return float(line.removeprefix(name))

    before = asked()
    query = f"SELECT * {{ ?s ?p ?o }} LIMIT 1 # {before}"
    assert sparql(remote_service, query).status == 200
    assert asked() == before + 1
