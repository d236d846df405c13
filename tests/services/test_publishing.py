"""A release is brought to another engine whole, or what is served there stays as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from migkg.engine import graph_files, published
from migkg.engine.http_client import HttpClient
from migkg.engine.published import Holding
from migkg.engine.rdf_server import KINDS, Addresses, RdfServer
from migkg.engine.release import STORE, Release
from migkg.engine.remote import RemoteEngine
from migkg.engine.remote.credentials import Credentials
from migkg.errors import EngineUnavailable, MigkgError, PublishFailed
from migkg.services.publishing import Outcome, Publisher, Wishes
from migkg.settings import Settings
from tests.engines import empty_oxigraph, empty_virtuoso, faulty

BASE = "https://tiny.example/"
OLD, NEW, NEWER = ("0" * 15 + digit for digit in "123")
WISHES = Wishes(grace=0, silence=0.3)
NO_SIGN = replace(WISHES, silence=3600)  # seconds; a run that writes nothing but what it brings
Connect = Callable[..., RdfServer]
XSD = "http://www.w3.org/2001/XMLSchema#"
TERMS = [
    '"x"@en-US',
    '"\U0001f600 é \\n\\t\\"\\\\ ا"',
    '""',
    f'"2020-01-01T00:00:00.120+05:30"^^<{XSD}dateTime>',
    f'"2020-01-02"^^<{XSD}date>',
    f'"99999999999999999999"^^<{XSD}integer>',
    f'"1.50"^^<{XSD}decimal>',
    f'"{"a" * 12000}"',
    "<http://e/%C3%A9>",
    "<http://e/é>",
    "_:c14n0",
]


def release(folder: Path, release_id: str, extra: list[str]) -> Release:
    """A release with two graphs that share a triple, and whatever literals there are."""
    quads = [
        f"<http://e/a> <http://e/p{n}> {term} <{BASE}graph/a> ." for n, term in enumerate(TERMS)
    ]
    quads += [f"<http://e/s> <http://e/p> <http://e/o> <{BASE}graph/{g}> ." for g in "ab"]
    quads += [f"_:c14n0 <http://e/p> _:c14n1 <{BASE}graph/a> .", *extra]
    path = folder / release_id / STORE
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{line}\n" for line in sorted(quads)), "utf-8")
    counts: dict[str, int] = {}
    for quad in quads:
        name = quad.split(" ")[-2][1:-1]
        counts[name] = counts.get(name, 0) + 1
    manifest = {
        "id": release_id,
        "quads": len(quads),
        "triples": len({quad.rpartition(" <")[0] for quad in quads}),
        "graphs": counts,
    }
    return Release(folder / release_id, manifest)


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Release]:
    folder = tmp_path_factory.mktemp("releases")
    return {
        name: release(folder, name, [f'<http://e/n> <http://e/n> "{n}" <{BASE}graph/{n}> .'])
        for n, name in enumerate((OLD, NEW, NEWER))
    }


@pytest.fixture
def oxigraph() -> Iterator[str]:
    with empty_oxigraph() as url:
        yield url


@pytest.fixture
def connect() -> Iterator[Connect]:
    with ExitStack() as stack:

        def server(
            url: str, kind: str = "oxigraph", credentials: Credentials | None = None
        ) -> RdfServer:
            client = stack.enter_context(closing(HttpClient(credentials, deadline=20)))
            return RdfServer(Addresses.of(url, KINDS[kind]), client)

        yield server


def publish(at: RdfServer, one: Release, wishes: Wishes = WISHES) -> Outcome:
    return Publisher(one, at, BASE, wishes, lambda _: None).run()


def graphs_of(at: RdfServer) -> set[str]:
    rows = at.select("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
    return {row["g"]["value"] for row in rows}


def test_a_release_arrives_as_it_is_and_the_one_before_stays(
    connect: Connect, oxigraph: str, releases: dict[str, Release]
) -> None:
    at = connect(oxigraph)
    for name, processes in ((OLD, 0), (NEW, 2)):
        outcome = publish(at, releases[name], replace(WISHES, processes=processes))
        assert sum(len(graphs) for graphs in outcome.verified.values()) == 4
    record = published.read(at, BASE)
    assert (record.current, record.complete) == (NEW, (NEW, OLD))
    names = published.names_of(BASE, NEW, releases[NEW].manifest["graphs"])
    triples = releases[NEW].manifest["triples"]
    assert at.count(names.whole) == triples == releases[NEW].manifest["quads"] - 1
    assert at.count(names.names) == len(names.graphs) == 3
    own = names.graphs[f"{BASE}graph/a"]
    assert at.count(own) == releases[NEW].manifest["graphs"][f"{BASE}graph/a"]
    publish(at, releases[NEWER])
    assert published.read(at, BASE).complete == (NEWER, NEW)
    assert not [graph for graph in graphs_of(at) if OLD in graph]


def test_going_back_sends_nothing(
    connect: Connect, oxigraph: str, releases: dict[str, Release]
) -> None:
    at = connect(oxigraph)
    publish(at, releases[OLD])
    publish(at, releases[NEW])
    assert publish(at, releases[OLD]).sent == 0
    assert published.read(at, BASE).current == OLD


def test_a_plan_changes_nothing(
    connect: Connect, oxigraph: str, releases: dict[str, Release]
) -> None:
    at = connect(oxigraph)
    plan = Publisher(releases[NEW], at, BASE, WISHES, lambda _: None).plan()
    manifest = releases[NEW].manifest
    assert (plan.graphs, plan.triples) == (5, manifest["quads"] + manifest["triples"])
    assert not graphs_of(at)


def answers_500(handler: BaseHTTPRequestHandler) -> None:
    handler.send_error(500, "broken")


def breaks_off(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def loses_what_it_gets(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(204)
    handler.end_headers()


FAULTS = [answers_500, breaks_off, loses_what_it_gets]
WRITES = 9  # the claim, what is begun, the names, four graphs, one in two pieces, the change


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_goes_wrong_the_old_release_is_served_and_the_next_run_goes_on(
    connect: Connect,
    oxigraph: str,
    releases: dict[str, Release],
    fault: Callable[[BaseHTTPRequestHandler], None],
) -> None:
    """Each request that writes fails once; where the server ends, so does all that follows."""
    at = connect(oxigraph)
    writes = failing = 0

    def inject(handler: BaseHTTPRequestHandler, _: int) -> bool:
        nonlocal writes
        is_write = handler.command != "GET" and not handler.path.startswith("/query")
        writes += is_write
        if (writes == failing and is_write) or (writes > failing and fault is breaks_off):
            fault(handler)
            return True
        return False

    with faulty(oxigraph, inject) as url:
        for number in range(1, WRITES + 1):
            failing = number
            at.update("CLEAR ALL")
            publish(at, releases[OLD])
            writes = 0
            with pytest.raises(MigkgError):
                publish(connect(url), releases[NEW], NO_SIGN)
            record = published.read(at, BASE)
            assert (record.current, record.complete) == (OLD, (OLD,))
            assert publish(at, releases[OLD]).sent == 0, "what was served was changed"
            publish(at, releases[NEW])
            assert published.read(at, BASE).complete == (NEW, OLD)
            assert publish(at, releases[NEW]).sent == 0


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (413, b"<h1>Too large</h1>", r"must take bodies of 16 MiB \(nginx: client_max_body_size\)"),
        (500, b"No space left\non device", "status 500: No space left on device"),
        (500, b"", "status 500: it gives no reason"),
        (503, b"starting", "busy or not ready; run this again later, and it goes on. starting"),
        (507, b"quota", "it has no room left. quota"),
    ],
)
def test_what_a_server_refuses_is_one_sentence_and_the_next_run_goes_on(
    connect: Connect,
    oxigraph: str,
    releases: dict[str, Release],
    status: int,
    body: bytes,
    said: str,
) -> None:
    at = connect(oxigraph)
    publish(at, releases[OLD])

    def refuses(handler: BaseHTTPRequestHandler, _: int) -> bool:
        if handler.command != "POST" or "graph%2F1" not in handler.path:
            return False
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        return True

    with faulty(oxigraph, refuses) as url, pytest.raises(PublishFailed, match=said) as refused:
        publish(connect(url), releases[NEW])
    assert "\n" not in str(refused.value)
    assert published.read(at, BASE).current == OLD
    plan = Publisher(releases[NEW], at, BASE, WISHES, lambda _: None).plan()
    assert 0 < plan.there < plan.triples
    assert publish(at, releases[NEW]).sent == plan.triples - plan.there


def test_what_belongs_to_others_on_the_server_is_not_touched(
    connect: Connect, oxigraph: str, releases: dict[str, Release]
) -> None:
    at = connect(oxigraph)
    data = b"<http://e/a> <http://e/b> _:c .\n"
    others = ["http://other.example/g", f"{BASE}graph/a", f"{BASE}release/{OLD}/else", "urn:x"]
    for name in others:
        at.add(name, data)
    at.update("INSERT DATA { <http://e/default> <http://e/b> <http://e/c> }")
    for name in (OLD, NEW, NEWER, NEW):
        publish(at, releases[name])
    assert [at.count(name) for name in others] == [1, 1, 1, 1]
    assert at.select("SELECT ?s { ?s <http://e/b> <http://e/c> }") == [
        {"s": {"type": "uri", "value": "http://e/default"}}
    ]


def test_triples_that_were_changed_are_found_though_their_number_is_right(
    connect: Connect, oxigraph: str, releases: dict[str, Release]
) -> None:
    at = connect(oxigraph)

    def inject(handler: BaseHTTPRequestHandler, _: int) -> bool:
        if handler.command != "POST" or "graph%2F2" not in handler.path:
            return False
        at.put(
            published.names_of(BASE, NEW, releases[NEW].manifest["graphs"]).graphs[
                f"{BASE}graph/b"
            ],
            b"<http://e/s> <http://e/p> <http://e/other> .\n",
        )
        loses_what_it_gets(handler)
        return True

    with (
        faulty(oxigraph, inject) as url,
        pytest.raises(PublishFailed, match=r"came back changed; .*such as: <http://e/s>.*e/o>"),
    ):
        publish(connect(url), releases[NEW])
    assert published.read(at, BASE).current is None
    assert publish(at, releases[NEW]).sent
    assert published.read(at, BASE).current == NEW


def test_what_was_begun_and_given_up_is_removed_by_the_next_run(
    connect: Connect, oxigraph: str, releases: dict[str, Release]
) -> None:
    at = connect(oxigraph)
    has_ended = False

    def ends_soon(handler: BaseHTTPRequestHandler, _: int) -> bool:
        nonlocal has_ended
        has_ended = has_ended or (handler.command == "POST" and handler.path.startswith("/store"))
        if has_ended:
            breaks_off(handler)
        return has_ended

    with faulty(oxigraph, ends_soon) as url, pytest.raises(EngineUnavailable):
        publish(connect(url), releases[OLD])
    assert [graph for graph in graphs_of(at) if OLD in graph]
    publish(at, releases[NEW])
    assert not [graph for graph in graphs_of(at) if OLD in graph]
    assert set(published.read(at, BASE).graphs) == {NEW}


def test_a_release_in_service_that_was_changed_is_not_touched(
    connect: Connect, oxigraph: str, releases: dict[str, Release]
) -> None:
    at = connect(oxigraph)
    publish(at, releases[NEW])
    whole = published.names_of(BASE, NEW, releases[NEW].manifest["graphs"]).whole
    at.add(whole, b"<http://e/s> <http://e/p> <http://e/more> .\n")
    with pytest.raises(PublishFailed, match="was changed there"):
        publish(at, releases[NEW])
    assert at.count(whole) == releases[NEW].manifest["triples"] + 1


def test_counts_can_be_enough(
    connect: Connect, oxigraph: str, releases: dict[str, Release]
) -> None:
    outcome = publish(connect(oxigraph), releases[NEW], replace(WISHES, counts_only=True))
    assert len(outcome.counted) == 4
    assert not outcome.verified


def test_too_many_graphs_are_refused(connect: Connect, tmp_path: Path, oxigraph: str) -> None:
    most = graph_files.MOST_GRAPHS
    many = release(
        tmp_path, NEW, [f'<http://e/n> <http://e/n> "" <{BASE}{n}> .' for n in range(most)]
    )
    at = connect(oxigraph)
    with pytest.raises(PublishFailed, match=f"no more than {most}"):
        publish(at, many)
    assert not graphs_of(at)


def test_virtuoso_keeps_a_release_but_for_the_precision_of_geometries(
    connect: Connect, tmp_path: Path, releases: dict[str, Release]
) -> None:
    wkt = '"POINT(4.88969 52.37403)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>'
    located = release(tmp_path, NEWER, [f"<http://e/a> <http://e/w> {wkt} <{BASE}graph/b> ."])
    dba = Credentials(user="dba", password="dba")
    with empty_virtuoso(tmp_path) as url:
        at = connect(url, "virtuoso", dba)
        assert not publish(at, releases[NEW]).counted
        with pytest.raises(PublishFailed, match="--accept-rounding"):
            publish(at, located)
        assert published.read(at, BASE).current == NEW
        assert not publish(at, located, replace(WISHES, accept_rounding=True)).counted
        assert published.read(at, BASE).complete == (NEWER, NEW)
        assert [standing(f"{url}/sparql", name) for name in (NEW, NEWER, OLD)] == [
            ("in service", NEWER),
            ("in service", NEWER),
            ("lagging", NEWER),
        ]
        wrong = connect(url, "virtuoso", Credentials(user="dba", password="secret-x"))
        with pytest.raises(PublishFailed, match="MIGKG_PUBLISH_USER") as refused:
            publish(wrong, releases[OLD])
    assert "secret-x" not in str(refused.value)


def standing(url: str, release_id: str) -> tuple[str, str | None]:
    """How an endpoint stands for a service that serves a release, and what is current there."""

    async def main() -> tuple[str, str | None]:
        engine = RemoteEngine(Settings(engine_url=url), holding=Holding(BASE, release_id))
        await engine.start()
        (state,) = engine.endpoints()
        await engine.close()
        return state.state, state.revision

    return asyncio.run(main())


def test_the_graph_with_all_triples_is_the_only_one_where_there_is_one() -> None:
    names = published.names_of(BASE, NEW, [f"{BASE}graph/a"])
    assert names.whole == names.graphs[f"{BASE}graph/a"]
    assert len(names.all()) == 2
