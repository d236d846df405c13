"""What one kind of event fills the log with is bounded, and others are told of beside it."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from migkg.settings import Settings
from migkg.web import journal

log = logging.getLogger("migkg.tests")


@pytest.fixture
def loggers() -> Iterator[None]:
    """The loggers as they were, afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    journal.configure(Settings())
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("loggers")
def test_of_many_lines_of_one_kind_few_are_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("migkg.web.journal.time.monotonic", lambda: now[0])
    journal.configure(Settings(log="json"))
    for n in range(100):
        log.warning("Endpoint %s failed", n)
    log.warning("A process has ended")
    now[0] += 1
    log.warning("Endpoint %s failed", "again")
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    texts = [line["message"] for line in found]
    assert texts[:20] == [f"Endpoint {n} failed" for n in range(20)]
    assert texts[20:] == ["A process has ended", "Endpoint again failed"]
    assert found[20]["left_out_before"] == 80
    assert "left_out_before" not in found[21]


@pytest.mark.usefixtures("loggers")
@pytest.mark.parametrize(("which", "written"), [("all", 50), ("failures", 20)])
def test_of_requests_all_are_told_if_that_is_wished(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, which: str, written: int
) -> None:
    monkeypatch.setattr("migkg.web.journal.time.monotonic", lambda: 100.0)
    journal.configure(Settings(log_requests=which))
    for n in range(50):
        scope = {"method": "GET", "path": f"/{n}", "headers": [], "client": ("127.0.0.1", 1)}
        journal.log_request(scope, 500, 0.1)
    assert len(capsys.readouterr().err.splitlines()) == written


@pytest.mark.usefixtures("loggers")
def test_how_the_start_goes_is_told_in_the_form_of_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for form in ("json", "text"):
        settings = Settings(log=form)
        journal.configure(settings)
        journal.teller(settings, sys.stderr.write)("Release x, http://h\n")
    first, second = capsys.readouterr().err.splitlines()
    assert json.loads(first)["message"] == second == "Release x, http://h"
