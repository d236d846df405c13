"""How Prometheus reads what is counted.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from migkg import __version__
from migkg.engine import counters
from migkg.engine.counters import Sample
from migkg.web.problems import HttpProblem
from migkg.web.state import State, state_of

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = ("x-forwarded-for", "forwarded", "via")


async def metrics(request: Request) -> Response:
    """Everything that is counted, for those who may read it."""
    state = state_of(request)
    _refuse_strangers(request, state.settings.metrics)
    return Response(
        "".join(_lines(state)), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"}
    )


def _refuse_strangers(request: Request, who: str) -> None:
    peer = request.client.host if request.client else ""
    if who == "all" or (who == "loopback" and _is_here(peer) and not _is_passed_on(request)):
        return
    raise HttpProblem(403, "no-metrics", "The operator of this service reads its metrics.")


def _is_here(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False


def _is_passed_on(request: Request) -> bool:
    """True if a proxy on this machine may have sent it for somebody else."""
    return any(name in request.headers for name in _FORWARDED)


def _lines(state: State) -> Iterator[str]:
    for metric in counters.metrics():
        yield from _family(metric.name, metric.kind, metric.help, metric.samples())
    release = (("release", state.release.id), ("version", __version__))
    text = "The release in service and the version of migkg."
    yield from _family("migkg_build_info", "gauge", text, [Sample("", release, 1)])
    if endpoints := state.engine.endpoints():
        states = [
            Sample(
                "",
                (("endpoint", str(item.number)), ("role", item.role), ("state", item.state)),
                1,
            )
            for item in endpoints
        ]
        text = "How an endpoint stands, as the front that answers sees it."
        yield from _family("migkg_endpoint_state", "gauge", text, states)
    for name, kind, text, values in _of_processes():
        yield from _family(name, kind, text, [Sample("", (("pid", p),), v) for p, v in values])


def _family(name: str, kind: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {text}\n# TYPE {name} {kind}\n"
    for suffix, labels, value in samples:
        pairs = ",".join(f'{key}="{text}"' for key, text in labels)
        number = repr(value).removesuffix(".0")
        yield f"{name}{suffix}{'{' + pairs + '}' if pairs else ''} {number}\n"


def _of_processes() -> Iterator[tuple[str, str, str, list[tuple[str, float]]]]:
    """What the kernel says of each front; see proc(5)."""
    seconds: list[tuple[str, float]] = []
    resident: list[tuple[str, float]] = []
    files: list[tuple[str, float]] = []
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for pid in counters.processes():
        folder = Path(f"/proc/{pid}")
        try:
            fields = (folder / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
            open_files = len(list((folder / "fd").iterdir()))
        except OSError:
            continue  # it has ended
        seconds.append((str(pid), (int(fields[11]) + int(fields[12])) / ticks))
        resident.append((str(pid), float(int(fields[21]) * page)))
        files.append((str(pid), float(open_files)))
    yield "process_cpu_seconds_total", "counter", "Processor time of each front.", seconds
    yield "process_resident_memory_bytes", "gauge", "Memory of each front.", resident
    yield "process_open_fds", "gauge", "Open files of each front.", files
