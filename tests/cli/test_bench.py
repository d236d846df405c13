"""What ``migkg bench`` refuses before it measures anything."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from migkg.cli import bench
from migkg.errors import BadFile
from migkg.settings import Settings
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--systems", "migkg-1,absent"), "There is no system absent; there are: migkg-1, "),
        (("--triples", "10"), "The smallest graph"),
        (("--sizes", "5000,10"), "The smallest graph"),
        (("--rounds", "0"), "argument --rounds: invalid positive value: '0'"),
        (("--sizes", "many"), "argument --sizes: invalid numbers value: 'many'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_measured_is_status_2(
    migkg: Run, tmp_path: Path, arguments: tuple[str, ...], why: str
) -> None:
    output = tmp_path / "bench"
    done = migkg("bench", "--output", str(output), *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert why in done.stderr.decode().splitlines()[-1]
    assert not output.exists()


def test_without_a_checkout_there_is_nothing_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "_CHECKOUT", tmp_path)
    with pytest.raises(BadFile, match="not in the installed package"):
        bench.bench(argparse.Namespace(), Settings())
