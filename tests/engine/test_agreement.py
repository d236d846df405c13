"""Which release is in service, by what servers say of which some lag, are away or were restored."""

from __future__ import annotations

import select

import pytest

from migkg.engine.published import Published, Run
from migkg.engine.published_agreement import Agreement, agreed
from migkg.engine.published_watch import PublishedWatch
from migkg.settings import Settings
from tests.conftest import free_port

# What servers hold: release and the moment at which it was put into service, the current one last.
R1 = ("r1 10:00",)
R2 = ("r1 10:00", "r2 11:00")
R3 = ("r2 11:00", "r3 12:00")
BACK = ("r2 11:00", "r1 13:00")  # published again
SLOW = ("r2 11:00", "r3 09:00")  # by a machine whose clock is slow
EMPTY = ()
BEGUN = ("",)


def record(held: tuple[str, ...]) -> Published:
    issued = dict(item.split() for item in held if item)
    complete = tuple(reversed(issued))
    graphs = dict.fromkeys(issued or (["begun"] if held else ()), ("g",))
    return Published(complete[0] if complete else None, complete, graphs, issued)


@pytest.mark.parametrize(
    ("before", "servers", "expected"),
    [
        (None, [R1], "r1"),
        (None, [R2, R1], "r2"),  # as many name each: the one that came later
        (None, [R2, R1, R1], "r1"),
        (None, [BEGUN, None], None),
        ("r1 10:00", [R2, R1, R1], "r1"),
        ("r1 10:00", [R2, R2, R1], "r2"),
        ("r1 10:00", [R2, R1], "r1"),
        ("r1 10:00", [R2, None], "r2"),
        ("r1 10:00", [R2, EMPTY, EMPTY], "r2"),  # who names none does not count
        ("r2 11:00", [R2, R2, R1], "r2"),
        ("r2 11:00", [R2, R1, R1], "r2"),  # restored from a copy
        ("r2 11:00", [None, None, R1], "r2"),
        ("r2 11:00", [R1, R1, None], "r2"),
        ("r2 11:00", [R1, R1, R1], "r1"),  # everywhere
        ("r2 11:00", [R1], "r1"),
        ("r2 11:00", [BACK, R2, R2], "r2"),
        ("r2 11:00", [BACK, BACK, R2], "r1"),
        ("r1 13:00", [None, None, R2], "r1"),  # that was not told of going back
        ("r2 11:00", [SLOW, SLOW, SLOW], "r3"),
        ("r1 10:00", [R3, R2, None], "r2"),  # which both hold
        ("r1 10:00", [R3, R3, R2], "r3"),
        ("r0 09:00", [R3, R2, R1], "r2"),  # nobody holds r0 any more
        ("r0 09:00", [("r3 12:00",), R1, EMPTY], "r3"),
        ("r2 11:00", [EMPTY], "r2"),
        ("r2 11:00", [EMPTY, EMPTY], "r2"),
    ],
)
def test_the_release_in_service(
    before: str | None, servers: list[tuple[str, ...] | None], expected: str | None
) -> None:
    known = Agreement(*before.split()) if before else None
    found = agreed([record(held) for held in servers if held is not None], len(servers), known)
    assert found.current == expected


def test_it_is_known_since_when_and_who_holds_what() -> None:
    found = agreed([record(R2), record(R1), record(R3)], 3, Agreement("r1", "10:00"))
    assert found == Agreement("r2", "11:00", ("r3", "r2", "r1"))
    assert agreed([record(R1)], 2, found) == Agreement("r2", "11:00", ("r1",))
    later = ("r1 10:00", "r2 11:30")
    assert agreed([record(later), record(R2)], 2, Agreement("r1", "10:00")).since == "11:00"
    assert agreed([record(BACK), record(R1)], 2, found).since == "13:00", "not that of before"
    assert agreed([record(SLOW)], 1, Agreement("r2", "11:00")).since == "09:00"


@pytest.mark.parametrize(
    ("records", "standbys", "expected"),
    [
        ([R2], [R1], "r2"),
        ([R1], [R2], "r1"),
        ([], [R2], "r2"),
        ([EMPTY], [R2], "r2"),
        ([], [("r0 09:00",)], "r1"),
    ],
)
def test_a_standby_counts_where_no_other_names_a_release(
    records: list[tuple[str, ...]], standbys: list[tuple[str, ...]], expected: str
) -> None:
    known = Agreement("r1", "10:00")
    found = agreed([record(r) for r in records], 2, known, [record(s) for s in standbys])
    assert found.current == expected
    assert agreed([], 1, known, [record(("r0 09:00",))]).current == "r0"


def test_without_a_record_there_is_nothing_to_follow() -> None:
    assert agreed([record(EMPTY)], 1) is None
    begun = Published(runs=(Run("urn:run", "r1", "10:00", "10:00"),))
    assert agreed([begun], 1) == Agreement(), "it will be there soon"


def test_what_the_watch_cannot_read_is_in_the_log_of_the_service(
    caplog: pytest.LogCaptureFixture,
) -> None:
    known = Agreement("new", "later", ("new",))
    watch = PublishedWatch(Settings(engine_url=f"http://127.0.0.1:{free_port()}/query"), known)
    watch.start()
    try:
        select.select([watch], [], [], 30)
        watch.look()
    finally:
        watch.close()
    assert "Which release is in service is not known" in caplog.text
    assert (watch.current, watch.complete) == ("new", ("new",))
