"""``migkg publish`` as a tool: what it says, what it lists, and how it is stopped."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler

import pytest

from migkg.engine import published
from migkg.engine.http_client import HttpClient
from migkg.engine.rdf_server import KINDS, Addresses, RdfServer
from migkg.services.building import build
from migkg.settings import Settings
from tests.cli.conftest import command
from tests.engines import empty_oxigraph, faulty
from tests.tiny import BASE

Run = Callable[..., subprocess.CompletedProcess[bytes]]


def record(url: str) -> published.Published:
    with closing(HttpClient(deadline=20)) as client:
        return published.read(RdfServer(Addresses.of(url, KINDS["oxigraph"]), client), BASE)


def test_it_is_planned_done_listed_and_stopped(tiny: Settings, migkg: Run) -> None:
    release = build(tiny, lambda _: None)

    def said(*more: str) -> str:
        done = migkg("publish", "--to", url, *more)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    with empty_oxigraph() as url:
        assert said("--list") == "The server holds no release.\n"
        stop_when_it_writes(tiny, url)
        assert said("--list") == f"{release.id}  begun and not complete\n"
        plan = said("--dry-run")
        assert "no release in service" in plan
        assert "are there already." in plan
        assert record(url).current is None
        assert f"Release {release.id} is in service at {url}/query" in said()
        assert said("--list").startswith(f"{release.id}  in service since 20")
        assert "would be verified" in said("--dry-run")


def stop_when_it_writes(tiny: Settings, url: str) -> None:
    """Sends the signal that service managers send, when a part of the release is there."""
    begun: list[subprocess.Popen[str]] = []

    def stop(handler: BaseHTTPRequestHandler, _: int) -> bool:
        if handler.command == "POST" and "graph%2F1" in handler.path:
            begun[0].send_signal(signal.SIGTERM)
            begun[0].wait(30)
        return False

    with faulty(url, stop) as through:
        line, environment = command(tiny, "publish", "--to", through, "--kind", "oxigraph")
        begun.append(subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True))
        errors = begun[0].communicate(timeout=60)[1]
    assert begun[0].returncode == 130
    assert errors.endswith(
        "migkg: Stopped. Run it again to go on; --list says what is in service.\n"
    )
    assert record(url).runs == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--keep", "1"], "--keep is 2 or more"),
        (["--grace", "-1"], "--grace is from 0 to 3600 seconds"),
        (["--grace", "nan"], "--grace is from 0 to 3600 seconds"),
        (["--kind", "other"], "There is no kind other"),
        (["--kind", "generic"], "needs --update and --store"),
        (["--kind", "oxigraph", "--to", "http://127.0.0.1:9/?x=1"], "without parameters"),
        (["--to", "http://127.0.0.1:nine"], "it is no URL"),
        (["--to", "http://[::1"], "it is no URL"),
        (["--to", "http://127.0.0.1:9/é"], "it must be ASCII"),
        (["--to", "http://me:secret@127.0.0.1:9"], "belong into the environment"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    tiny: Settings, migkg: Run, arguments: list[str], said: str
) -> None:
    build(tiny, lambda _: None)
    done = migkg("publish", "--to", "http://127.0.0.1:9", *arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
