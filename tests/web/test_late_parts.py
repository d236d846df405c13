"""A page is sent without a part whose query is late, says so, and is kept by nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from migkg.engine.protocol import INTERNAL, Answer, Caller, Query
from migkg.errors import EngineBusy, EngineUnavailable, QueryCrashed, QueryTimeout
from tests.tiny import BASE
from tests.web.asgi import CountingEngine, application, ask
from tests.web.client import Reply

PART = "SELECT ?disagreement ?side { ?disagreement ?side <urn:x-migkg:thing> }"
FACT = f'<{BASE}id/book/a> <{BASE}ontology#title> "The title" .\n'
LEFT_OUT = "where statements about it differ"


class Engine(CountingEngine):
    """Gives the facts at once, and an error for the part while there is one."""

    async def answer(self, query: Query, caller: Caller = INTERNAL) -> Answer:
        is_part = "?disagreement" in query.text
        self.fixed = b'{"results":{"bindings":[]}}' if is_part else FACT.encode()
        if is_part and self.late:
            raise self.late
        return await super().answer(query, caller)

    late: Exception | None = None


def pages(folder: Path, late: Exception, count: int = 1) -> list[Reply]:
    """The page of a book as often as is said, the first time with a late part."""
    (folder / "project" / "pages").mkdir(parents=True)
    (folder / "project" / "pages" / "disagreements_of.rq").write_text(f"# Which?\n{PART}\n")
    engine = Engine()
    engine.late = late

    async def main() -> list[Reply]:
        replies = []
        async with application(folder, engine) as app:
            for _ in range(count):
                replies.append(await ask(app, "/page/book/a", [("Accept", "text/html")]))
                engine.late = None
        return replies

    return asyncio.run(main())


@pytest.mark.parametrize("late", [QueryTimeout(1), EngineBusy(1), QueryCrashed("It ended.")])
def test_a_page_without_a_late_part_says_so_and_the_next_is_whole(
    tmp_path: Path, late: Exception
) -> None:
    first, second = pages(tmp_path, late, 2)
    assert (first.status, second.status) == (200, 200)
    assert "The title" in first.text
    assert LEFT_OUT in first.text
    assert first.headers["Link"] == second.headers["Link"]
    assert (first.headers["Cache-Control"], first.headers["ETag"]) == ("no-store", None)
    assert LEFT_OUT not in second.text
    assert second.headers["ETag"]


def test_without_an_engine_there_is_no_page(tmp_path: Path) -> None:
    (reply,) = pages(tmp_path, EngineUnavailable("It is gone."))
    assert (reply.status, reply.media_type) == (502, "text/html")
    assert "It is gone." in reply.text
