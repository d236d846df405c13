"""What every request handler needs, made once when the application starts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import Scope

from migkg.engine.protocol import Engine
from migkg.engine.release import Release
from migkg.model.namespaces import Vocabulary
from migkg.services.catalogue import Catalogue
from migkg.services.citations import Citations
from migkg.services.context import Context
from migkg.services.linked_data import LinkedData
from migkg.services.parameters import Choices
from migkg.services.schema import Schema
from migkg.services.stored_queries import StoredQuery
from migkg.services.uploads import Validator
from migkg.settings import Settings
from migkg.web.cache import Kept
from migkg.web.rate import Rate
from migkg.web.search_threads import Searching


@dataclass(frozen=True)
class State:
    """The parts of a running service."""

    settings: Settings
    vocabulary: Vocabulary
    release: Release
    older: bool
    engine: Engine
    schema: Schema
    catalogue: Catalogue
    context: Context
    linked_data: LinkedData
    queries: dict[str, StoredQuery]
    page_queries: dict[str, StoredQuery]
    choices: Choices
    searching: Searching
    validator: Validator
    downloads: asyncio.Semaphore
    kept: Kept
    citations: Citations
    citation_rate: Rate


def state_of_scope(scope: Scope) -> State:
    """The state that answers a request."""
    state: State = scope["state"]["migkg"]
    return state


def state_of(request: Request) -> State:
    """The state of the application that handles the request."""
    return state_of_scope(request.scope)
