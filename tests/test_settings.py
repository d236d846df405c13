"""Settings come from the environment, are checked once, and are documented."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from migkg.errors import BadFile, BadSetting
from migkg.resources import find_project
from migkg.settings import Limits, Settings
from tests.conftest import ROOT

ROWS = Settings().describe()
PAGE = ROOT / "docs" / "settings.md"


def test_values_come_from_the_environment() -> None:
    settings = Settings.from_environment(
        {
            "MIGKG_PORT": "8001",
            "MIGKG_QUERY_DEADLINE": "2.5",
            "MIGKG_PROJECT": "~/project",
            "MIGKG_RELEASES": "/releases",
            "MIGKG_BASE_IRI": "https://example.org/x#",
            "MIGKG_PUBLIC_URL": "https://example.org/",
            "PORT": "1",
        }
    )
    assert settings.port == 8001
    assert settings.query_deadline == 2.5
    assert settings.project == Path("~/project").expanduser()
    assert settings.releases == Path("/releases")
    assert settings.base_iri == "https://example.org/x#"
    assert settings.public_url == "https://example.org"


def test_an_empty_variable_is_the_default() -> None:
    empty = {name: "" for name, _, _ in ROWS}
    assert Settings.from_environment(empty) == Settings()


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGKG_HOST", "0.0.0.0")
    assert Settings.from_environment().host == "0.0.0.0"


def test_an_argument_beats_the_environment_unless_it_is_none() -> None:
    environment = {"MIGKG_PORT": "8001", "MIGKG_HOST": "::1"}
    settings = Settings.from_environment(environment, port=9, host=None)
    assert (settings.port, settings.host) == (9, "::1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MIGKG_PORT", "http"),
        ("MIGKG_PORT", "1.5"),
        ("MIGKG_QUERY_DEADLINE", "soon"),
        ("MIGKG_QUERY_DEADLINE", "0"),
        ("MIGKG_QUERY_DEADLINE", "nan"),
        ("MIGKG_QUERY_WAIT", "inf"),
        ("MIGKG_VALIDATE_DEADLINE", "-1"),
        ("MIGKG_QUERY_PROCESSES", "0"),
        ("MIGKG_ANSWER_BYTES", "0"),
        ("MIGKG_BASE_IRI", "https://example.org"),
    ],
)
def test_a_bad_value_is_refused_with_its_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.from_environment({name: value})
    assert name in str(caught.value)


def test_a_base_without_an_end_is_told_both_that_it_may_have() -> None:
    with pytest.raises(BadSetting, match="it must end with '/' or '#'"):
        Settings(base_iri="https://example.org")


def test_the_limits_on_query_texts_are_settings() -> None:
    assert Settings().query_limits == Limits()
    given = {"MIGKG_QUERY_DEPTH": "1", "MIGKG_QUERY_PATTERNS": "2"}
    given |= {"MIGKG_QUERY_OPERATORS": "3", "MIGKG_QUERY_TOKENS": "4"}
    limits = Settings.from_environment(given).query_limits
    assert limits == Limits(depth=1, patterns=2, operators=3, tokens=4)


def test_settings_cannot_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1


def test_releases_are_under_the_data_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert Settings().releases == Path("/data/migkg/releases")


def test_every_setting_is_described_with_the_value_in_force() -> None:
    rows = {name: (value, text) for name, value, text in Settings(port=8001).describe()}
    assert rows["MIGKG_PORT"][0] == "8001"
    assert all(text.endswith(".") for _, text in rows.values())


@pytest.mark.parametrize("name", [name for name, _, _ in ROWS])
def test_every_setting_is_documented(name: str) -> None:
    assert name in PAGE.read_text("utf-8")


def test_a_folder_without_the_parts_of_a_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(BadFile, match="no folder ontology, shapes"):
        find_project(Settings(project=tmp_path))
