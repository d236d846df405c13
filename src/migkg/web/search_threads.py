"""Searches in threads, so that the event loop never waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar

from migkg.engine.release import Release
from migkg.errors import EngineBusy, SearchTimeout
from migkg.services.search.asking import Question, Results, Search, Suggestion
from migkg.services.search.making import find_index
from migkg.settings import Settings

_T = TypeVar("_T")
_RETRY_AFTER = 1


class Searching:
    """The index of one release, asked by so many threads at most.

    A search cannot be stopped. Beyond its deadline nobody waits for it any more, but it keeps its
    place until it ends, so that what runs stays bounded.
    """

    def __init__(self, release: Release, facets: Mapping[str, str], settings: Settings) -> None:
        self._release = release
        self._facets = facets
        self._settings = settings
        self._places = asyncio.Semaphore(settings.searches)

    @property
    def facets(self) -> tuple[str, ...]:
        """The names of the facets; the kind is the first."""
        return ("kind", *self._facets)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:  # made in the process that needs it
        return ThreadPoolExecutor(self._settings.searches, "search")

    @cached_property
    def _search(self) -> Search:
        folder = find_index(self._release, self._settings.base_iri, self._facets)
        return Search(folder, self._facets)

    @property
    def is_full(self) -> bool:
        """True if the next search has to wait for a place."""
        return self._places.locked()

    async def ask(self, question: Question) -> Results:
        """The hits; raises :class:`migkg.errors.NoIndex`, :class:`migkg.errors.BadSearch`,
        :class:`SearchTimeout` or :class:`EngineBusy`."""
        return await self._run(lambda: self._search.ask(question))

    async def suggest(self, text: str, languages: Sequence[str]) -> tuple[Suggestion, ...]:
        """Things whose names go on as the text begins."""
        return await self._run(lambda: self._search.suggest(text, languages))

    async def _run(self, work: Callable[[], _T]) -> _T:
        try:
            async with asyncio.timeout(self._settings.query_wait):
                await self._places.acquire()
        except TimeoutError:
            raise EngineBusy(_RETRY_AFTER, "Too many searches are running.") from None
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        running.add_done_callback(self._ended)
        done, _ = await asyncio.wait({running}, timeout=self._settings.search_deadline)
        if not done:
            raise SearchTimeout(self._settings.search_deadline)
        return running.result()

    def _ended(self, running: asyncio.Future[_T]) -> None:
        self._places.release()
        if not running.cancelled():
            running.exception()  # so that nobody misses it when the deadline has passed
