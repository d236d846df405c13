"""Where an endpoint is, as the settings name it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from migkg.errors import BadSetting

SETTING = "MIGKG_ENGINE_URL"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """One endpoint: ``target`` is the path and the query string to ask there."""

    host: str
    port: int
    target: str
    tls: bool

    @property
    def authority(self) -> str:
        """Host and port as the field ``Host`` has them (RFC 9110, section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            host if self.port == _PORTS["https" if self.tls else "http"] else f"{host}:{self.port}"
        )

    @classmethod
    def of(cls, url: str) -> Address:
        """The address in a URL; raises :class:`BadSetting` for what is none.

        A URL stands in lists of processes and in logs, so one with a password is refused.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise BadSetting(SETTING, url, "it holds what is no URL") from None
        if parts.username is not None or parts.password is not None:
            hidden = url.replace(parts.netloc, parts.netloc.rpartition("@")[2])
            raise BadSetting(SETTING, hidden, "a user belongs in MIGKG_ENGINE_CREDENTIALS")
        if parts.scheme not in _PORTS or not parts.hostname or not url.isascii() or parts.fragment:
            raise BadSetting(SETTING, url, "an endpoint is named by a URL with http or https")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.hostname, port or _PORTS[parts.scheme], target, parts.scheme == "https")
