"""Who publishes is said by the environment, and is shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from migkg.engine.remote.credentials import of_publisher
from migkg.errors import BadSetting


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name in ("USER", "PASSWORD", "TOKEN"):
        for end in ("", "_FILE"):
            monkeypatch.delenv(f"MIGKG_PUBLISH_{name}{end}", raising=False)
    for name, value in values.items():
        monkeypatch.setenv(f"MIGKG_PUBLISH_{name}", value)


def test_a_user_or_a_token_from_a_variable_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("secret\n")
    given(monkeypatch, USER="me", PASSWORD_FILE=str(file))
    assert of_publisher().authorization == "Basic bWU6c2VjcmV0"
    given(monkeypatch, TOKEN="secret")
    assert of_publisher().authorization == "Bearer secret"
    assert "secret" not in repr(of_publisher())
    given(monkeypatch)
    assert of_publisher().authorization is None


@pytest.mark.parametrize(
    "values",
    [
        {"USER": "me", "TOKEN": "secret"},
        {"TOKEN": "secret\nX-Other: 1"},
        {"USER": "me", "PASSWORD": "secret\x07"},
        {"TOKEN": "secrét"},
        {"PASSWORD_FILE": "/there/is/none"},
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str]
) -> None:
    given(monkeypatch, **values)
    with pytest.raises(BadSetting) as refused:
        of_publisher()
    assert "secr" not in str(refused.value)
