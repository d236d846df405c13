"""The counts of a release are the same whether its build wrote them or its lines are read."""

from __future__ import annotations

from pathlib import Path

from migkg.engine.statistics import FILE, count, of_release
from tests.engine.test_compiling import EX, books, compile_release


def test_a_release_without_counts_is_counted_by_its_lines(tmp_path: Path) -> None:
    quads = books(20)
    expected = count(quads, EX)
    for name, extra in (("bare", {}), ("counted", {FILE: expected.as_bytes()})):
        release = compile_release(
            quads, tmp_path / name, prefixes={}, extra=extra, progress=lambda _: None
        )
        assert of_release(release, EX) == expected
    assert expected.subjects == 20
    assert expected.properties[f"{EX}p0"].triples == 20
