"""Several endpoints are one engine that goes on when some of them fail."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import faults
from benchmarks.faults import FAULTS, FaultyProxy
from migkg.engine.published import Holding
from migkg.engine.remote import RemoteEngine, breaker, health
from migkg.engine.remote.breaker import Breaker
from migkg.engine.remote.budget import Budget
from migkg.engine.remote.standing import Holds, Newest
from migkg.errors import BadQuery, EngineBusy, EngineUnavailable, QueryTimeout
from migkg.model import formats
from migkg.settings import Settings
from tests.conftest import free_port
from tests.engine.conftest import query, started
from tests.engine.fake_endpoint import JSON, Endpoint, Reply, echo, endpoint, results

REVISION = "SELECT ?x { <urn:current> <urn:is> ?x }"
BAD = (400, "text/plain", b"error at 1:8: no")
BUSY = (503, "text/plain", b"")


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoints are looked at more often than they are outside tests."""
    monkeypatch.setattr(health, "_PERIOD", 0.02)


@asynccontextmanager
async def service(
    *urls: str, holding: Holding | None = None, **values: object
) -> AsyncIterator[RemoteEngine]:
    given = {"engine_kind": "generic", "engine_patience": 0.2, "query_deadline": 5.0, **values}
    settings = Settings(engine_url=" ".join(urls), query_processes=32, **given)
    engine = RemoteEngine(settings, holding=holding)
    async with started(engine):
        yield engine


async def asked(engine: RemoteEngine, number: int = 0) -> str:
    """Asks for a value that no other query has; what came back must be that, all of it."""
    text = f"SELECT ?x {{ VALUES ?x {{ {number} }} }}"
    content = json.loads((await engine.answer(query(text))).read())
    values = [row["x"]["value"] for row in content["results"]["bindings"]]
    assert values == [text] * 40
    return text


