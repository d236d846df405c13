"""One of the releases that another engine holds, as an engine.

What is asked of it goes to the graphs of that release alone, so an answer is from the release that
it names, whatever is loaded or put into service there meanwhile.
"""

from __future__ import annotations

from dataclasses import replace

from migkg.engine.protocol import INTERNAL, Answer, Caller, EndpointState, Engine, Query
from migkg.engine.published import names_of
from migkg.engine.release import Release
from migkg.model.graph_names import GraphNames, translated


class PublishedEngine:
    """Asks an engine for one release."""

    def __init__(self, engine: Engine, release: Release, base_iri: str) -> None:
        self._engine = engine
        self._base = base_iri
        self._names: GraphNames = names_of(base_iri, release.id, release.manifest["graphs"])

    async def start(self) -> None:
        """See :class:`migkg.engine.protocol.Engine`."""
        await self._engine.start()

    async def close(self) -> None:
        """See :class:`migkg.engine.protocol.Engine`."""
        await self._engine.close()

    async def answer(self, query: Query, caller: Caller = INTERNAL) -> Answer:
        """See :class:`migkg.engine.protocol.Engine`."""
        return await self._engine.answer(self._for_release(query), caller)

    def endpoints(self) -> list[EndpointState]:
        """See :class:`migkg.engine.protocol.Engine`."""
        return self._engine.endpoints()

    def _for_release(self, query: Query) -> Query:
        given = (query.default_graphs or (), query.named_graphs or ())
        dataset = None if query.names_dataset and not any(given) else given
        changed = translated(query.text, self._names, self._base, dataset)
        cut = translated(query.cut, self._names, self._base, dataset).text if query.cut else ""
        return replace(
            query,
            text=changed.text,
            cut=cut,
            names_dataset=False,
            default_graphs=changed.default_graphs,
            named_graphs=changed.named_graphs,
            walk=None,
        )


class Elsewhere:
    """Stands for the process that holds a release where another engine holds it."""

    control = None
    starting = -1

    def start(self) -> None:
        """Does nothing."""

    def wait(self) -> None:
        """Returns at once."""

    def is_ready(self) -> bool:
        """True, always."""
        return True

    def has_ended(self) -> bool:
        """False, always."""
        return False

    def restart(self) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""
