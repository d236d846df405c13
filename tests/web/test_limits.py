"""``/limits`` says what is in force, and every limit does what it says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest

from migkg.settings import PREFIX, Settings
from migkg.web.limits import MET
from tests.conftest import ROOT
from tests.web.client import Reply, accept, ask, sparql
from tests.web.edge import Edge, edge
from tests.web.page import HTML, Page

# Numbers that no client can meet: what they bound is ours.
OURS = {
    "port",
    "workers",
    "build_processes",
    "proxy_hops",
    "memory_budget",
    "cache_bytes",
    "slow_after",
    "answer_memory",
    "keep_releases",
    "release_idle",
    "release_poll",
    "log_query",
    "engine_connect_deadline",
    "engine_patience",
}
ROWS = "SELECT ?a { %s }"
TEN = ROWS % "VALUES ?a { 0 1 2 3 4 5 6 7 8 9 }"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with edge(
        tmp_path_factory.mktemp("limits"),
        ANSWER_ROWS="20",
        QUERY_TEXT="5000",
        DOWNLOADS="3",
        CACHE_BYTES="1000000",
    ) as running:
        yield running


def test_every_setting_that_is_a_limit_is_listed() -> None:
    numbers = {item.name for item in fields(Settings) if item.type in ("int", "float")}
    assert numbers == OURS | set(MET)
    assert not OURS & set(MET)


def test_every_limit_is_documented() -> None:
    text = (ROOT / "docs" / "limits.md").read_text("utf-8")
    missing = [name for name in MET if f"`{PREFIX}{name.upper()}`" not in text]
    assert missing == []


def test_the_values_are_those_in_force(service: Edge) -> None:
    listed = {item["name"]: item for item in ask(service, "/limits").json()["limits"]}
    for name in MET:
        assert listed[name]["value"] == getattr(service.settings, name)
        assert listed[name]["setting"] == f"{PREFIX}{name.upper()}"
    changed = {name: listed[name]["value"] for name in ("answer_rows", "query_text", "downloads")}
    assert changed == {"answer_rows": 20, "query_text": 5000, "downloads": 3}
    assert all(item["meaning"] for item in listed.values())


def test_people_see_the_same(service: Edge) -> None:
    listed = ask(service, "/limits").json()["limits"]
    page = Page(ask(service, "/limits", headers={"Accept": HTML}).text)
    for item in listed:
        assert item["meaning"] in page.text
        assert (item["problem"] or "/limits") in [*page.links, "/limits"]


def test_every_problem_is_explained_with_its_status(service: Edge) -> None:
    page = Page(ask(service, "/docs").text)
    listed = [item for item in ask(service, "/limits").json()["limits"] if item["problem"]]
    assert len(listed) > 15
    for item in listed:
        path, _, name = item["problem"].partition("#")
        assert path == "/docs"
        assert name in page.ids
        assert f"{item['status']} {name}" in page.text


def test_the_service_description_points_to_the_limits(service: Edge) -> None:
    found = ox.parse(
        ask(service, "/sparql", headers=accept("nt")).body, format=ox.RdfFormat.N_TRIPLES
    )
    see_also = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
    targets = [t.object.value for t in found if t.predicate.value == see_also]
    assert targets == [f"{service.url}/limits"]
    assert ask(service, "/limits").status == 200


# Rows


def test_more_rows_than_an_answer_may_have_are_413_with_a_way_on(service: Edge) -> None:
    exactly = sparql(service, ROWS % ("VALUES ?a { " + "0 " * 20 + "}"))
    assert len(exactly.json()["results"]["bindings"]) == 20
    reply = sparql(service, ROWS % ("VALUES ?a { " + "0 " * 21 + "}"))
    problem = reply.problem(413, "answer-too-large")
    assert "20 rows" in problem["detail"]
    assert "truncate" in problem["advice"]
    assert "/dumps/" in problem["advice"]
    assert ask(service, "/dumps/").status == 200


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_an_answer_is_cut_only_where_it_is_longer(service: Edge, name: str) -> None:
    whole, same, cut = (
        sparql(service, TEN, accept(name), **({"truncate": rows} if rows else {}))
        for rows in ("", "10", "9")
    )
    assert (whole.status, same.status, cut.status) == (200, 200, 200)
    assert whole.headers["Migkg-Truncated"] is same.headers["Migkg-Truncated"] is None
    assert whole.body == same.body
    assert cut.headers["Migkg-Truncated"] == "9"
    assert cut.headers["ETag"] != whole.headers["ETag"]
    assert cut.headers["Content-Length"] == str(len(cut.body))
    if name in ("json", "xml"):
        assert "/docs#truncated" in cut.text
        assert "/docs#truncated" not in whole.text
        assert 'id="truncated"' in ask(service, "/docs").text


def rows(reply: Reply) -> int:
    assert reply.status == 200, reply.text
    return len(reply.json()["results"]["bindings"])


@pytest.mark.parametrize(
    ("value", "kept"),
    [("1", 1), ("09", 9), ("0000000000009", 9), ("10", 10), ("11", 10), ("9" * 5000, 10)],
)
def test_truncate_is_a_number_of_rows(service: Edge, value: str, kept: int) -> None:
    reply = sparql(service, TEN, truncate=value)
    assert rows(reply) == kept
    assert reply.headers["Migkg-Truncated"] == (str(kept) if kept < 10 else None)


@pytest.mark.parametrize(
    "value", ["0", "00", "-1", "+1", "abc", "", "1.5", "1e3", " 1", "٣", ["1", "2"], ["1", "1"]]
)
def test_what_is_no_number_of_rows_is_400(service: Edge, value: str | list[str]) -> None:
    problem = sparql(service, TEN, truncate=value).problem(400, "bad-parameter")
    assert "truncate" in problem["detail"]


@pytest.mark.parametrize("value", ["25", "1000000000"])
def test_no_answer_has_more_rows_than_any_may(service: Edge, value: str) -> None:
    reply = sparql(service, ROWS % ("VALUES ?a { " + "0 " * 30 + "}"), truncate=value)
    assert rows(reply) == 20
    assert reply.headers["Migkg-Truncated"] == "20"


@pytest.mark.parametrize("query", ["ASK {}", "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"])
def test_what_has_no_rows_is_never_cut(service: Edge, query: str) -> None:
    whole, asked = sparql(service, query), sparql(service, query, truncate="1")
    assert (asked.status, asked.headers["Migkg-Truncated"]) == (200, None)
    assert sorted(asked.text.splitlines()) == sorted(whole.text.splitlines())
    sparql(service, query, truncate="0").problem(400, "bad-parameter")


def test_an_answer_by_post_is_cut_too(service: Edge) -> None:
    headers = {"Content-Type": "application/sparql-query"}
    for _ in range(2):
        path = "/sparql?truncate=3"
        reply = ask(service, path, method="POST", headers=headers, body=TEN.encode())
        assert (rows(reply), reply.headers["Migkg-Truncated"]) == (3, "3")


# The text of a query


@pytest.mark.parametrize("letter", ["x", "é", "€"])
def test_the_longest_query_is_taken_however_it_is_sent(service: Edge, letter: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    direct = {"Content-Type": "application/sparql-query"}
    room = 5000 - len("ASK {}#")
    size = len(letter.encode())
    for length, status in ((room // size, 200), (room // size + 1, 413)):
        query = "ASK {}#" + letter * length
        encoded = "query=" + "".join(f"%{byte:02X}" for byte in query.encode())
        found = [
            ask(service, f"/sparql?{encoded}"),
            ask(service, "/sparql", method="POST", headers=form, body=encoded.encode()),
            ask(service, "/sparql", method="POST", headers=direct, body=query.encode()),
        ]
        assert [reply.status for reply in found] == [status] * 3


@pytest.mark.parametrize("size", [50_000, 5_000_000])
def test_a_body_beyond_all_bounds_is_413(service: Edge, size: int) -> None:
    for kind in ("application/x-www-form-urlencoded", "application/sparql-query"):
        body = b"query=ASK%7B%7D&x=" + b"x" * size
        reply = ask(service, "/sparql", method="POST", headers={"Content-Type": kind}, body=body)
        reply.problem(413, "too-large")


# What a client may accept


@pytest.mark.parametrize("number", [100, 4000])
def test_very_many_accepted_types_are_read_from_the_left(service: Edge, number: int) -> None:
    noise = ", ".join("a/b" for _ in range(number))
    path = f"/sparql?query={quote(TEN)}"
    assert ask(service, path, headers={"Accept": f"text/csv, {noise}"}).media_type == "text/csv"


def test_the_memory_is_not_filled_by_what_clients_accept(service: Edge) -> None:
    def resident() -> int:
        statm = Path(f"/proc/{service.front}/statm").read_text("ascii")
        return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def flood(start: int) -> None:
        for number in range(start, start + 1500):
            value = f"text/csv, {number}/{'x' * 30_000}"
            assert ask(service, "/queries", headers={"Accept": value}).status == 200

    flood(0)
    before = resident()
    flood(1500)
    assert resident() - before < 30_000_000
