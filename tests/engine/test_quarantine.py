"""A query that ends processes is not run for a while."""

from __future__ import annotations

import pytest

from migkg.engine.quarantine import Quarantine
from migkg.errors import QueryQuarantined

SECONDS = 300.0
KILLER = "SELECT * { ?killer ?p ?o }"


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def quarantine(clock: Clock) -> Quarantine:
    return Quarantine(SECONDS, clock)


def refused(quarantine: Quarantine, query: str = KILLER) -> bool:
    try:
        quarantine.check(query)
    except QueryQuarantined:
        return True
    return False


def test_a_query_is_refused_after_the_second_death_and_no_other_is(quarantine: Quarantine) -> None:
    quarantine.check(KILLER)
    quarantine.count(KILLER)
    quarantine.check(KILLER)
    quarantine.count(KILLER)
    assert refused(quarantine)
    assert not refused(quarantine, KILLER + " ")


def test_the_error_says_how_many_seconds_are_left(quarantine: Quarantine, clock: Clock) -> None:
    quarantine.count(KILLER)
    quarantine.count(KILLER)
    for passed, left in ((0.0, 300), (100.0, 200), (199.8, 1)):
        clock.now += passed
        with pytest.raises(QueryQuarantined) as caught:
            quarantine.check(KILLER)
        assert caught.value.retry_after == left


def test_it_is_forgotten_afterwards(quarantine: Quarantine, clock: Clock) -> None:
    quarantine.count(KILLER)
    quarantine.count(KILLER)
    clock.now += SECONDS
    assert not refused(quarantine)
    quarantine.count(KILLER)
    assert not refused(quarantine)  # the count began anew
    quarantine.count(KILLER)
    assert refused(quarantine)


@pytest.mark.parametrize(("between", "is_refused"), [(SECONDS - 1, True), (SECONDS + 1, False)])
def test_deaths_that_are_far_apart_do_not_add_up(
    quarantine: Quarantine, clock: Clock, between: float, is_refused: bool
) -> None:
    quarantine.count(KILLER)
    clock.now += between
    quarantine.count(KILLER)
    assert refused(quarantine) is is_refused


def test_of_very_many_the_last_are_remembered(quarantine: Quarantine) -> None:
    queries = [f"ASK {{ <a:{number}> ?p ?o }}" for number in range(10_001)]
    for query in queries:
        quarantine.count(query)
        quarantine.count(query)
    assert [refused(quarantine, query) for query in (queries[0], queries[1], queries[-1])] == [
        False,
        True,
        True,
    ]
