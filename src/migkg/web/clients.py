"""Who a client is, as far as fairness needs it."""

from __future__ import annotations

import ipaddress

from starlette.types import Scope

_PREFIX = 64  # one network of an IPv6 user


def client_of(scope: Scope, hops: int) -> str:
    """The address of the client, an IPv6 one by its network.

    ``hops`` is the number of our own proxies: each adds the address that it saw to
    X-Forwarded-For, so the client's is that far from the right. What stands before it anybody can
    have written.
    """
    address = scope["client"][0] if scope.get("client") else ""
    if hops:
        seen = [
            part.strip()
            for name, value in scope["headers"]
            if name == b"x-forwarded-for"
            for part in value.decode("latin-1").split(",")
        ]
        if len(seen) >= hops:
            address = seen[-hops]
    return _network(address) if ":" in address else address


def _network(address: str) -> str:
    try:
        return str(ipaddress.ip_network((address.strip("[]"), _PREFIX), strict=False))
    except ValueError:
        return address
