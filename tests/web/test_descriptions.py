"""The walk to a description and the query beside it give the same triples."""

from __future__ import annotations

import asyncio

import pyoxigraph as ox
import pytest

from migkg.engine.protocol import INTERNAL, Answer, Caller, Query
from migkg.engine.release import Release
from migkg.engine.walk import walk
from migkg.model.namespaces import Vocabulary
from migkg.services.linked_data import LinkedData
from migkg.services.profiles import EVIDENCE, PLAIN, Profile
from migkg.services.schema import Schema
from tests.conftest import BASE

SAMPLE = 3  # things of each class


class Recorder:
    """An engine that knows what it was asked last, and nothing else."""

    asked: Query

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def answer(self, query: Query, caller: Caller = INTERNAL) -> Answer:
        self.asked = query
        return Answer(query.format, limit=1, memory=1)


@pytest.fixture(scope="session")
def sample(dataset: ox.Store) -> list[str]:
    """Things of every class, of this project's and of others', and what else is pointed to."""
    found: dict[str, list[str]] = {}
    rdf_type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    for quad in dataset:
        if isinstance(quad.subject, ox.NamedNode) and quad.predicate.value == rdf_type:
            found.setdefault(quad.object.value, []).append(quad.subject.value)
    things = {iri for iris in found.values() for iri in sorted(iris)[:SAMPLE]}
    assert len(things) > 100
    return sorted({*things, *found, f"{BASE}id/none"})


CASES = [(EVIDENCE, 200, 1), (EVIDENCE, 2, 1), (EVIDENCE, 2, 2), (PLAIN, 200, 1)]


@pytest.mark.parametrize(("profile", "limit", "page"), CASES)
def test_the_walk_gives_what_the_query_gives(
    release: Release,
    dataset: ox.Store,
    sample: list[str],
    profile: Profile,
    limit: int,
    page: int,
) -> None:
    engine = Recorder()
    schema = Schema.of(release, Vocabulary(BASE))
    linked_data = LinkedData(engine, schema, limit=limit)
    for iri in sample:
        asyncio.run(linked_data.document(iri, profile, page=page))
        assert engine.asked.walk is not None
        walked = walk(dataset, engine.asked.walk.request())
        asked = dataset.query(engine.asked.text, use_default_graph_as_union=True)
        assert walked == set(asked), iri
