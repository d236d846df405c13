"""Who we are to other engines: the service that asks, and whoever publishes.

Sources: RFC 7617 (Basic), RFC 6750 (Bearer). No message shows them.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path

from migkg.errors import BadSetting
from migkg.settings import Settings

_ENGINE = "MIGKG_ENGINE_CREDENTIALS"
_PUBLISH = "MIGKG_PUBLISH_"
_BEARER = "bearer "


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A user and a password, or a token, or none."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def authorization(self) -> str | None:
        """The value of the field ``Authorization``; None without credentials."""
        if self.token:
            return f"Bearer {self.token}"
        pair = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}" if self.user else None


def authorization(settings: Settings) -> str | None:
    """The value of the field for the endpoints of the service; None without credentials.

    They are ``user:password``, or ``Bearer`` and a token, in the setting or in the file that a
    setting names. Raises :class:`BadSetting`.
    """
    file = settings.engine_credentials_file
    given = settings.engine_credentials.reveal()
    text = _printable(_ENGINE, given or (_read(f"{_ENGINE}_FILE", file) if file else ""))
    if text.lower().startswith(_BEARER) and text.isascii():
        return Credentials(token=text[len(_BEARER) :].strip()).authorization
    if text and ":" not in text:
        raise BadSetting(_ENGINE, "…", "it must be 'user:password' or 'Bearer TOKEN'")
    user, _, password = text.partition(":")
    return Credentials(user=user, password=password).authorization


def of_publisher() -> Credentials:
    """``MIGKG_PUBLISH_USER`` with ``…PASSWORD``, or ``…TOKEN``, each also as ``…_FILE``.

    Raises :class:`BadSetting`.
    """
    user, password, token = (_from_environment(_PUBLISH + n) for n in ("USER", "PASSWORD", "TOKEN"))
    if token and user:
        raise BadSetting(f"{_PUBLISH}TOKEN", "…", f"{_PUBLISH}USER is set too; give one of them")
    if not token.isascii():
        raise BadSetting(f"{_PUBLISH}TOKEN", "…", "a token is ASCII")
    return Credentials(user=user, password=password, token=token)


def _from_environment(name: str) -> str:
    file = os.environ.get(f"{name}_FILE", "")
    text = _read(f"{name}_FILE", Path(file)) if file else os.environ.get(name, "")
    return _printable(name, text)


def _read(name: str, file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise BadSetting(name, str(file), f"it cannot be read: {why}") from None


def _printable(name: str, text: str) -> str:
    """The text without blanks around it; what else stood in it would end the field."""
    if not text.strip().isprintable():
        raise BadSetting(name, "…", "it must be one line of printable characters")
    return text.strip()
