"""The benchmark of building measures what it says, on a graph so small that it takes no time."""

from __future__ import annotations

import re

import pytest

from benchmarks.build import main


def test_all_tables_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sizes", "200", "1000", "--rounds", "1"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"\| 1,000 \|( [\d.]+ \|){10}", text)
    assert "Time per triple from 200 to 1,000:" in text
    assert re.search(r"\| a store on disk \|( [\d.]+ \|){3}", text)
    assert "Turtle of 1,000 triples in memory, which say the same:" in text
