"""A small store, and the engine on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from migkg.engine.embedded import OwnEngine
from migkg.engine.protocol import Engine, Query
from migkg.engine.release import STORE, Release
from migkg.model import formats
from migkg.model.formats import Format
from migkg.model.sparql_text import read_query
from migkg.settings import Settings

EX = "https://example.org/"
COUNT = 300
DEADLINE = 60.0


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graph ``g1`` numbers 300 things; graph ``g2`` names one of them."""
    lines = [
        f'<{EX}s{n}> <{EX}number> "{n}"^^<http://www.w3.org/2001/XMLSchema#integer> <{EX}g1> .'
        for n in range(COUNT)
    ]
    lines.append(f'<{EX}s1> <{EX}name> "=one, \\"1\\""@en <{EX}g2> .')
    path = tmp_path_factory.mktemp("release") / STORE
    path.parent.mkdir()
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@asynccontextmanager
async def started(engine: Engine) -> AsyncIterator[Engine]:
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


def embedded(store: Path, **values: object) -> OwnEngine:
    """The engine on a release that has this store and nothing else."""
    defaults = {
        "query_processes": 2,
        "slow_queries": 2,
        "query_deadline": DEADLINE,
        "query_wait": DEADLINE,
    }
    given = {**defaults, **values}
    given["page_processes"] = given["query_processes"]
    release = Release(store.parents[1], {"id": "small", "quads": COUNT + 1})
    return OwnEngine(release, Settings(**given))


def query(text: str, answer_format: Format = formats.JSON, **dataset: tuple[str, ...]) -> Query:
    """A query that passes the guard."""
    return Query.of(read_query(text), answer_format, **dataset)
