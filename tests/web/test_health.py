"""Health: whether the process answers, and whether the engine does."""

from __future__ import annotations

import pytest

from tests.conftest import Service
from tests.web.client import ask


def test_a_live_process_says_so(service: Service) -> None:
    reply = ask(service, "/livez")
    assert (reply.status, reply.json()) == (200, {"status": "live"})


def test_a_ready_service_names_its_release(service: Service) -> None:
    reply = ask(service, "/readyz")
    assert (reply.status, reply.json()) == (
        200,
        {"status": "ready", "release": service.release.id},
    )


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_is_never_cached_and_may_be_asked_by_head(service: Service, path: str) -> None:
    reply = ask(service, path, method="HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["Cache-Control"] == "no-store"
