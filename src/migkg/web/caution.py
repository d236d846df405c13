"""Who is answered from an engine that does not always answer as the standard has it is told.

A page is made of the answers to several queries; if one of them is from such an engine, the header
of the whole response names it.
"""

from __future__ import annotations

from contextvars import ContextVar

from migkg.engine.protocol import INTERNAL, Answer, Caller, EndpointState, Engine, Query
from migkg.web.headers import RawHeaders

CAUTION = b"migkg-caution"

# A list of the request's own, so that what is noted in its tasks is seen by it.
_named: ContextVar[list[str] | None] = ContextVar("named", default=None)


def begin() -> list[str]:
    """Begins a request; the names of such engines that answer it are noted in the list."""
    names: list[str] = []
    _named.set(names)
    return names


def note(answer: Answer) -> Answer:
    """The same answer, after its engine was noted, if it has to be."""
    names = _named.get()
    if answer.engine and names is not None:
        names.append(answer.engine)
    return answer


def value(engine: str) -> bytes:
    """What the header says of an engine."""
    return f"{engine}; see /docs#caution".encode()


def add(headers: RawHeaders, names: list[str]) -> None:
    """Adds the header for what was noted, unless it is there."""
    if names and all(name != CAUTION for name, _ in headers):
        headers.append((CAUTION, value(names[0])))


class Noting:
    """An engine whose answers are noted."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def start(self) -> None:
        """See :class:`migkg.engine.protocol.Engine`."""
        await self._engine.start()

    async def close(self) -> None:
        """See :class:`migkg.engine.protocol.Engine`."""
        await self._engine.close()

    async def answer(self, query: Query, caller: Caller = INTERNAL) -> Answer:
        """See :class:`migkg.engine.protocol.Engine`."""
        return note(await self._engine.answer(query, caller))

    def endpoints(self) -> list[EndpointState]:
        """See :class:`migkg.engine.protocol.Engine`."""
        return self._engine.endpoints()
