"""The embedded engine answers completely, or says why not, and stays able to answer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest

from migkg.engine.answering import RDF_FORMATS
from migkg.engine.embedded import OwnEngine
from migkg.engine.protocol import Answer, Query
from migkg.errors import (
    AnswerTooLarge,
    BadQuery,
    EngineBusy,
    EngineUnavailable,
    QueryCrashed,
    QueryTimeout,
)
from migkg.model import formats
from migkg.model.formats import Format
from migkg.model.sparql_text import Form
from tests.engine.conftest import COUNT, EX, embedded, query, started
from tests.processes import children, eventually, runs, zygotes

ENDLESS = query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }")
ALL = query("SELECT * { ?s ?p ?o }")
ASK = query("ASK {}")
NAME = f"SELECT ?s ?o {{ ?s <{EX}name> ?o }}"


def use(engine: OwnEngine, work: Callable[[OwnEngine], Awaitable[object]]) -> object:
    """What ``work`` returns of the started engine, which is closed afterwards."""

    async def main() -> object:
        async with started(engine):
            return await work(engine)

    return asyncio.run(main())


def ask(engine: OwnEngine, *queries: Query) -> list[bytes]:
    async def work(ready: OwnEngine) -> list[bytes]:
        return [(await ready.answer(item)).read() for item in queries]

    return use(engine, work)


def rows(data: bytes) -> list[dict[str, dict[str, str]]]:
    return json.loads(data)["results"]["bindings"]


def zygote() -> int:
    (pid,) = zygotes(os.getpid())
    return pid


async def busy(engine: OwnEngine) -> asyncio.Task[Answer]:
    """A task that an endless query keeps busy, in a process that runs it."""

    def ticks() -> int:
        total = 0
        for pid in children(zygote()):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11])
        return total

    task = asyncio.create_task(engine.answer(ENDLESS))
    await asyncio.to_thread(eventually, lambda: ticks() > 5)
    return task


def test_results_in_every_format(store: Path) -> None:
    as_json, as_xml, as_csv, as_tsv = ask(
        embedded(store), *(query(NAME, item) for item in formats.RESULT_FORMATS)
    )
    assert rows(as_json) == [
        {
            "s": {"type": "uri", "value": f"{EX}s1"},
            "o": {"type": "literal", "value": '=one, "1"', "xml:lang": "en"},
        }
    ]
    assert '=one, "1"' in "".join(ElementTree.fromstring(as_xml).itertext())
    assert as_csv == f's,o\r\n{EX}s1,"=one, ""1"""\r\n'.encode()
    assert as_tsv == f'?s\t?o\n<{EX}s1>\t"=one, \\"1\\""@en\n'.encode()


@pytest.mark.parametrize("item", formats.RESULT_FORMATS, ids=lambda item: item.name)
def test_a_boolean_in_every_format(store: Path, item: Format) -> None:
    yes, no = ask(embedded(store), query("ASK {}", item), query("ASK { FILTER(false) }", item))
    assert (b"true" in yes, b"false" in no) == (True, True)


@pytest.mark.parametrize("item", formats.GRAPH_FORMATS, ids=lambda item: item.name)
@pytest.mark.parametrize("form", [f"CONSTRUCT WHERE {{ ?s <{EX}name> ?o }}", f"DESCRIBE <{EX}g1>"])
def test_a_graph_in_every_format(store: Path, item: Format, form: str) -> None:
    (data,) = ask(embedded(store), query(form, item))
    triples = [quad.triple for quad in ox.parse(data, format=RDF_FORMATS[item.name])]
    name = ox.Literal('=one, "1"', language="en")
    expected = [ox.Triple(ox.NamedNode(f"{EX}s1"), ox.NamedNode(f"{EX}name"), name)]
    assert triples == (expected if form.startswith("CONSTRUCT") else [])


