"""The benchmark of building measures what it says, on a graph so small that it takes no time."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from benchmarks.build import main
from benchmarks.build_targets import Found, targets
from benchmarks.gate import Measured, differing


def test_all_tables_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ("--sizes", "200", "1000", "--rounds", "1", "--gate", "500", "--kills", "0")
    assert main(sizes) == 0
    text = capsys.readouterr().out
    assert re.search(r"\| 1,000 \|( [\d.]+ \|){10}", text)
    assert "Time per triple from 200 to 1,000 triples:" in text
    assert re.search(r"\| a store on disk \|( [\d.]+ \|){3}", text)
    assert "Turtle of 1,000 triples in memory, which say the same:" in text
    assert re.search(r"\| [\d,]+ \| migkg, \d+ workers \|( [\d.,]+ \|){6}", text)
    assert re.search(
        r"\| growth of the time per triple, .* \| < 1.5 \| [\d.]+ \| (yes|no) \|", text
    )


MEASURED = Measured(
    triples=1_000_000,
    shipped=False,
    by_pyshacl=False,
    workers=4,
    read=1,
    judged=9.9,
    cpu=20,
    changed=0.6,
    memory=2**30,
    count=3,
    results=7,
)


def met(found: Found) -> dict[str, str]:
    """By target, whether it is met."""
    rows = [line.strip("| ").split(" | ") for line in targets(found) if line][2:]
    return {target: yes for _, target, _, yes in rows}


def test_what_is_met_is_told_from_the_figures() -> None:
    gates = [MEASURED, replace(MEASURED, triples=60_000, shipped=True, judged=1.1)]
    found = Found(load=0.7, turtle=49, growth=1.5, memory={10_000_000: 2**33}, kills=9, gates=gates)
    assert met(found) == {
        "≥ 0.7": "yes",
        "≥ 50": "no",
        "< 1.5": "no",
        "< 8 GiB": "no",
        "all": "yes",
        "< 1 s": "no",
        "< 10 s": "yes",
        "< 2 GiB": "yes",
        "< 0.5 s": "no",
    }


def test_what_was_not_measured_has_no_row() -> None:
    assert met(Found(turtle=50)) == {"≥ 50": "yes"}


@pytest.mark.parametrize(
    ("seconds", "results", "yes"), [(594, 7, "yes"), (593, 7, "no"), (594, 8, "no")]
)
def test_pyshacl_must_be_slower_and_say_the_same(seconds: float, results: int, yes: str) -> None:
    theirs = replace(MEASURED, by_pyshacl=True, judged=seconds, results=results)
    assert met(Found(gates=[MEASURED, theirs]))["≥ 60, the same results"] == yes
    assert differing([MEASURED, theirs]) == ([] if results == 7 else [1_000_000])
