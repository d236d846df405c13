"""What goes wrong in query processes is said, counted and mended, and costs others nothing.

The engine runs on the loop of the service (uvloop).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import uvloop

from migkg.engine import embedded as embedded_module
from migkg.engine import zygote as zygote_module
from migkg.engine.embedded import EmbeddedEngine, OwnEngine
from migkg.engine.keeper import Keeper
from migkg.engine.protocol import Caller, Lane, Query
from migkg.engine.release import Release
from migkg.errors import (
    AnswerTooLarge,
    BadQuery,
    EngineBusy,
    MigkgError,
    QueryCrashed,
    QueryQuarantined,
    QueryTimeout,
)
from migkg.model import formats
from migkg.model.formats import Format
from migkg.model.sparql_text import Form, read_query
from migkg.settings import Settings
from tests.engine.conftest import COUNT, embedded, query, started
from tests.processes import children, eventually, runs, zygotes

ENDLESS = query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }")
ASK = query("ASK {}")
TRUE = b'{"head":{},"boolean":true}'
SPARQL = Caller("somebody", Lane.SPARQL)
# Past the guard, which refuses what nests so deep.
TOO_DEEP = Query(text="SELECT * " + "{" * 6000 + "}" * 6000, form=Form.SELECT, format=formats.JSON)
TOO_BIG = query(
    'SELECT (STRLEN(?a40) AS ?n) { BIND("xxxxxxxx" AS ?a0) '
    + " ".join(f"BIND(CONCAT(?a{n}, ?a{n}) AS ?a{n + 1})" for n in range(40))
    + "}"
)
LITTLE_MEMORY = 64 * 1024 * 1024


def use(engine: OwnEngine, work: Callable[[OwnEngine], Awaitable[object]]) -> object:
    """What ``work`` returns of the started engine, which is closed afterwards."""

    async def main() -> object:
        async with started(engine), asyncio.timeout(100):
            return await work(engine)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


def zygote() -> int:
    (pid,) = zygotes(os.getpid())
    return pid


def stat(pid: int) -> list[str]:
    """The fields of a process from its state on; none if it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return ["X"] + ["0"] * 50


def state(pid: int) -> str:
    return stat(pid)[0]


def niceness(pid: int) -> int:
    return int(stat(pid)[16])


def ticks(pid: int) -> int:
    return int(stat(pid)[11])


async def soon(condition: Callable[[], bool]) -> None:
    """Returns when the condition holds; the loop goes on meanwhile."""
    await asyncio.to_thread(eventually, condition)


async def slow_query(engine: OwnEngine) -> tuple[asyncio.Task[object], int]:
    """A task that an endless query keeps busy, and its process, which is known to be slow."""
    before = set(children(zygote()))
    idle = {pid for pid in before if ticks(pid) < 5}
    task = asyncio.create_task(engine.answer(ENDLESS))

    def slow() -> list[int]:
        known = (before - idle) if before else set()
        return [pid for pid in children(zygote()) if pid not in known and niceness(pid) == 19]

    await soon(lambda: bool(slow()))
    return task, slow()[0]


