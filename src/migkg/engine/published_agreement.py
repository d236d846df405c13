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

from migkg.engine.published import Published


@dataclass(frozen=True)
class Agreement:
    """What the servers that answer hold together.

    ``since`` is when the current release was put into service there last. ``complete`` is what at
    least one of them holds wholly, what was put into service last first.
    """

    current: str | None = None
    since: str = ""
    complete: tuple[str, ...] = ()


def agreed(
    records: Sequence[Published], servers: int, before: Agreement | None = None
) -> Agreement | None:
    """What the records of those who answer, of so many servers, say together.

    None if there is no record of releases and none was in service before.
    """
    if before is None and not any(record.graphs for record in records):
        return None
    held: dict[str, str] = {}
    for record in records:
        for name in record.complete:
            held[name] = max(held.get(name, ""), record.issued.get(name, ""))
    complete = tuple(sorted(held, key=lambda name: (held[name], name), reverse=True))
    current = _chosen(records, servers, before or Agreement(), held)
    since = max((_since(r) for r in records if r.current == current), default="")
    if before and before.current == current:
        since = max(since, before.since)
    return Agreement(current, since, complete)


def _chosen(
    records: Sequence[Published], servers: int, before: Agreement, held: Mapping[str, str]
) -> str | None:
    naming = [record for record in records if record.current]
    named = Counter(record.current for record in naming)
    if len(naming) == servers and len(named) == 1:
        return naming[0].current
    if before.current is None:
        latest = {record.current: _since(record) for record in sorted(naming, key=_since)}
        return max(named, key=lambda name: (named[name], latest[name]), default=None)
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


def _since(record: Published) -> str:
    """When a server put its current release into service."""
    return record.issued.get(record.current or "", "")