@pytest.mark.parametrize("name", ["json", "csv"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_one_endpoint_is_made_good_by_another(fault: str, name: str) -> None:
    async def main() -> None:
        async with (
            endpoint() as good,
            FaultyProxy(good.url) as bad,
            service(good.url, bad.url) as engine,
        ):
            text = "SELECT ?x { VALUES ?x { 7 } }"
            asking = query(text, formats.BY_NAME[name])
            bad.inject(fault)
            while bad.waiting:
                assert (await engine.answer(asking)).read().count(text.encode()) == 40

    asyncio.run(main())


def test_faults_in_two_of_three_endpoints_cost_no_query_under_load() -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            good = await stack.enter_async_context(endpoint())
            proxies = [await stack.enter_async_context(FaultyProxy(good.url)) for _ in range(3)]
            urls = [proxy.url for proxy in proxies]
            engine = await stack.enter_async_context(service(*urls))
            numbers = itertools.count(0, 16)
            for kind in FAULTS:
                for proxy in proxies[:2]:
                    proxy.inject(kind)
                while any(proxy.waiting for proxy in proxies):
                    first = next(numbers)
                    await asyncio.gather(*(asked(engine, first + n) for n in range(16)))
            assert [[one.kind for one in proxy.met] for proxy in proxies] == [[*FAULTS]] * 2 + [[]]

    asyncio.run(main())


@pytest.mark.parametrize("probes", [True, False], ids=["probes fail too", "probes go well"])
def test_one_that_was_broken_for_a_while_is_asked_again(monkeypatch, probes: bool) -> None:
    monkeypatch.setattr(breaker, "_SHORTEST", 0.05)

    async def main() -> None:
        async with (
            endpoint() as good,
            FaultyProxy(good.url) as bad,
            service(good.url, bad.url) as engine,
            asyncio.timeout(20),
        ):
            for kind in ("500", "refuse", "400"):
                bad.break_down(kind, probes=probes)
                while engine.endpoints()[1].state == "in service":
                    await asked(engine)
                assert sum(one.kind == kind for one in bad.met) >= 3
                before = bad.answered
                bad.heal()
                while bad.answered == before:
                    await asked(engine)

    asyncio.run(main())


def test_the_fewest_queries_decide_who_is_asked() -> None:
    async def main() -> None:
        async with endpoint() as one, endpoint() as two, service(one.url, two.url) as engine:
            await asyncio.gather(*(asked(engine, number) for number in range(20)))
            counts = [len([t for t in e.asked if t.startswith("SELECT")]) for e in (one, two)]
            assert counts == [10, 10]

    asyncio.run(main())


def test_a_standby_is_asked_only_where_no_other_is_left_and_not_for_slowness(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("benchmarks.faults._LATE", 0.3)

    def selected(found: Endpoint) -> int:
        return len([text for text in found.asked if text != "ASK {}"])

    async def main() -> None:
        async with (
            endpoint() as first,
            FaultyProxy(first.url) as slow,
            endpoint() as spare,
            endpoint() as unused,
            service(
                f"standby={spare.url}", slow.url, f"publish={unused.url}", engine_patience=0.05
            ) as engine,
            asyncio.timeout(30),
        ):
            roles = [(state.number, state.role) for state in engine.endpoints()]
            assert roles == [(1, "standby"), (2, "query")]
            await asyncio.gather(*(asked(engine, number) for number in range(20)))
            slow.inject("late")
            await asked(engine, 20)
            assert (selected(first), selected(spare)) == (21, 0)
            slow.inject("reset")
            await asked(engine, 21)
            assert selected(spare) == 1
            assert unused.asked == []

    asyncio.run(main())


def test_what_is_not_there_is_left_alone_and_comes_back() -> None:
    async def main() -> None:
        port = free_port()
        there_not = f"http://127.0.0.1:{port}/sparql"
        async with endpoint() as good, service(good.url, there_not) as engine:
            for number in range(20):
                await asked(engine, number)
            assert [state.state for state in engine.endpoints()] == ["in service", "failing"]
            assert engine.endpoints()[1].asked < 20
            async with Endpoint().on(port), asyncio.timeout(20):
                while engine.endpoints()[1].state == "failing":
                    await asyncio.sleep(0.05)

    asyncio.run(main())


def test_an_endpoint_that_lags_is_left_out_until_it_has_caught_up() -> None:
    held = {"one": "r1", "two": "r1"}

    def answer(name: str) -> object:
        def reply(text: str) -> Reply:
            return (200, JSON, results(held[name])) if text == REVISION else echo(text)

        return reply

    async def main() -> None:
        async with (
            endpoint(answer("one")) as one,
            endpoint(answer("two")) as two,
            service(one.url, two.url, engine_revision=REVISION) as engine,
            asyncio.timeout(20),
        ):
            states = ["in service", "in service"]
            assert [state.state for state in engine.endpoints()] == states
            held["one"] = "r2"
            while [state.state for state in engine.endpoints()] != ["in service", "lagging"]:
                await asyncio.sleep(0.05)
            before = len([text for text in two.asked if "VALUES" in text])
            await asyncio.gather(*(asked(engine, number) for number in range(10)))
            assert len([text for text in two.asked if "VALUES" in text]) == before
            held["two"] = "r2"
            while [state.state for state in engine.endpoints()] != states:
                await asyncio.sleep(0.05)
            assert {state.revision for state in engine.endpoints()} == {"r2"}
            held.update(one="r1", two="r1")  # back to an older one: nobody lags for ever
            while {state.revision for state in engine.endpoints()} != {"r1"}:
                await asyncio.sleep(0.05)
            assert [state.state for state in engine.endpoints()] == states

    asyncio.run(main())


def test_who_has_another_revision_than_the_newest_or_none_lags() -> None:
    replicas = [SimpleNamespace(revision=None, lagging=False) for _ in range(2)]
    newest = Newest(replicas, REVISION)
    for revisions, lagging in (
        ((None, None), [False, False]),
        (("r1", None), [False, True]),
        (("r1", "r1"), [False, False]),
        (("r2", "r1"), [False, True]),
        (("r2", "r2"), [False, False]),
        (("r2", "r1"), [False, True]),  # put back to what is known to be older
        (("r2", None), [False, True]),  # has lost all that it had
        (("r1", "r1"), [False, False]),  # all were put back
        (("r1", "r3"), [True, False]),
    ):
        for replica, revision in zip(replicas, revisions, strict=True):
            newest.note(replica, results(*([revision] if revision else [])))
        assert [replica.lagging for replica in replicas] == lagging, revisions


HOLDING = Holding("https://tiny.example/", "r2")


def holds(*releases: str) -> Callable[[str], Reply]:
    """An endpoint whose record says that it holds these releases."""
    named = [{"type": "uri", "value": f"{HOLDING.base_iri}release/{name}"} for name in releases]
    rows = [{"complete": name, "current": named[0]} for name in named]
    record = {"head": {"vars": ["complete", "current"]}, "results": {"bindings": rows}}

    def answer(text: str) -> Reply:
        return (200, JSON, json.dumps(record).encode()) if text == HOLDING.question else echo(text)

    return answer


@pytest.mark.parametrize("value", [1, None, ["r2"], {"value": "r2"}])
@pytest.mark.parametrize("name", ["complete", "current"])
def test_a_record_with_something_else_than_text_is_no_record(value: object, name: str) -> None:
    row = {"complete": {"value": f"{HOLDING.base_iri}release/r1"}, name: {"value": value}}
    replica: Any = SimpleNamespace(lagging=False, revision=None)
    Holds(HOLDING).note(replica, json.dumps({"results": {"bindings": [row]}}).encode())
    assert replica.lagging


@pytest.mark.parametrize("extra", ["", "Connection: close\r\n"])
def test_who_comes_back_with_something_else_is_not_asked_before_it_has_said_so(
    monkeypatch: pytest.MonkeyPatch, extra: str
) -> None:
    """A server that is away for less than the time between two probes."""
    monkeypatch.setattr(health, "_PERIOD", 60.0)

    async def main() -> None:
        port = free_port()
        address = f"http://127.0.0.1:{port}/sparql"
        async with AsyncExitStack() as stack:
            first = Endpoint(answer=holds("r2", "r1"), extra=extra)
            running = await stack.enter_async_context(AsyncExitStack())
            await running.enter_async_context(first.on(port))
            good = await stack.enter_async_context(endpoint(holds("r2")))
            engine = await stack.enter_async_context(
                service(address, f"standby={good.url}", holding=HOLDING)
            )
            await asked(engine)
            assert [text for text in good.asked if "VALUES" in text] == []
            await running.aclose()
            restored = Endpoint(answer=holds("r1"), extra=extra)
            await stack.enter_async_context(restored.on(port))
            for number in range(5):
                await asked(engine, number)
            assert [text for text in restored.asked if "VALUES" in text] == []
            states = [(state.state, state.revision) for state in engine.endpoints()]
            assert states == [("lagging", "r1"), ("in service", "r2")]

    asyncio.run(main())


def test_an_answer_of_one_that_was_found_to_lag_meanwhile_does_not_count(monkeypatch) -> None:
    monkeypatch.setattr(faults, "_LATE", 0.1)
    monkeypatch.setattr(health, "_PERIOD", 60.0)  # no probe may say otherwise

    async def main() -> None:
        async with endpoint() as good, AsyncExitStack() as stack:
            proxies = [await stack.enter_async_context(FaultyProxy(good.url)) for _ in range(2)]
            urls = [proxy.url for proxy in proxies]
            engine = await stack.enter_async_context(service(*urls, engine_patience=4.0))
            for proxy in proxies:
                proxy.inject("late")
            asking = asyncio.ensure_future(asked(engine))
            while not any(proxy.met for proxy in proxies):
                await asyncio.sleep(0)
            first = int(bool(proxies[1].met))
            engine._replicas.all[first].lagging = True
            await asking
            assert [len(proxy.met) for proxy in proxies] == [1, 1]

    asyncio.run(main())


def test_one_that_says_it_is_busy_gets_nothing_new() -> None:
    busy = False

    def answer(text: str) -> Reply:
        return BUSY if busy and text == "ASK {}" else echo(text)

    async def main() -> None:
        nonlocal busy
        async with (
            endpoint(answer) as one,
            endpoint() as two,
            service(one.url, two.url) as engine,
            asyncio.timeout(20),
        ):
            busy = True
            while engine.endpoints()[0].state != "draining":
                await asyncio.sleep(0.05)
            before = len(one.asked)
            await asyncio.gather(*(asked(engine, number) for number in range(10)))
            assert [text for text in one.asked[before:] if text != "ASK {}"] == []
            busy = False
            while engine.endpoints()[0].state != "in service":
                await asyncio.sleep(0.05)

    asyncio.run(main())


def test_where_all_are_busy_the_client_is_told_when_to_come_back() -> None:
    async def main() -> None:
        busy = endpoint(lambda _: BUSY, "Retry-After: 7\r\n")
        other = endpoint(lambda _: BUSY, "Retry-After: 7\r\n")
        async with busy as one, other as two, service(one.url, two.url) as engine:
            assert [state.state for state in engine.endpoints()] == ["draining"] * 2
            with pytest.raises(EngineBusy) as caught:
                await engine.answer(query("SELECT * {}"))
            assert caught.value.retry_after == 7

    asyncio.run(main())


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (BAD, BadQuery),
        (BUSY, EngineBusy),
        ((500, "text/plain", b"Error"), EngineUnavailable),
        ((200, JSON, b"{}"), EngineUnavailable),
    ],
    ids=["400", "503", "500", "rubbish"],
)
def test_a_query_that_fails_everywhere_puts_nobody_out_of_service(
    reply: Reply, error: type[Exception]
) -> None:
    def answer(text: str) -> Reply:
        return echo(text) if text == "ASK {}" else reply

    async def main() -> None:
        async with AsyncExitStack() as stack:
            found = [await stack.enter_async_context(endpoint(answer)) for _ in range(3)]
            engine = await stack.enter_async_context(service(*(one.url for one in found)))
            for _ in range(4):
                with pytest.raises(error):
                    await engine.answer(query("SELECT * {}"))
            assert [s.state for s in engine.endpoints()] == ["in service"] * 3
            asked = [text for one in found for text in one.asked if text != "ASK {}"]
            assert len(asked) == (8 if error is BadQuery else 12)
            assert sum(s.failed for s in engine.endpoints()) == (0 if error is BadQuery else 12)

    asyncio.run(main())


def test_what_one_alone_refuses_is_answered_by_another_and_counts_against_it() -> None:
    def refuse(text: str) -> Reply:
        return echo(text) if text == "ASK {}" else BAD

    async def main() -> None:
        async with (
            endpoint() as good,
            endpoint(refuse) as bad,
            service(good.url, bad.url) as engine,
        ):
            number = 0
            while engine.endpoints()[1].state == "in service":
                await asked(engine, number)
                number += 1
            assert engine.endpoints()[1].failed == 3

    asyncio.run(main())


@pytest.mark.parametrize("hangs", [True, False], ids=["hangs", "fails"])
def test_a_refusal_stands_if_nobody_else_answers(hangs: bool) -> None:
    async def main() -> None:
        def refuse(text: str) -> Reply:
            return echo(text) if text == "ASK {}" else BAD

        async with (
            endpoint(refuse) as one,
            endpoint() as good,
            FaultyProxy(good.url) as two,
            service(one.url, two.url, engine_patience=0.05) as engine,
        ):
            two.break_down("hang" if hangs else "500", probes=False)
            for _ in range(4):
                with pytest.raises(BadQuery, match=r"^no$"):
                    await engine.answer(query("SELECT * {}"))

    asyncio.run(main())


def test_asking_again_has_a_budget() -> None:
    def answer(text: str) -> Reply:
        return echo(text) if text == "ASK {}" else BUSY

    async def main() -> None:
        async with (
            endpoint(answer) as one,
            endpoint(answer) as two,
            service(one.url, two.url) as engine,
        ):
            asking = (engine.answer(query("SELECT * {}")) for _ in range(200))
            await asyncio.gather(*asking, return_exceptions=True)
            asked = [text for text in one.asked + two.asked if text != "ASK {}"]
            assert 200 <= len(asked) < 300

    asyncio.run(main())


def test_a_query_that_is_slow_everywhere_is_asked_of_all_and_ends_at_its_deadline() -> None:
    async def main() -> None:
        async with endpoint() as good, AsyncExitStack() as stack:
            proxies = [await stack.enter_async_context(FaultyProxy(good.url)) for _ in range(3)]
            urls = [proxy.url for proxy in proxies]
            engine = await stack.enter_async_context(service(*urls, query_deadline=0.8))
            for proxy in proxies:
                proxy.inject("hang")
            with pytest.raises(QueryTimeout):
                await engine.answer(query("SELECT * {}"))
            assert [len(proxy.met) for proxy in proxies] == [1, 1, 1]
            async with asyncio.timeout(5):
                while any(state.in_flight for state in engine.endpoints()):
                    await asyncio.sleep(0)

    asyncio.run(main())


def test_two_that_hang_do_not_keep_a_query_from_the_third() -> None:
    async def main() -> None:
        async with endpoint() as good, AsyncExitStack() as stack:
            bad = [await stack.enter_async_context(FaultyProxy(good.url)) for _ in range(2)]
            urls = [good.url, *(proxy.url for proxy in bad)]
            engine = await stack.enter_async_context(service(*urls, engine_patience=0.05))
            for number in range(8):
                for proxy in bad:
                    proxy.heal()
                    proxy.inject("hang")
                await asked(engine, number)
            assert all(proxy.met for proxy in bad)

    asyncio.run(main())


def clocked(found: Breaker, *events: str) -> bool:
    for name in events:
        getattr(found, name)()
    return found.closed


def test_a_breaker_opens_for_longer_each_time_that_queries_fail() -> None:
    now = 0.0
    found = Breaker(lambda: now)
    assert clocked(found, "failed", "failed")
    for seconds in (1.0, 2.0, 4.0, 4.0):
        assert not clocked(found, "failed")
        assert not clocked(found, "succeeded", "failed")  # of queries that began before
        now += seconds - 0.1
        assert not clocked(found, "probe_succeeded")
        now += 0.1
        assert clocked(found, "probe_succeeded")  # on trial
    assert clocked(found, "succeeded", "failed", "failed", "succeeded")
    now += 20.0
    assert clocked(found, "succeeded", "failed", "failed")
    assert not clocked(found, "failed")
    now += 1.0
    assert clocked(found, "probe_succeeded")


def test_a_breaker_closes_as_soon_as_probes_go_well_again() -> None:
    found = Breaker(lambda: 0.0)
    assert clocked(found, "probe_failed", "probe_failed")
    assert not clocked(found, "probe_failed")
    assert clocked(found, "probe_succeeded")
    assert not clocked(found, "failed", "failed", "failed", "probe_failed")
    assert clocked(found, "probe_succeeded")
    assert not clocked(found, "failed")


def test_probes_that_go_well_do_not_hide_queries_that_fail() -> None:
    found = Breaker(lambda: 0.0)
    assert clocked(found, *["failed", "probe_succeeded"] * 2)
    assert not clocked(found, "failed", "probe_succeeded")


def test_a_budget_is_a_part_of_the_requests_and_some_in_a_second() -> None:
    now = 0.0
    budget = Budget(0.1, lambda: now)
    assert [budget.take() for _ in range(11)] == [True] * 10 + [False]
    for _ in range(21):
        budget.count()
    assert [budget.take() for _ in range(3)] == [True, True, False]
    now = 0.5
    assert [budget.take() for _ in range(6)] == [True] * 5 + [False]
