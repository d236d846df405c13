"""The endpoints that ``MIGKG_ENGINE_URL`` names, and what each is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from migkg.engine.remote.address import SETTING, Address
from migkg.errors import BadSetting

_ROLE = re.compile(r"([^:/?#=]*)=(.*)")  # before a URL, in which none of these is so early


class Role(Enum):
    """What an endpoint is for."""

    QUERY = "query"  # answers queries
    STANDBY = "standby"  # answers them where none of the others can
    PUBLISH = "publish"  # takes releases, and is asked nothing


@dataclass(frozen=True)
class Endpoint:
    """One of them; ``number`` is its place in the setting, from 1."""

    number: int
    role: Role
    url: str
    address: Address


def answering(setting: str) -> tuple[Endpoint, ...]:
    """Those that answer queries; raises :class:`BadSetting` if there is none in the first place."""
    found = _named(setting)
    if not any(endpoint.role is Role.QUERY for endpoint in found):
        raise BadSetting(
            SETTING, setting, "none of these answers queries: name one by its URL alone"
        )
    return tuple(endpoint for endpoint in found if endpoint.role is not Role.PUBLISH)


def publishing(setting: str) -> tuple[Endpoint, ...]:
    """Those that take releases; raises :class:`BadSetting` for what names no endpoints."""
    return tuple(endpoint for endpoint in _named(setting) if endpoint.role is Role.PUBLISH)


def _named(setting: str) -> tuple[Endpoint, ...]:
    """All, with blanks or commas between them; one that is named twice counts once."""
    found: dict[tuple[Role, Address], Endpoint] = {}
    for number, text in enumerate(setting.replace(",", " ").split(), 1):
        role, url = _parts(text)
        address = Address.of(url)
        found.setdefault((role, address), Endpoint(number, role, url, address))
        if role is not Role.PUBLISH and {(Role.QUERY, address), (Role.STANDBY, address)} <= {
            *found
        }:
            raise BadSetting(SETTING, url, "it is named for queries and as a standby; choose one")
    if not found:
        raise BadSetting(SETTING, setting, "it names no endpoint")
    return tuple(found.values())


def _parts(text: str) -> tuple[Role, str]:
    """Role and URL; a URL alone is one that answers queries."""
    given = _ROLE.match(text)
    if given is None:
        return Role.QUERY, text
    name, url = given.groups()
    if name not in {role.value for role in Role}:
        roles = ", ".join(role.value for role in Role)
        raise BadSetting(SETTING, f"{name}=…", f"the roles of an endpoint are {roles}")
    return Role(name), url
