"""What the certificates of other engines are verified with; they always are."""

from __future__ import annotations

import ssl
from pathlib import Path

from migkg.errors import BadSetting


def verifying(ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or later, by the system's certificates or those of ``MIGKG_ENGINE_CA_FILE``.

    Raises :class:`BadSetting` where that holds none.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        name = "MIGKG_ENGINE_CA_FILE"
        raise BadSetting(name, str(ca_file), "it holds no certificates") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
