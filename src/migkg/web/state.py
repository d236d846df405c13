"""What every request handler needs, made once when the application starts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request

from migkg.engine.protocol import Engine
from migkg.engine.release import Release
from migkg.model.namespaces import Vocabulary
from migkg.services.catalogue import Catalogue
from migkg.services.linked_data import LinkedData
from migkg.services.schema import Schema
from migkg.services.stored_queries import StoredQuery
from migkg.services.uploads import Validator
from migkg.settings import Settings
from migkg.web.cache import Kept
from migkg.web.searching import Searching


@dataclass(frozen=True)
class State:
    """The parts of a running service."""

    settings: Settings
    vocabulary: Vocabulary
    release: Release
    engine: Engine
    schema: Schema
    catalogue: Catalogue
    linked_data: LinkedData
    queries: dict[str, StoredQuery]
    page_queries: dict[str, StoredQuery]
    searching: Searching
    validator: Validator
    downloads: asyncio.Semaphore
    kept: Kept


def state_of(request: Request) -> State:
    """The state of the application that handles the request."""
    state: State = request.scope["state"]["migkg"]
    return state
