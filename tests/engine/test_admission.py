"""Places are given to those who used least, and none is ever lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from migkg.engine.admission import Admission, Place, Usage
from migkg.engine.protocol import Lane
from migkg.errors import EngineBusy, TooManyRequests

WAIT = 60.0  # longer than any test runs: who waits is woken, or the test hangs and fails
PLACES = {Lane.SPARQL: 2, Lane.PAGE: 1, Lane.HEALTH: 1}


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def admission(clock: Clock | None = None, **values: object) -> Admission:
    given = {"slow": 3, "queue": 10, "wait": WAIT, **values}
    return Admission(dict(PLACES), clock=clock or Clock(), **given)


def run(work: Callable[[], Awaitable[None]]) -> None:
    """Runs a test in a loop of its own; one that hangs fails."""

    async def main() -> None:
        async with asyncio.timeout(30):
            await work()

    asyncio.run(main())


async def settle() -> None:
    """Lets every task do what it can do now."""
    for _ in range(5):
        await asyncio.sleep(0)


async def enter_all(admit: Admission, client: str, lane: Lane = Lane.SPARQL) -> list[Place]:
    return [await admit.enter(client, lane) for _ in range(PLACES[lane])]


async def free_places(admit: Admission, lane: Lane = Lane.SPARQL) -> int:
    """How many can enter at once now."""
    entered: list[Place] = []
    while True:
        task = asyncio.create_task(admit.enter("counter", lane))
        await settle()
        if not task.done() or task.exception():
            break
        entered.append(task.result())
    task.cancel()
    await settle()
    for place in entered:
        place.leave()
    return len(entered)


async def free_slow_places(admit: Admission, slow: int) -> int:
    """How many queries of as many clients can become slow at once now."""
    places: list[Place] = []
    for number in range(slow + 1):
        place = await admit.enter(f"counter {number}", Lane.SPARQL)
        task = asyncio.create_task(place.slow_down(lambda: None))
        await settle()
        if not task.done() or task.exception():
            task.cancel()
            await settle()
            break
        places.append(place)
    for place in places:
        place.leave()
    return len(places)


def test_as_many_enter_as_there_are_places_and_the_next_waits_for_one() -> None:
    async def work() -> None:
        admit = admission()
        first, _ = await enter_all(admit, "a")
        task = asyncio.create_task(admit.enter("a", Lane.SPARQL))
        await settle()
        assert not task.done()
        first.leave()
        await task

    run(work)


def test_a_full_lane_keeps_nobody_from_the_others() -> None:
    async def work() -> None:
        admit = admission()
        await enter_all(admit, "a")
        await admit.enter("a", Lane.PAGE)
        await admit.enter("a", Lane.HEALTH)
        waiting = asyncio.create_task(admit.enter("a", Lane.SPARQL))
        await settle()
        assert not waiting.done()
        waiting.cancel()

    run(work)


def test_who_used_least_comes_first() -> None:
    async def work() -> None:
        clock = Clock()
        admit = admission(clock)
        order: list[str] = []

        async def ask(client: str) -> None:
            place = await admit.enter(client, Lane.SPARQL)
            order.append(client)
            place.leave()

        for client, seconds in (("much", 9.0), ("little", 1.0), ("more", 5.0)):
            place = await admit.enter(client, Lane.SPARQL)
            clock.now += seconds
            place.leave()
        held = await enter_all(admit, "holder")
        tasks = [
            asyncio.create_task(ask(client))
            for client in ("much", "more", "much", "little", "newcomer", "more")
        ]
        await settle()
        held[0].leave()
        await asyncio.gather(*tasks)
        assert order == ["newcomer", "little", "more", "more", "much", "much"]

    run(work)


def test_those_of_one_client_are_served_in_their_order() -> None:
    async def work() -> None:
        admit = admission()
        order: list[int] = []

        async def ask(number: int) -> None:
            place = await admit.enter("a", Lane.SPARQL)
            order.append(number)
            place.leave()

        held = await enter_all(admit, "a")
        tasks = [asyncio.create_task(ask(number)) for number in range(5)]
        await settle()
        held[0].leave()
        await asyncio.gather(*tasks)
        assert order == list(range(5))

    run(work)


def test_use_is_halved_in_half_a_minute_and_few_clients_are_remembered() -> None:
    clock = Clock()
    usage = Usage(clock)
    usage.add("a", 8.0)
    clock.now += 60.0
    assert usage.seconds("a") == pytest.approx(2.0)
    usage.add("a", 1.0)
    assert usage.seconds("a") == pytest.approx(3.0)
    for number in range(10_000):
        usage.add(f"other {number}", 1.0)
    assert usage.seconds("a") == 0.0
    assert usage.seconds("other 0") > 0.0


def test_a_full_queue_refuses_the_hog_and_not_the_newcomer() -> None:
    async def work() -> None:
        clock = Clock()
        admit = admission(clock, queue=4)
        held = await enter_all(admit, "hog")
        hogs = [asyncio.create_task(admit.enter("hog", Lane.SPARQL)) for _ in range(4)]
        await settle()
        with pytest.raises(TooManyRequests) as caught:
            await admit.enter("hog", Lane.SPARQL)
        assert caught.value.retry_after > 0
        newcomer = asyncio.create_task(admit.enter("newcomer", Lane.SPARQL))
        await settle()
        # The last of the hog has made room.
        assert [task.done() for task in (*hogs, newcomer)] == [False] * 3 + [True, False]
        with pytest.raises(TooManyRequests):
            await hogs[-1]
        clock.now += 1.0
        for place in held:
            place.leave()
        await settle()
        assert newcomer.done()
        assert sum(task.done() for task in hogs[:3]) == 1  # two places, two of four
        for task in hogs:
            task.cancel()

    run(work)


def test_a_full_queue_of_equals_refuses_who_comes_last() -> None:
    async def work() -> None:
        admit = admission(queue=2)
        await enter_all(admit, "holder")
        waiting = [asyncio.create_task(admit.enter(name, Lane.SPARQL)) for name in ("a", "b")]
        await settle()
        with pytest.raises(TooManyRequests):
            await admit.enter("a", Lane.SPARQL)
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()

    run(work)


def test_who_waits_too_long_is_told_so_and_leaves_the_queue() -> None:
    async def work() -> None:
        admit = admission(wait=0.02, queue=1)
        held = await enter_all(admit, "a")
        for _ in range(3):  # more than the queue holds, one after the other
            with pytest.raises(EngineBusy) as caught:
                await admit.enter("b", Lane.SPARQL)
            assert not isinstance(caught.value, TooManyRequests)
        for place in held:
            place.leave()
        assert len(await enter_all(admit, "b")) == PLACES[Lane.SPARQL]

    run(work)


def test_a_slow_query_gives_its_place_to_the_next() -> None:
    async def work() -> None:
        admit = admission()
        first, _ = await enter_all(admit, "a")
        waiting = asyncio.create_task(admit.enter("b", Lane.SPARQL))
        await settle()
        paused: list[str] = []
        await first.slow_down(lambda: paused.append("a"))
        await waiting
        assert paused == []

    run(work)


def test_no_client_has_every_slow_place_and_a_paused_query_goes_on() -> None:
    async def work() -> None:
        admit = admission(slow=3)
        paused: list[str] = []

        async def slow(client: str) -> Place:
            place = await admit.enter(client, Lane.SPARQL)
            await place.slow_down(lambda: paused.append(client))
            return place

        first, second = await slow("hog"), await slow("hog")
        third = asyncio.create_task(slow("hog"))
        await settle()
        assert (paused, third.done()) == (["hog"], False)
        other = await slow("other")  # past the one that waits
        assert paused == ["hog"]
        other.leave()
        await settle()
        assert not third.done()  # it would have all
        first.leave()
        (await third).leave()
        second.leave()
        assert await free_slow_places(admit, 3) == 3

    run(work)


def test_of_the_paused_the_one_that_used_least_goes_on_first() -> None:
    async def work() -> None:
        clock = Clock()
        admit = admission(clock, slow=2)
        order: list[str] = []

        async def slow(client: str, seconds: float) -> Place:
            place = await admit.enter(client, Lane.SPARQL)
            clock.now += seconds
            await place.slow_down(lambda: None)
            order.append(client)
            return place

        running = [await slow("a", 1.0), await slow("b", 1.0)]
        tasks = [asyncio.create_task(slow(*each)) for each in (("much", 5.0), ("little", 2.0))]
        await settle()
        for place in running:
            place.leave()
            await settle()
        assert order == ["a", "b", "little", "much"]
        for task in tasks:
            (await task).leave()

    run(work)


def test_time_in_a_pause_is_not_counted() -> None:
    async def work() -> None:
        clock = Clock()
        admit = admission(clock, slow=1)
        first = await admit.enter("first", Lane.SPARQL)
        await first.slow_down(lambda: None)
        second = await admit.enter("second", Lane.SPARQL)
        task = asyncio.create_task(second.slow_down(lambda: None))
        await settle()
        clock.now += 10.0
        first.leave()
        await task
        clock.now += 1.0
        second.leave()
        order: list[str] = []

        async def ask(client: str) -> None:
            place = await admit.enter(client, Lane.SPARQL)
            order.append(client)
            place.leave()

        held = await enter_all(admit, "holder")
        tasks = [asyncio.create_task(ask(client)) for client in ("first", "second")]
        await settle()
        held[0].leave()
        await asyncio.gather(*tasks)
        assert order == ["second", "first"]

    run(work)


def test_too_many_paused_queries_are_refused() -> None:
    async def work() -> None:
        admit = admission(slow=1)

        async def slow(client: str) -> None:
            place = await admit.enter(client, Lane.SPARQL)
            try:
                await place.slow_down(lambda: None)
            except BaseException:
                place.leave()
                raise

        await slow("a")
        waiting = asyncio.create_task(slow("hog"))
        await settle()
        with pytest.raises(TooManyRequests):
            await slow("hog")
        assert await free_places(admit) == PLACES[Lane.SPARQL]
        waiting.cancel()

    run(work)


def test_a_query_that_is_run_again_keeps_its_slow_place() -> None:
    async def work() -> None:
        admit = admission(slow=2)
        place = await admit.enter("a", Lane.SPARQL)
        await place.slow_down(lambda: None)
        await place.slow_down(lambda: pytest.fail("it was paused"))
        assert await free_places(admit) == PLACES[Lane.SPARQL]
        place.leave()
        assert await free_places(admit) == PLACES[Lane.SPARQL]
        assert await free_slow_places(admit, 2) == 2

    run(work)


def test_a_place_left_twice_is_one_place() -> None:
    async def work() -> None:
        admit = admission()
        place = await admit.enter("a", Lane.SPARQL)
        place.leave()
        place.leave()
        assert await free_places(admit) == PLACES[Lane.SPARQL]

    run(work)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("granted", [False, True], ids=["waiting", "granted"])
def test_who_gives_up_gives_back_at_every_point(turns: int, granted: bool) -> None:
    async def work() -> None:
        admit = admission(slow=1)
        held = await enter_all(admit, "a")
        task = asyncio.create_task(admit.enter("b", Lane.SPARQL))
        await settle()
        if granted:
            held.pop().leave()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            (await task).leave()  # it had the place before it was cancelled
        for place in held:
            place.leave()
        assert await free_places(admit) == PLACES[Lane.SPARQL]

    run(work)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("granted", [False, True], ids=["waiting", "granted"])
def test_a_paused_query_that_gives_up_gives_back_at_every_point(turns: int, granted: bool) -> None:
    async def work() -> None:
        admit = admission(slow=1)
        first = await admit.enter("a", Lane.SPARQL)
        await first.slow_down(lambda: None)

        async def slow() -> None:
            place = await admit.enter("b", Lane.SPARQL)
            try:
                await place.slow_down(lambda: None)
            finally:
                place.leave()

        task = asyncio.create_task(slow())
        await settle()
        if granted:
            first.leave()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        first.leave()
        assert await free_places(admit) == PLACES[Lane.SPARQL]
        assert await free_slow_places(admit, 1) == 1

    run(work)


def test_a_queue_that_gives_up_all_at_once_loses_no_place() -> None:
    async def work() -> None:
        admit = admission(queue=3000)
        held = await enter_all(admit, "a")
        tasks = [asyncio.create_task(admit.enter("a", Lane.SPARQL)) for _ in range(2500)]
        await settle()
        for task in tasks:
            task.cancel()
        for place in held:  # before those that gave up have left the queue
            place.leave()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await free_places(admit) == PLACES[Lane.SPARQL]

    run(work)


async def random_query(admit: Admission, chance: random.Random) -> None:
    """A query of a random client and lane, which may become slow, and twice if it is run again."""
    client = chance.choice("aaaabbc") + chance.choice(["", "1"])
    place = await admit.enter(client, chance.choice(list(PLACES)))
    try:
        for _ in range(chance.choice([0, 0, 1, 2])):
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            await place.slow_down(lambda: None)
        for _ in range(chance.randrange(6)):
            await asyncio.sleep(0)
    finally:
        place.leave()


async def random_steps(admit: Admission, clock: Clock, chance: random.Random) -> set[type]:
    """Queries that begin and are given up at random; how they ended."""
    tasks: list[asyncio.Task[None]] = []
    for _ in range(3000):
        step = chance.random()
        clock.now += chance.random()
        if step < 0.5:
            tasks.append(asyncio.create_task(random_query(admit, chance)))
        elif step < 0.7 and tasks:
            chance.choice(tasks[-20:]).cancel()
        else:
            await asyncio.sleep(0)
    return {type(end) for end in await asyncio.gather(*tasks, return_exceptions=True)}


@pytest.mark.parametrize("seed", range(8))
def test_no_place_is_lost_in_thousands_of_random_steps(seed: int) -> None:
    chance = random.Random(seed)
    slow = chance.choice([1, 2, 3])
    wait = chance.choice([0.0005, 0.005, WAIT])

    async def work() -> None:
        clock = Clock()
        admit = admission(clock, slow=slow, queue=chance.choice([2, 5, 20]), wait=wait)
        ends = await random_steps(admit, clock, chance)
        assert ends <= {type(None), EngineBusy, TooManyRequests, asyncio.CancelledError}
        assert ends >= {type(None), asyncio.CancelledError}
        assert wait < WAIT or TooManyRequests in ends  # else a busy machine may empty the queue
        for lane, number in PLACES.items():
            assert await free_places(admit, lane) == number
        assert await free_slow_places(admit, slow) == slow

    run(work)


def test_time_of_a_processor_counts_where_it_is_known() -> None:
    async def work() -> None:
        clock = Clock()
        admit = admission(clock)
        quick, other = await admit.enter("quick", Lane.SPARQL), await admit.enter("b", Lane.SPARQL)
        clock.now += 1  # each of them has waited for the other
        quick.took(0.25)
        quick.leave()
        other.leave()
        assert admit._usage.seconds("quick") == 0.25
        assert admit._usage.seconds("b") == 1

    run(work)


def test_what_was_counted_when_a_query_became_slow_is_not_counted_again() -> None:
    async def work() -> None:
        clock = Clock()
        admit = admission(clock)
        place = await admit.enter("a", Lane.SPARQL)
        clock.now += 1
        await place.slow_down(lambda: None)
        clock.now += 1
        place.took(1.5)
        place.leave()
        assert admit._usage.seconds("a") == pytest.approx(1.5, rel=0.1)

    run(work)


def test_who_used_much_leaves_a_place_to_others() -> None:
    async def work() -> None:
        clock = Clock()
        admit = Admission({Lane.SPARQL: 4}, slow=3, queue=10, wait=WAIT, clock=clock)
        place = await admit.enter("greedy", Lane.SPARQL)
        clock.now += 60
        place.leave()
        places = [await admit.enter("greedy", Lane.SPARQL) for _ in range(3)]
        waiting = asyncio.create_task(admit.enter("greedy", Lane.SPARQL))
        await settle()
        assert not waiting.done()
        other = await admit.enter("other", Lane.SPARQL)
        other.leave()
        await settle()
        assert not waiting.done()
        places[0].leave()
        await settle()
        assert waiting.done()

    run(work)


def test_a_page_that_is_slow_does_not_wait_behind_sparql() -> None:
    async def work() -> None:
        admit = admission(slow=1)
        hog = await admit.enter("hog", Lane.SPARQL)
        await hog.slow_down(lambda: None)
        page = await admit.enter("hog", Lane.PAGE)
        await page.slow_down(lambda: pytest.fail("it was paused"))
        assert not page.is_slow
        page.leave()
        hog.leave()
        assert not hog.is_slow

    run(work)
