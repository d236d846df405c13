"""Which release is in service where several servers hold releases and may name different ones.

The first one is what most of them name as their current one. Another comes into service when more
than half of those that answer hold it wholly and were given it after the one before; or when all
servers there are name it. So a server that lags behind, or comes back with what it had before,
changes nothing. Of the moments that the records give, the clocks of those who publish are the
measure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from migkg.engine.published import Published


class NotYet(Enum):
    """Why there is nothing to serve, in words that name no server."""

    NOBODY = "No endpoint answers."
    FEW = "Most endpoints do not answer."
    NOTHING = "The endpoint holds nothing yet."
    BEGUN = "The endpoint has no release in service yet; 'migkg publish' brings one."


@dataclass(frozen=True)
class Agreement:
    """What the servers that answer hold together.

    ``since`` is when the first of them put the current release into service. ``complete`` is what
    at least one of them holds wholly, what was put into service last first.
    """

    current: str | None = None
    since: str = ""
    complete: tuple[str, ...] = ()


def agreed(
    records: Sequence[Published],
    servers: int,
    before: Agreement | None = None,
    standbys: Sequence[Published] = (),
) -> Agreement | None:
    """What the records of those who answer, of so many servers, say together.

    Those of standbys count where no other names a release. None if there is no record of releases
    and none was in service before.
    """
    every = (*records, *standbys)
    if before is None and not any(record.graphs or record.runs for record in every):
        return None
    before = before or Agreement()
    held: dict[str, str] = {}
    for record in every:
        for name in record.complete:
            held[name] = max(held.get(name, ""), record.issued.get(name, ""))
    complete = tuple(sorted(held, key=lambda name: (held[name], name), reverse=True))
    named = {record.current for record in every}
    if len(named) == 1 and len(every) == servers and None not in named:
        current = every[0].current  # whatever the clocks say
    else:
        naming = [r for r in records if r.current] or [r for r in standbys if r.current]
        current = _chosen(naming, before, held)
    if current == before.current:
        return Agreement(current, before.since, complete)
    moments = sorted(record.issued.get(current or "", "") for record in every)
    later = [moment for moment in moments if moment > before.since]
    return Agreement(current, later[0] if later else moments[-1], complete)


def _chosen(naming: Sequence[Published], before: Agreement, held: Mapping[str, str]) -> str | None:
    """The release to be in service by the records of some that name one each."""
    if before.current is None:
        votes = Counter(record.current for record in naming)
        return max(votes, key=lambda name: (votes[name], held.get(name or "", "")), default=None)
    given = Counter(
        name
        for record in naming
        for name in record.complete
        if record.issued.get(name, "") > before.since
    )
    del given[before.current]
    most = [name for name, number in given.items() if 2 * number > len(naming)]
    if most:
        return max(most, key=lambda name: held[name])
    if given and before.current not in held:  # else nobody who answers could be asked
        return max(given, key=lambda name: (given[name], held[name]))
    return before.current
