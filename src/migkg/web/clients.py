"""Who a client is, as far as fairness needs it."""

from __future__ import annotations

import ipaddress

from starlette.types import Scope

_PREFIX = 64  # one network of an IPv6 user


def client_of(scope: Scope, hops: int) -> str:
    """The address of the client, an IPv6 one by its network.

    ``hops`` is the number of our own proxies: each adds the address that it saw to
    X-Forwarded-For, so the client's is that far from the right. What stands before it anybody can
    have written. Where no address stands, the client is who has connected.
    """
    peer = scope["client"][0] if scope.get("client") else ""
    if not hops:
        return _network(peer) or peer if ":" in peer else peer
    seen = [
        part
        for name, value in scope["headers"]
        if name == b"x-forwarded-for"
        for part in value.decode("latin-1").split(",")
    ]
    forwarded = _network(_without_port(seen[-hops].strip())) if len(seen) >= hops else ""
    return forwarded or _network(peer) or peer


def _without_port(text: str) -> str:
    """The address in ``192.0.2.1:80`` and ``[2001:db8::1]:80``, as some proxies write it."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, port = text.partition(":")
    return host if colon and port.isdigit() else text


def _network(text: str) -> str:
    """An IPv4 address as it is, an IPv6 one by its network; empty for anything else."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _PREFIX), strict=False))
