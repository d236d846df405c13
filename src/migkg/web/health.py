"""``/livez`` and ``/readyz``: whether the process answers, and whether the engine does."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migkg.engine.protocol import Caller, Lane, Query
from migkg.errors import MigkgError
from migkg.model import formats
from migkg.model.sparql_text import Form
from migkg.web.problems import HttpProblem
from migkg.web.state import State, state_of

_READY_DEADLINE = 2.0  # seconds
_HEALTH = Caller("", Lane.HEALTH)


async def live(_: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "live"}, headers={"Cache-Control": "no-store"})


async def ready(request: Request) -> Response:
    """The engine answers, from the release that is named."""
    state = state_of(request)
    query = Query(text="ASK {}", form=Form.ASK, format=formats.JSON)
    try:
        async with asyncio.timeout(_READY_DEADLINE):
            (await state.engine.answer(query, _HEALTH)).close()
    except (MigkgError, TimeoutError) as error:
        detail = f"The engine does not answer: {error}"
        raise HttpProblem(503, "not-ready", detail, endpoints=_endpoints(state)) from None
    content: dict[str, object] = {"status": "ready", "release": state.release.id}
    if endpoints := _endpoints(state):
        content["endpoints"] = endpoints
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


def _endpoints(state: State) -> list[dict[str, object]] | None:
    """How the endpoints of a remote engine stand, as this front sees them."""
    return [asdict(endpoint) for endpoint in state.engine.endpoints()] or None
