"""Who asks an engine that does not always answer as the standard has it is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from migkg.engine.protocol import INTERNAL, Answer, Caller, Query
from migkg.engine.remote import kinds
from tests.web.asgi import CountingEngine, application, ask
from tests.web.client import Reply

QUERY = "/sparql?query=SELECT%20*%20{?s%20?p%20?o}"
CSV, HTML = "text/csv", "text/html"


@dataclass
class NamedEngine(CountingEngine):
    """One that has a name, as those have whose answers differ."""

    name: str = "Oddity"

    async def answer(self, query: Query, caller: Caller = INTERNAL) -> Answer:
        answer = await super().answer(query, caller)
        answer.engine = self.name
        return answer


def asked(
    folder: Path, engine: CountingEngine, accept: str, count: int = 1, path: str = QUERY
) -> list[Reply]:
    async def work() -> list[Reply]:
        async with application(folder, engine) as app:
            return [await ask(app, path, [("Accept", accept)]) for _ in range(count)]

    return asyncio.run(work())


def test_each_answer_names_the_engine(tmp_path: Path) -> None:
    engine = NamedEngine()
    first, repeated = asked(tmp_path, engine, CSV, 2)
    assert first.headers["Migkg-Caution"] == "Oddity; see /docs#caution"
    assert repeated.headers["Migkg-Caution"] == first.headers["Migkg-Caution"]
    assert len(engine.asked) == 1


def test_a_page_says_it_in_words(tmp_path: Path) -> None:
    (page,) = asked(tmp_path, NamedEngine(), HTML)
    assert (
        'Oddity answered this; it does not always answer as SPARQL has it (<a href="' in page.text
    )
    assert "/docs#caution" in page.text


@pytest.mark.parametrize("path", ["/", "/page/city/x", "/describe?iri=urn:x", QUERY])
def test_so_do_pages_that_are_made_of_answers(tmp_path: Path, path: str) -> None:
    for reply in asked(tmp_path, NamedEngine(), HTML, 2, path):
        assert reply.headers.get_all("Migkg-Caution") == ["Oddity; see /docs#caution"]


def test_what_the_release_itself_answers_names_no_engine(tmp_path: Path) -> None:
    (reply,) = asked(tmp_path, NamedEngine(), HTML, path="/limits")
    assert "Migkg-Caution" not in reply.headers


@pytest.mark.parametrize("accept", [CSV, HTML])
def test_nothing_is_said_of_others(tmp_path: Path, accept: str) -> None:
    (reply,) = asked(tmp_path, CountingEngine(), accept)
    assert "Migkg-Caution" not in reply.headers
    assert "answered this" not in reply.text


def test_engines_that_were_found_to_differ() -> None:
    found = {name for name, kind in kinds.KINDS.items() if kind.differs}
    assert found == {"virtuoso", "fuseki", "graphdb"}
