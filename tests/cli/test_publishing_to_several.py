"""``migkg publish`` brings a release to each server that the settings name for it."""

from __future__ import annotations

from contextlib import closing

import pytest

from migkg.cli.main import main
from migkg.engine import published
from migkg.engine.http_client import HttpClient
from migkg.engine.rdf_server import KINDS, Addresses, RdfServer
from migkg.services.building import build
from migkg.settings import Settings
from tests.conftest import free_port
from tests.engines import empty_oxigraph
from tests.tiny import BASE


@pytest.fixture
def environment(tiny: Settings, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in (
        ("BASE_IRI", BASE),
        ("PROJECT", str(tiny.project)),
        ("RELEASES", str(tiny.releases)),
        ("ENGINE_URL", ""),
    ):
        monkeypatch.setenv(f"MIGKG_{name}", value)
    return monkeypatch


def current(url: str) -> str | None:
    with closing(HttpClient(deadline=20)) as client:
        return published.read(RdfServer(Addresses.of(url, KINDS["oxigraph"]), client), BASE).current


def test_each_server_with_that_role_gets_the_release_though_another_is_away(
    tiny: Settings, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    release = build(tiny, lambda _: None)
    away = f"http://127.0.0.1:{free_port()}"
    with empty_oxigraph() as one, empty_oxigraph() as two, empty_oxigraph() as reader:
        named = f"{reader}/query publish={one}/query publish={away} publish={two}"
        environment.setenv("MIGKG_ENGINE_URL", named)
        assert main(["publish", "--kind", "oxigraph"]) == 1
        output = capsys.readouterr()
        assert f"migkg: {away}: " in output.err
        assert output.out.count("is in service at") == 2
        assert [current(url) for url in (one, two, reader)] == [release.id, release.id, None]
        environment.setenv("MIGKG_ENGINE_URL", f"publish={one} publish={two}")
        assert main(["publish", "--dry-run"]) == 0
        plan = capsys.readouterr().out
        assert [f"{url}/query has {release.id}" in plan for url in (one, two)] == [True, True]
        assert main(["publish", "--list"]) == 0
        listed = capsys.readouterr().out
        expected = [f"{url}/query\n{release.id}  in service" in listed for url in (one, two)]
        assert expected == [True, True]


@pytest.mark.parametrize(
    ("named", "arguments", "advice"),
    [
        ("", [], "publish=URL"),
        ("http://127.0.0.1:9/query", [], "publish=URL"),
        ("publish=http://127.0.0.1:9/", ["--store", "http://127.0.0.1:9/"], "with --to"),
        ("publish=ftp://127.0.0.1:9/", [], "http or https"),
    ],
)
def test_without_a_server_it_is_said_how_one_is_named(
    tiny: Settings,
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    named: str,
    arguments: list[str],
    advice: str,
) -> None:
    build(tiny, lambda _: None)
    environment.setenv("MIGKG_ENGINE_URL", named)
    assert main(["publish", *arguments]) == 2
    error = capsys.readouterr().err
    assert advice in error
    assert error.count("\n") == 1