@pytest.mark.parametrize(
    ("clause", "dataset", "count"),
    [
        ("", {}, COUNT + 1),
        ("", {"default_graphs": (f"{EX}g1",)}, COUNT),
        ("", {"default_graphs": (f"{EX}g2",)}, 1),
        ("", {"default_graphs": (f"{EX}g1", f"{EX}g2")}, COUNT + 1),
        ("", {"default_graphs": (f"{EX}absent",)}, 0),
        ("", {"named_graphs": (f"{EX}g1",)}, 0),
        (f"FROM <{EX}g2>", {}, 1),
        (f"FROM <{EX}g1> FROM <{EX}g2>", {}, COUNT + 1),
        (f"FROM NAMED <{EX}g1>", {}, 0),
        (f"FROM <{EX}g1>", {"default_graphs": (f"{EX}g2",)}, 1),
    ],
)
def test_the_default_graph_is_the_one_asked_for(
    store: Path, clause: str, dataset: dict[str, tuple[str, ...]], count: int
) -> None:
    (data,) = ask(embedded(store), query(f"SELECT * {clause} {{ ?s ?p ?o }}", **dataset))
    assert len(rows(data)) == count


@pytest.mark.parametrize(
    ("clause", "dataset", "graphs"),
    [
        ("", {}, {"g1", "g2"}),
        ("", {"named_graphs": (f"{EX}g2",)}, {"g2"}),
        ("", {"default_graphs": (f"{EX}g1",)}, set()),
        (f"FROM NAMED <{EX}g1>", {}, {"g1"}),
        (f"FROM <{EX}g1>", {}, set()),
        (f"FROM NAMED <{EX}g1>", {"named_graphs": (f"{EX}g2",)}, {"g2"}),
    ],
)
def test_the_named_graphs_are_the_ones_asked_for(
    store: Path, clause: str, dataset: dict[str, tuple[str, ...]], graphs: set[str]
) -> None:
    text = f"SELECT DISTINCT ?g {clause} {{ GRAPH ?g {{ ?s ?p ?o }} }}"
    (data,) = ask(embedded(store), query(text, **dataset))
    assert {row["g"]["value"].removeprefix(EX) for row in rows(data)} == graphs


def test_relative_iris_are_under_the_base(store: Path) -> None:
    engine = embedded(store, base_iri=EX)
    (data,) = ask(engine, query("SELECT * { <s1> <name> ?o }"))
    assert len(rows(data)) == 1


