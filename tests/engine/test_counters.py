"""Numbers that several processes count together."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os
from migkg.engine import counters
seen = counters.Counter("seen_total", "Seen.", label="kind", values=["a", "other"])
now = counters.Gauge("now", "Now.")
took = counters.Histogram("took_seconds", "Took.", (0.1, 1.0), label="route", values=["/x"])
seen.add()
for number, times in ((1, 3), (2, 4), (1, 5)):
    pid = os.fork()
    if not pid:
        counters.take_row(number)
        now.add(times)
        for _ in range(times):
            seen.add(value="a")
        for seconds in (0.1, 0.5, 2.0):
            took.observe(seconds, took.cell("/x"))
        os._exit(0)
    os.waitpid(pid, 0)
for metric in counters.metrics():
    for sample in metric.samples():
        print(metric.name + sample.suffix, dict(sample.labels), sample.value)
print(len(counters.processes()))
"""


def test_what_ended_processes_counted_stays_and_what_they_had_goes() -> None:
    lines = subprocess.check_output([sys.executable, "-c", PROGRAM], text=True).splitlines()
    assert lines == [
        "seen_total {'kind': 'a'} 12.0",
        "seen_total {'kind': 'other'} 1.0",
        "now {} 9.0",
        "took_seconds_bucket {'route': '/x', 'le': '0.1'} 3.0",
        "took_seconds_bucket {'route': '/x', 'le': '1.0'} 6.0",
        "took_seconds_bucket {'route': '/x', 'le': '+Inf'} 9.0",
        f"took_seconds_sum {{'route': '/x'}} {3 * 2.6}",
        "took_seconds_count {'route': '/x'} 9.0",
        "2",
    ]


def test_a_metric_that_only_one_process_would_have_is_refused() -> None:
    program = (
        "from migkg.engine import counters\n"
        "counters.take_row(1)\n"
        "try: counters.Counter('late_total', 'Late.')\n"
        "except RuntimeError as error: print(error)\n"
    )
    told = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert "before the first process is forked" in told


@pytest.mark.parametrize("name", ["migkg.web.counts", "migkg.engine.embedded"])
def test_every_name_follows_the_convention(name: str) -> None:
    program = (
        f"import {name}\nfrom migkg.engine import counters\n"
        "for metric in counters.metrics(): print(metric.name, metric.kind)"
    )
    told = subprocess.check_output([sys.executable, "-c", program], text=True).splitlines()
    assert told
    for line in told:
        metric, kind = line.split()
        assert metric.startswith(("migkg_", "http_server_"))
        assert (kind == "counter") == metric.endswith("_total")
        assert kind != "histogram" or metric.endswith("_seconds")
