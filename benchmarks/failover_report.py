"""What clients saw of a service whose endpoints went wrong, kind by kind of fault, in words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import median

from benchmarks.faults import OLD, Met

SLOW = 2.0  # seconds that a failover may take
LOOKED = 1.5  # seconds in which an endpoint is asked for its revision at least once
_NUMBER = re.compile(rb"\((\d+) AS \?n\)")
RIGHT, WRONG = "right", "wrong"
_COLUMNS = (
    "fault",
    "met by requests of endpoint 1, 2",
    "by probes",
    "right",
    "failed",
    "wrong",
    "longest request s",
    "fault to right answer s, median",
    "longest",
    "healed to first good answer s, longest",
)


@dataclass(frozen=True)
class Outcome:
    """How a request went: ``end`` is "right", "wrong", or why there was no answer."""

    begun: float
    ended: float
    end: str

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.begun


@dataclass
class Part:
    """One part of a run: the requests by their number, and the faults that the endpoints met.

    ``back`` has for each kind the seconds from healing an endpoint to its first good answer;
    ``changed`` has for each endpoint when it began to have other data. ``late`` is how many seconds
    a request was sent too late at most, because this process, as others, had to wait.
    """

    title: str
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    seconds: float = 0.0
    late: float = 0.0
    met: tuple[list[Met], ...] = ()
    back: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    changed: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def ends(self) -> Counter[str]:
        """How often requests ended in which way."""
        return Counter(outcome.end for outcome in self.outcomes.values())

    def least_met(self, kinds: Iterable[str]) -> int:
        """How many faults of the rarest kind requests met in the endpoint that had the fewest."""
        met = [Counter(one.kind for one in mets if not one.probe) for mets in self.met]
        return min(counts[kind] for kind in kinds for counts in met)

    def table(self, kinds: Iterable[str]) -> str:
        """A row for each kind."""
        rows = [_COLUMNS, ("---", *["--:"] * (len(_COLUMNS) - 1)), *map(self._row, kinds)]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def _row(self, kind: str) -> tuple[str, ...]:
        met = [[one for one in mets if one.kind == kind] for mets in self.met]
        asked = [[one for one in mets if not one.probe] for mets in met]
        both = list(chain(*asked))
        numbers = {number_of(one.body) for one in both}
        outcomes = [self.outcomes[number] for number in numbers if number in self.outcomes]
        ends = Counter(outcome.end for outcome in outcomes)
        failed = sum(ends.values()) - ends[RIGHT] - ends[WRONG]
        until = [seconds for one in both if (seconds := self._until(one)) is not None]
        return (
            kind,
            ", ".join(f"{len(mets):,}" for mets in asked),
            f"{sum(map(len, met)) - len(both):,}",
            *(f"{count:,}" for count in (ends[RIGHT], failed, ends[WRONG])),
            _longest([outcome.seconds for outcome in outcomes]),
            f"{median(until):.3f}" if until else "–",
            _longest(until),
            _longest(self.back.get(kind, ())),
        )

    def _until(self, met: Met) -> float | None:
        """Seconds from a fault to the right answer to the request that met it."""
        outcome = self.outcomes.get(number_of(met.body))
        return outcome.ended - met.when if outcome and outcome.end == RIGHT else None

    def _old(self) -> list[float]:
        """For each answer of other data that a client got, the seconds since there were such."""
        return [
            one.when - max(begun for begun in self.changed[endpoint] if begun <= one.when)
            for endpoint, mets in enumerate(self.met)
            for one in mets
            if one.kind == OLD and not one.probe
            if self.outcomes[number_of(one.body)].end == WRONG
        ]

    @property
    def unseen(self) -> int:
        """How many answers of other data nobody could find out, since no probe was due yet."""
        return sum(seconds < LOOKED for seconds in self._old())

    def old_answers(self) -> str:
        """What came of endpoints that had other data for a while."""
        old = self._old()
        probes = sum(one.probe for mets in self.met for one in mets)
        return (
            f"other data {sum(map(len, self.changed.values()))} times: {len(old):,} answers of it "
            f"before the probes ({probes}), the last after {_longest(old)} s; "
            f"{len(old) - self.unseen} later than {LOOKED:g} s"
        )

    def summary(self) -> str:
        """All requests together, whether they met a fault or not."""
        ends, seconds = self.ends(), sorted(o.seconds for o in self.outcomes.values())
        right, wrong = ends.pop(RIGHT, 0), ends.pop(WRONG, 0)
        slow = sum(value > SLOW for value in seconds)
        met = {number_of(one.body) for mets in self.met for one in mets}
        spared = [one.seconds for number, one in self.outcomes.items() if number not in met]
        return (
            f"{len(seconds):,} requests; right: {right:,} ({right / max(1, len(seconds)):.4%}), "
            f"failed: {dict(ends) or 0}, wrong or short: {wrong}; median "
            f"{_at(seconds, 0.5) * 1000:.1f} ms, 99th percentile {_at(seconds, 0.99) * 1000:.0f} "
            f"ms, 99.9th {_at(seconds, 0.999) * 1000:.0f} ms, longest {_at(seconds, 1):.2f} s "
            f"(that met no fault: {_longest(spared)} s), longer than {SLOW:g} s: {slow}; "
            f"asked up to {self.late:.2f} s late"
        )


def number_of(body: bytes) -> int:
    """The number of the request that a query is for; 0 if it has none."""
    found = _NUMBER.search(body)
    return int(found.group(1)) if found else 0


def _longest(seconds: Sequence[float]) -> str:
    return f"{max(seconds):.2f}" if seconds else "–"


def _at(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0
