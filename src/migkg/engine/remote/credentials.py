"""Who the service is to its endpoints: the value of the field ``Authorization``.

Sources: RFC 7617 (Basic), RFC 6750 (Bearer). The text never appears in a message.
"""

from __future__ import annotations

import base64

from migkg.errors import BadSetting
from migkg.settings import Settings

_NAME = "MIGKG_ENGINE_CREDENTIALS"
_BEARER = "bearer "


def authorization(settings: Settings) -> str | None:
    """The value of the field; None without credentials.

    They are ``user:password``, or ``Bearer`` and a token, in the setting or in the file that a
    setting names. Raises :class:`BadSetting`.
    """
    text = str(settings.engine_credentials.reveal() or _from_file(settings)).strip()
    if not text:
        return None
    if not text.isprintable():
        raise BadSetting(_NAME, "…", "it must be one line of printable characters")
    if text.lower().startswith(_BEARER) and text.isascii():
        return f"Bearer {text[len(_BEARER) :].strip()}"
    if ":" not in text:
        raise BadSetting(_NAME, "…", "it must be 'user:password' or 'Bearer TOKEN'")
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def _from_file(settings: Settings) -> str:
    file = settings.engine_credentials_file
    if file is None:
        return ""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadSetting(f"{_NAME}_FILE", str(file), "it cannot be read") from None