async def give_up(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(
    ("killer", "reason"), [(TOO_DEEP, "nests too deep"), (TOO_BIG, "needs more memory")]
)
def test_a_query_that_ends_its_process_is_told_why_and_the_third_time_not_run(
    store: Path, killer: Query, reason: str
) -> None:
    async def work(engine: OwnEngine) -> None:
        for _ in range(2):
            with pytest.raises(QueryCrashed, match=reason):
                await engine.answer(killer)
            assert (await engine.answer(ASK)).read() == TRUE
        with pytest.raises(QueryQuarantined) as caught:
            await engine.answer(killer)
        assert 0 < caught.value.retry_after <= 300
        assert (await engine.answer(ASK)).read() == TRUE

    use(embedded(store, query_memory=LITTLE_MEMORY), work)


def test_copies_of_a_killer_that_wait_are_not_run_after_the_second_death(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        ends = await asyncio.gather(
            *(engine.answer(TOO_DEEP) for _ in range(6)), return_exceptions=True
        )
        assert [type(end) for end in ends] == [QueryCrashed] * 2 + [QueryQuarantined] * 4

    use(embedded(store, query_processes=1), work)


def test_a_query_whose_process_is_killed_from_outside_is_answered_by_another(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        (first,) = children(zygote())
        os.kill(first, signal.SIGSTOP)  # so that it cannot answer before it is killed
        task = asyncio.create_task(engine.answer(ASK))
        await asyncio.sleep(0.05)
        assert not task.done()
        os.kill(first, signal.SIGKILL)
        assert (await task).read() == TRUE
        assert first not in children(zygote())

    use(embedded(store), work)


def test_a_query_is_answered_though_every_idle_process_was_killed(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        for _ in range(20):
            answers = await asyncio.gather(*(engine.answer(ASK) for _ in range(4)))
            assert [answer.read() for answer in answers] == [TRUE] * 4
            for pid in children(zygote()):
                os.kill(pid, signal.SIGKILL)
            # Not a turn of the loop in between: it does not know yet.
            assert (await engine.answer(ASK)).read() == TRUE

    use(embedded(store, query_processes=4), work)


@pytest.mark.parametrize(("slow_after", "attempts"), [(0.01, 2), (60.0, 5)], ids=["slow", "quick"])
def test_a_query_that_loses_one_process_after_the_other_is_an_error(
    store: Path, slow_after: float, attempts: int
) -> None:
    async def work(engine: OwnEngine) -> None:
        task = asyncio.create_task(engine.answer(ENDLESS))
        killed: set[int] = set()

        def running() -> set[int]:
            return {pid for pid in children(zygote()) if ticks(pid) > 2} - killed

        for _ in range(attempts):
            assert not task.done()
            await soon(lambda: bool(running()))
            (pid,) = running()
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        with pytest.raises(QueryCrashed, match="one after the other"):
            await task
        assert (await engine.answer(ASK)).read() == TRUE

    use(embedded(store, slow_after=slow_after), work)


def test_a_slow_query_that_loses_its_process_keeps_one_slow_place(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        for _ in range(3):
            task, pid = await slow_query(engine)
            os.kill(pid, signal.SIGKILL)
            await soon(lambda gone=pid: any(niceness(p) == 19 for p in children(zygote())))
            await soon(lambda gone=pid: not runs(gone))
            await soon(lambda: any(niceness(p) == 19 for p in children(zygote())))
            await give_up(task)
            await soon(lambda: all(niceness(p) == 0 for p in children(zygote())))
        # The one slow place is free, so the next runs until its deadline and is not paused.
        with pytest.raises(QueryTimeout):
            await engine.answer(ENDLESS)

    use(
        embedded(store, query_processes=1, slow_queries=1, query_deadline=5.0, query_wait=1.0), work
    )


class Between:
    """Stands between an engine and its zygote, and ends the first of the processes asked for."""

    def __init__(self, keeper: Keeper, lost: int) -> None:
        self.control, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._keeper = keeper
        self._lost = lost
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            message, descriptors, _, _ = socket.recv_fds(self._theirs, 1, 2)
            if not message:
                return
            self._lost -= 1
            if self._lost < 0:
                socket.send_fds(self._keeper.control, [message], descriptors)
            for descriptor in descriptors:
                os.close(descriptor)

    def close(self) -> None:
        self.control.close()
        self._thread.join()
        self._theirs.close()


@contextmanager
def kept(store: Path, lost: int) -> Iterator[EmbeddedEngine]:
    """An engine that loses so many processes before they have begun."""
    settings = Settings(query_processes=2)
    keeper = Keeper(Release(store.parents[1], {"id": "small", "quads": COUNT + 1}), settings)
    keeper.start()
    keeper.wait()
    between = Between(keeper, lost)
    try:
        yield EmbeddedEngine(between.control, settings)
    finally:
        between.close()
        keeper.close()


def test_a_process_that_is_lost_before_it_begins_is_asked_for_again(store: Path) -> None:
    async def work(engine: EmbeddedEngine) -> None:
        assert (await engine.answer(ASK)).read() == TRUE

    with kept(store, lost=1) as engine:
        use(engine, work)


def test_a_closed_engine_makes_no_process(store: Path) -> None:
    async def work(engine: EmbeddedEngine) -> None:
        (await engine.answer(ASK)).read()
        task = asyncio.create_task(engine.answer(ENDLESS))
        await soon(lambda: any(ticks(pid) > 2 for pid in children(zygote())))
        await engine.close()
        with pytest.raises(MigkgError):
            await task
        await soon(lambda: children(zygote()) == [])

    with kept(store, lost=0) as engine:
        use(engine, work)


def test_a_process_that_cannot_be_forked_fails_one_request_only(monkeypatch) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(zygote_module.os, "fork", refuse)
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    zygote_module._fork_for(lambda: None, theirs.detach(), reading, 0)
    with ours:
        assert ours.recv(1) == b""  # the one who asked is told
    with pytest.raises(BrokenPipeError):
        os.write(writing, b"x")
    os.close(writing)


UNITS = "{} UNION {} UNION {}"
DECEIVING = ["},{", "<result>", "\n", "\r\n\n", "a},{b},{c", "<result><result>", '"},{"', "\t\n"]


@pytest.mark.parametrize("item", formats.RESULT_FORMATS, ids=lambda item: item.name)
def test_as_many_rows_as_are_allowed_are_answered_and_one_more_is_not(
    store: Path, item: Format
) -> None:
    async def work(engine: OwnEngine) -> None:
        assert (await engine.answer(query("SELECT ?s { ?s ?p 1 , ?o } LIMIT 3", item))).read()
        everything = "SELECT ?s { ?s ?p ?o } LIMIT %d"
        assert (await engine.answer(query(everything % 3, item))).read()
        for text in (everything % 4, f"SELECT ?x {{ {UNITS} UNION {{}} }}"):
            with pytest.raises(AnswerTooLarge) as caught:
                await engine.answer(query(text, item))
            assert (caught.value.limit, caught.value.unit) == (3, "rows")
        assert (await engine.answer(query(f"SELECT ?x {{ {UNITS} }}", item))).read()
        assert (await engine.answer(ASK)).read() == TRUE

    use(embedded(store, answer_rows=3), work)


@pytest.mark.parametrize("item", formats.RESULT_FORMATS, ids=lambda item: item.name)
def test_rows_without_a_value_are_counted(store: Path, item: Format) -> None:
    async def work(engine: OwnEngine) -> None:
        for rows, text in (
            (8, "SELECT * { VALUES ?x { UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF UNDEF } }"),
            (8, "SELECT * { VALUES () { () () () () () () () () } }"),
        ):
            with pytest.raises(AnswerTooLarge):
                await engine.answer(query(text, item))
            assert (await engine.answer(query(f"{text} LIMIT {rows - 1}", item))).read()

    use(embedded(store, answer_rows=7), work)


@pytest.mark.parametrize("item", formats.RESULT_FORMATS, ids=lambda item: item.name)
def test_values_that_look_like_rows_are_not_counted(store: Path, item: Format) -> None:
    values = " ".join(json.dumps(value) for value in DECEIVING)
    text = f"SELECT ?v ?w {{ VALUES ?v {{ {values} }} VALUES ?w {{ {values} }} }}"
    cap = len(DECEIVING) ** 2

    async def work(engine: OwnEngine) -> None:
        assert (await engine.answer(query(text, item))).read()
        with pytest.raises(AnswerTooLarge):
            await engine.answer(query(f"SELECT * {{ {{ {text} }} UNION {{}} }}", item))

    use(embedded(store, answer_rows=cap), work)


def cut_query(text: str, item: Format, rows: int) -> Query:
    return Query.of(read_query(text), item, truncate=rows, notice='/docs#"cut"')


ALL = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?o"


@pytest.mark.parametrize("item", formats.RESULT_FORMATS, ids=lambda item: item.name)
def test_an_answer_is_cut_where_the_caller_allows_it(store: Path, item: Format) -> None:
    async def work(engine: OwnEngine) -> None:
        cut = await engine.answer(cut_query(ALL, item, 5))
        assert cut.truncated
        data = cut.read()
        notice = {"json": rb'"link":["/docs#\"cut\""]', "xml": b"<link href='/docs#\"cut\"'/>"}
        if item.name in notice:
            assert notice[item.name] in data
            data = data.replace(b"<link href='/docs#\"cut\"'/>", b"")
            data = data.replace(rb'"link":["/docs#\"cut\""],', b"")
        assert data == (await engine.answer(query(f"{ALL} LIMIT 5", item))).read()

    use(embedded(store), work)


@pytest.mark.parametrize("item", formats.RESULT_FORMATS, ids=lambda item: item.name)
def test_an_answer_that_fits_is_not_cut(store: Path, item: Format) -> None:
    async def work(engine: OwnEngine) -> None:
        whole = await engine.answer(cut_query(ALL, item, COUNT + 1))
        assert not whole.truncated
        assert whole.read() == (await engine.answer(query(ALL, item))).read()

    use(embedded(store), work)


@pytest.mark.parametrize("item", [formats.JSON, formats.XML], ids=lambda item: item.name)
def test_the_notice_is_there_behind_a_long_list_of_variables(store: Path, item: Format) -> None:
    names = " ".join(f"?{'long' * 10}{number}" for number in range(500))
    text = f"SELECT {names} {{ ?s ?p ?o }}"

    async def work(engine: OwnEngine) -> None:
        data = (await engine.answer(cut_query(text, item, 2))).read()
        assert (
            b"/docs#" in data[: data.index(b"bindings" if item is formats.JSON else b"<results>")]
        )

    use(embedded(store), work)


def test_no_wish_to_cut_lifts_the_limit_of_rows(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        with pytest.raises(AnswerTooLarge) as caught:
            await engine.answer(cut_query(ALL, formats.CSV, COUNT))
        assert caught.value.limit == 10
        assert (await engine.answer(cut_query(ALL, formats.CSV, 10))).truncated

    use(embedded(store, answer_rows=10), work)


def test_slow_queries_are_niced_and_keep_no_quick_one_waiting(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        callers = [Caller(name, Lane.SPARQL) for name in ("a", "b", "c", "d")]
        tasks = [asyncio.create_task(engine.answer(ENDLESS, caller)) for caller in callers]

        def states() -> list[str]:
            return sorted(state(pid) for pid in children(zygote()) if niceness(pid) == 19)

        # Two run, two are stopped: every place and every slow place is taken or has been.
        await soon(lambda: states().count("T") == 2 and len(states()) == 4)
        for _ in range(50):
            assert (await engine.answer(ASK, Caller("hog", Lane.SPARQL))).read() == TRUE
        assert not any(task.done() for task in tasks)
        await give_up(*tasks)
        await soon(lambda: states() == [])

    use(embedded(store, query_processes=2, slow_queries=2), work)


def test_a_paused_query_goes_on_when_a_slow_place_is_free(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        first, runner = await slow_query(engine)
        second = asyncio.create_task(engine.answer(ENDLESS, SPARQL))
        await soon(lambda: "T" in map(state, children(zygote())))
        (stopped,) = [pid for pid in children(zygote()) if state(pid) == "T"]
        assert stopped != runner
        await give_up(first)
        await soon(lambda: state(stopped) == "R")
        await give_up(second)

    use(embedded(store, slow_queries=1), work)


def test_a_query_that_is_paused_too_long_is_told_so_and_ended(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        task, runner = await slow_query(engine)
        with pytest.raises(EngineBusy):
            await engine.answer(ENDLESS, SPARQL)
        await soon(lambda: "T" not in map(state, children(zygote())))
        assert runs(runner)
        await give_up(task)

    use(embedded(store, slow_queries=1, query_wait=0.5), work)


def test_a_process_that_was_slow_answers_no_other_query(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        for _ in range(5):  # each is slow at once
            assert (await engine.answer(ASK)).read() == TRUE
            with pytest.raises(BadQuery):
                await engine.answer(query("SELECT * { ?s ?p }"))
        await soon(lambda: all(niceness(pid) == 0 for pid in children(zygote())))

    use(embedded(store, slow_after=0.0), work)


def test_processes_are_replaced_after_many_queries(store: Path, monkeypatch) -> None:
    monkeypatch.setattr(embedded_module, "_QUERIES", 3)

    async def work(engine: OwnEngine) -> None:
        served = []
        for _ in range(9):
            served.append(frozenset(children(zygote())))
            assert (await engine.answer(ASK)).read() == TRUE
            await asyncio.sleep(0.05)  # one is made in advance
        assert len(frozenset().union(*served)) >= 3

    use(embedded(store), work)


def test_processes_are_replaced_after_a_large_answer(store: Path, monkeypatch) -> None:
    monkeypatch.setattr(embedded_module, "_BYTES", 1000)

    async def work(engine: OwnEngine) -> None:
        (first,) = children(zygote())
        assert (await engine.answer(ASK)).read() == TRUE
        assert children(zygote()) == [first]
        assert len((await engine.answer(query(ALL))).read()) > 1000
        await soon(lambda: not runs(first))

    use(embedded(store), work)


def descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def kill_among_queries(engine: OwnEngine) -> None:
    """Some queries, of which one is given up and some lose their processes."""
    tasks = [asyncio.create_task(engine.answer(ASK)) for _ in range(8)]
    await asyncio.sleep(0.001)
    for pid in children(zygote()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    tasks[0].cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert not any(isinstance(end, MigkgError) for end in ends)
    with pytest.raises(BadQuery):
        await engine.answer(query("SELECT * { ?s ?p }"))


async def descriptors_at_rest(engine: OwnEngine) -> tuple[int, int]:
    """Those of this process and of the zygote, with one query process."""
    for pid in children(zygote()):
        os.kill(pid, signal.SIGKILL)
    await soon(lambda: children(zygote()) == [])
    (await engine.answer(ASK)).read()
    await soon(lambda: len(children(zygote())) == 1)
    return descriptors(os.getpid()), descriptors(zygote())


def test_descriptors_do_not_grow(store: Path) -> None:
    async def work(engine: OwnEngine) -> None:
        await kill_among_queries(engine)
        before = await descriptors_at_rest(engine)
        for _ in range(60):
            await kill_among_queries(engine)
        ours, theirs = await descriptors_at_rest(engine)
        assert ours <= before[0] + 3  # three more belong to a process that may be in the making
        assert theirs <= before[1] + 2

    use(embedded(store, query_processes=4), work)


def full_device(**_: object) -> object:
    return Path("/dev/full").open("w+b", buffering=0)


def no_folder(**_: object) -> object:
    raise FileNotFoundError(2, "No usable temporary directory found")


@pytest.mark.parametrize("replacement", [full_device, no_folder])
def test_an_answer_for_which_the_disk_has_no_room_is_an_error(
    store: Path, monkeypatch, replacement: Callable[..., object]
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", replacement)

    async def work(engine: OwnEngine) -> None:
        for _ in range(3):
            with pytest.raises(EngineBusy, match="no room"):
                await engine.answer(query(ALL))
        assert (await engine.answer(ASK)).read() == TRUE

    use(embedded(store, answer_memory=1000, spool_bytes=100_000), work)
