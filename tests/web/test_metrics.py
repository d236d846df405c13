"""What is counted, who may read it, and what the log says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from migkg.web.counts import route_of
from migkg.web.routes import ROUTES
from tests.processes import eventually
from tests.web.client import ask
from tests.web.edge import ENDLESS, Edge, ask_for, connect, edge

QUERY = "/sparql?query=SELECT%20%2A%20%7B%3Fs%20%3Fp%20%3Fo%7D%23"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Two fronts, and a log of every request in JSON."""
    with edge(
        tmp_path_factory.mktemp("metrics"),
        WORKERS="2",
        LOG="json",
        LOG_REQUESTS="all",
        LOG_QUERY="10",
        QUERY_DEADLINE="3",
    ) as running:
        yield running


def numbers(service: Edge) -> dict[str, float]:
    """Every sample by its name and labels; the format is checked on the way."""
    reply = ask(service, "/metrics")
    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found, kinds = {}, {}
    for line in reply.text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in kinds
            kinds[name] = kind
        elif not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            assert name not in found
            found[name] = float(value)
    return found


def lines(service: Edge) -> list[dict[str, object]]:
    return [json.loads(line) for line in service.complaints()]


def test_both_fronts_count_into_one_sum(service: Edge) -> None:
    before = numbers(service)
    for n in range(40):
        assert ask(service, f"{QUERY}{n}").status == 200
    ask(service, f"{QUERY}1")
    after = numbers(service)

    def more(name: str) -> float:
        return after[name] - before[name]

    assert more('http_server_request_duration_seconds_count{http_route="/sparql"}') == 41
    assert more('http_server_request_duration_seconds_bucket{http_route="/sparql",le="+Inf"}') == 41
    assert more('http_server_responses_total{status="2xx"}') >= 41
    asked = more("migkg_queries_answered_total") + more("migkg_cache_hits_total")
    assert 40 <= asked < 45  # the service asks too, whether it is ready
    assert more("migkg_query_cpu_seconds_total") > 0
    assert after["http_server_open_connections"] >= 1
    assert len([name for name in after if name.startswith("process_resident_memory")]) == 2


def test_what_is_refused_stopped_or_left_is_counted(service: Edge) -> None:
    before = numbers(service)
    assert ask(service, "/sparql?query=nonsense").status == 400
    assert ask(service, "/sparql?query=" + ENDLESS.replace(" ", "%20")).status == 504
    with connect(service) as gone:
        gone.sendall(ask_for(ENDLESS))
        eventually(lambda: numbers(service)["migkg_queries_running"] == 1)

    def changed() -> bool:
        after = numbers(service)
        kinds = ('{kind="bad-query"}', '{kind="query-timeout"}')
        problems = [f"migkg_problems_total{kind}" for kind in kinds]
        names = [*problems, 'http_server_responses_total{status="none"}']
        killed = "migkg_query_processes_killed_total"
        ended = after[killed] == before[killed] + 2 and after["migkg_queries_running"] == 0
        return ended and all(after[n] == before[n] + 1 for n in names)

    eventually(changed)


def test_every_path_has_a_name_among_those_counted() -> None:
    for route in ROUTES:
        assert f"/{route.path.split('/')[1].partition('.{')[0]}" == route_of(route.path)
    assert [route_of(path) for path in ("/.git", "/nothing", "/nothing.ttl")] == ["/other"] * 3


def test_strangers_do_not_read_them(service: Edge) -> None:
    for name in ("X-Forwarded-For", "Forwarded", "Via"):
        ask(service, "/metrics", headers={name: "1.2.3.4"}).problem(403, "no-metrics")


def test_a_request_keeps_the_name_that_its_client_gave(service: Edge) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    given = [
        ({"X-Request-Id": "a.b:1"}, "a.b:1"),
        ({"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}, trace),
    ]
    for headers, name in given:
        assert ask(service, "/livez", headers=headers).headers["X-Request-Id"] == name
        eventually(lambda name=name: any(line.get("request_id") == name for line in lines(service)))


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, 'a"}', "\u00e9"])
def test_a_name_that_is_none_is_replaced(service: Edge, given: str) -> None:
    reply = ask(service, "/nothing", headers={"X-Request-Id": given})
    assert reply.status == 404
    assert len(reply.headers["X-Request-Id"]) == 32
    assert "X-Request-Id" not in ask(service, "/livez").headers


def test_a_line_tells_of_a_query_by_its_digest_and_its_beginning(service: Edge) -> None:
    ask(service, "/sparql?query=ASK%0A%7B%7D%20%23%20%22secret%22", headers={"X-Request-Id": "q1"})
    eventually(lambda: any(line.get("request_id") == "q1" for line in lines(service)))
    (line,) = (line for line in lines(service) if line.get("request_id") == "q1")
    assert line["query_begins"] == 'ASK\n{} # "'
    assert len(str(line["query"])) == 16
    assert (line["method"], line["path"], line["status"]) == ("GET", "/sparql", 200)
    assert "secret" not in service.log.read_text("utf-8")


def test_by_default_the_log_tells_of_failures_alone_and_of_no_query(tmp_path: Path) -> None:
    values = {"QUERY_DEADLINE": "0.2", "METRICS": "all", "PROXY_HOPS": "1"}
    with edge(tmp_path, LOG_REQUESTS="", **values) as service:
        assert ask(service, "/sparql?query=nonsense").status == 400
        path = "/sparql?query=" + ENDLESS.replace(" ", "%20")
        timeout = ask(service, path, headers={"X-Forwarded-For": "192.0.2.7"})
        assert timeout.status == 504
        eventually(lambda: len(service.complaints()) > 0)
        (line,) = service.complaints()
        assert f"request_id={timeout.headers['X-Request-Id']}" in line
        assert "status=504" in line
        assert "client=192.0.2.7" in line
        assert "VALUES" not in line
        assert ask(service, "/metrics", headers={"Via": "1.1 x"}).status == 200