def test_a_bad_query_has_line_and_column_and_costs_no_process(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        before = children(zygote())
        with pytest.raises(BadQuery) as caught:
            await engine.answer(query("SELECT * {\n  ?s ?p }"))
        assert caught.value.line == 2
        assert caught.value.column is not None
        assert (await engine.answer(ASK)).read() == b'{"head":{},"boolean":true}'
        assert children(zygote()) == before

    use(embedded(store), work)


def test_a_query_is_killed_at_its_deadline_and_the_next_one_runs(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        (child,) = children(zygote())
        with pytest.raises(QueryTimeout) as caught:
            await engine.answer(ENDLESS)
        assert caught.value.seconds == 1.0
        eventually(lambda: not runs(child))
        assert (await engine.answer(ASK)).read()

    use(embedded(store, query_deadline=1.0), work)


def test_more_queries_than_processes_are_all_answered(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        texts = [f"SELECT ?s {{ ?s <{EX}number> {n} }}" for n in range(40)]
        answers = await asyncio.gather(*(engine.answer(query(text)) for text in texts))
        found = [rows(answer.read())[0]["s"]["value"] for answer in answers]
        assert found == [f"{EX}s{n}" for n in range(40)]
        assert len(children(zygote())) <= 2

    use(embedded(store, query_processes=2), work)


def test_a_query_that_finds_no_free_process_in_time_is_refused(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        task = await busy(engine)
        with pytest.raises(EngineBusy) as caught:
            await engine.answer(ASK)
        assert caught.value.retry_after > 0
        task.cancel()
        await asyncio.wait([task])
        assert (await engine.answer(ASK)).read()

    # The first never counts as slow, which would free its place.
    use(embedded(store, query_processes=1, query_wait=0.1, slow_after=60), work)


def test_an_answer_over_the_limit_is_an_error(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        with pytest.raises(AnswerTooLarge) as caught:
            await engine.answer(ALL)
        assert caught.value.limit == 1000
        assert (await engine.answer(ASK)).read()

    use(embedded(store, answer_bytes=1000), work)


def open_temporary_files() -> int:
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            count += "(deleted)" in str(entry.readlink())
        except OSError:
            continue
    return count


@pytest.mark.parametrize(("memory", "files"), [(1024 * 1024, 0), (1000, 1)])
def test_an_answer_past_the_memory_is_in_a_file_until_it_is_read(
    store: Path, memory: int, files: int
) -> None:
    async def work(engine: OwnEngine) -> None:
        before = open_temporary_files()
        answer = await engine.answer(ALL)
        assert open_temporary_files() - before == files
        data = answer.read()
        assert len(rows(data)) == COUNT + 1
        assert answer.size == len(data)
        assert open_temporary_files() == before

    use(embedded(store, answer_memory=memory), work)


def test_a_query_is_killed_when_its_caller_gives_up(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        task = await busy(engine)
        working = children(zygote())
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        eventually(lambda: not any(runs(pid) for pid in working))
        assert (await engine.answer(ASK)).read()

    use(embedded(store), work)


def test_callers_that_give_up_while_a_process_is_made_leave_none_behind(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        for turns in range(12):
            tasks = [asyncio.create_task(engine.answer(ENDLESS)) for _ in range(3)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            assert all(task.cancelled() for task in tasks)
        assert (await engine.answer(ASK)).read()
        # One that answered, and one made in advance; 36 callers gave up.
        await asyncio.to_thread(eventually, lambda: len(children(zygote())) <= 2)

    use(embedded(store, query_processes=3), work)


@pytest.mark.parametrize("used", [False, True], ids=["before a query", "after a query"])
def test_the_engine_survives_the_death_of_its_zygote(store: Path, used: bool) -> None:
    async def work(engine: OwnEngine) -> None:
        if used:
            (await engine.answer(ASK)).read()
        old = zygote()
        family = [old, *children(old)]
        os.kill(old, signal.SIGKILL)
        await asyncio.to_thread(eventually, lambda: not any(map(alive, family)))
        answers = await asyncio.gather(*(engine.answer(ALL) for _ in range(4)))
        assert [len(rows(answer.read())) for answer in answers] == [COUNT + 1] * 4
        assert zygote() != old

    def alive(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    use(embedded(store), work)


def test_a_query_process_cannot_open_files(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        (await engine.answer(ASK)).read()
        (child, *_) = children(zygote())
        limits = Path(f"/proc/{child}/limits").read_text()
        (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
        assert line.split()[3:5] == ["0", "0"]

    use(embedded(store), work)


@pytest.mark.parametrize("budget", [2**32, 1], ids=["in memory", "on disk"])
def test_a_query_process_cannot_open_connections(store: Path, budget: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        text = f"SELECT * {{ SERVICE <{endpoint}> {{ ?s ?p ?o }} }}"
        unguarded = Query(text=text, form=Form.SELECT, format=formats.JSON)
        with pytest.raises(EngineUnavailable):
            ask(embedded(store, memory_budget=budget), unguarded)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_query_that_needs_too_much_memory_ends_alone(store: Path) -> None:
    doubling = " ".join(f"BIND(CONCAT(?a{n}, ?a{n}) AS ?a{n + 1})" for n in range(40))
    bomb = query(f'SELECT (STRLEN(?a40) AS ?n) {{ BIND("xxxxxxxx" AS ?a0) {doubling} }}')

    async def work(engine: OwnEngine) -> None:
        with pytest.raises(QueryCrashed):
            await engine.answer(bomb)
        assert (await engine.answer(ASK)).read()

    use(embedded(store, query_memory=64 * 1024 * 1024), work)


def test_a_store_that_cannot_be_loaded_is_an_error(tmp_path: Path, capfd) -> None:
    with pytest.raises(EngineUnavailable, match="could not be loaded"):
        ask(embedded(tmp_path / "absent.nq"), ASK)
    assert zygotes(os.getpid()) == []


def test_an_engine_that_is_not_started_does_not_answer(store: Path) -> None:
    with pytest.raises(EngineUnavailable, match="not started"):
        asyncio.run(embedded(store).answer(ASK))


def test_a_closed_engine_leaves_no_process(store: Path) -> None:
    family: list[int] = []

    async def work(engine: OwnEngine) -> None:
        family.extend([zygote(), *children(zygote())])

    use(embedded(store), work)
    eventually(lambda: not any(runs(pid) for pid in family))
