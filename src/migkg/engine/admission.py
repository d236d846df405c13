"""Who may run a query now: places, a bounded queue, and fairness between clients.

Each lane has places of its own, so that entity pages and health do not wait behind SPARQL. A query
that runs for long gives its place back and needs one of a few slow places instead; without one it
is paused. Whoever waits is served by the engine time of its client: the client that used least
comes first, and no client has every slow place.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from enum import Enum

from migkg.engine.counters import Gauge
from migkg.engine.protocol import Lane
from migkg.errors import EngineBusy, TooManyRequests
from migkg.settings import Settings

# A client that used more than so many seconds leaves a part of the places to others.
_MUCH = 5.0
_LEFT = 4  # one place of so many
_HALF_LIFE = 30.0  # seconds after which half of a client's use is forgotten
_CLIENTS = 10_000
_RETRY_AFTER = 2

_WAITING = Gauge("migkg_queries_waiting", "Queries that wait for a place.")

Clock = Callable[[], float]


class Usage:
    """Engine seconds that each client used lately; old use counts less and less."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def seconds(self, client: str) -> float:
        """What a client used, halved every half-life."""
        used, when = self._used.get(client, (0.0, 0.0))
        return used * 0.5 ** ((self._clock() - when) / _HALF_LIFE) if used else 0.0

    def add(self, client: str, seconds: float) -> None:
        """Counts engine time; of very many clients those that came last are remembered."""
        self._used[client] = (self.seconds(client) + seconds, self._clock())
        self._used.move_to_end(client)
        if len(self._used) > _CLIENTS:
            self._used.popitem(last=False)


class _Queue:
    """Those that wait, by client."""

    def __init__(self, usage: Usage) -> None:
        self._usage = usage
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self.length = 0

    def add(self, client: str) -> asyncio.Future[None]:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(waiter)
        self.length += 1
        return waiter

    def remove(self, client: str, waiter: asyncio.Future[None]) -> None:
        line = self._waiting.get(client)
        if line and waiter in line:
            line.remove(waiter)
            self.length -= 1
            if not line:
                del self._waiting[client]

    def next(self, allowed: Callable[[str], bool] = lambda _: True) -> str | None:
        """Wakes the first of the client that used least; None if nobody may come."""
        while clients := [client for client in self._waiting if allowed(client)]:
            client = min(clients, key=self._usage.seconds) if len(clients) > 1 else clients[0]
            waiter = self._waiting[client][0]
            self.remove(client, waiter)
            if not waiter.done():  # else it was given up just now
                waiter.set_result(None)
                return client
        return None

    def longest(self) -> str:
        return max(self._waiting, key=lambda client: len(self._waiting[client]))

    def drop_last(self, client: str, error: Exception) -> None:
        waiter = self._waiting[client][-1]
        self.remove(client, waiter)
        if not waiter.done():
            waiter.set_exception(error)

    def waiting(self, client: str) -> int:
        return len(self._waiting.get(client, ()))


class Held(Enum):
    """What a query has."""

    PLACE = "place"
    SLOW_PLACE = "slow place"
    NOTHING = "nothing"


class Place:
    """The right to run one query, until :meth:`leave`."""

    def __init__(self, admission: Admission, client: str, lane: Lane, now: float) -> None:
        self.client = client
        self.lane = lane
        self.since = now
        self.held = Held.PLACE
        self.counted = 0.0  # seconds, so far
        self.seconds: float | None = None
        self._admission = admission

    @property
    def is_slow(self) -> bool:
        """True if the query has run for long."""
        return self.held is Held.SLOW_PLACE

    def took(self, seconds: float | None) -> None:
        """Says how long the query has kept a processor busy, which counts in place of its time."""
        self.seconds = seconds

    async def slow_down(self, pause: Callable[[], None]) -> None:
        """Changes to a slow place; calls ``pause`` first if one must be waited for.

        Who has a slow place keeps it. Raises :class:`EngineBusy` if there is none in time, and
        :class:`TooManyRequests`.
        """
        await self._admission.slow_down(self, pause)

    def leave(self) -> None:
        """Gives the place back and counts the time."""
        self._admission.leave(self)


class Admission:
    """The places of one process of the service."""

    def __init__(
        self,
        places: dict[Lane, int],
        *,
        slow: int,
        queue: int,
        wait: float,
        clock: Clock = time.monotonic,
    ) -> None:
        self._free = dict(places)
        self._left = {lane: count // _LEFT for lane, count in places.items()}
        self._clock = clock
        self._queue_limit = queue
        self._wait = wait
        self._usage = Usage(clock)
        self._queues = {lane: _Queue(self._usage) for lane in places}
        self._slow_places = slow
        self._slow: Counter[str] = Counter()
        self._slow_queue = _Queue(self._usage)

    @classmethod
    def of(cls, settings: Settings) -> Admission:
        """The places that the settings give."""
        places = {
            Lane.SPARQL: settings.query_processes,
            Lane.PAGE: settings.page_processes,
            Lane.HEALTH: 1,
        }
        return cls(
            places,
            slow=settings.slow_queries,
            queue=settings.query_queue,
            wait=settings.query_wait,
        )

    async def enter(self, client: str, lane: Lane) -> Place:
        """A place, at once or after a while.

        Raises :class:`EngineBusy` if none becomes free in time, and :class:`TooManyRequests` if
        the queue is full and this client fills most of it.
        """
        if self._may_enter(client, lane, self._free[lane]):
            self._free[lane] -= 1
        else:
            queue = self._queues[lane]
            await self._wait_in(queue, client, self._queue_limit, lambda: self._give(lane))
        return Place(self, client, lane, self._clock())

    def leave(self, place: Place) -> None:
        """See :meth:`Place.leave`."""
        self._count(place)
        held, place.held = place.held, Held.NOTHING
        if held is Held.PLACE:
            self._give(place.lane)
        elif held is Held.SLOW_PLACE:
            self._give_slow(place.client)

    async def slow_down(self, place: Place, pause: Callable[[], None]) -> None:
        """See :meth:`Place.slow_down`."""
        if place.is_slow:  # its first process was lost after it had become slow
            return
        if place.lane is not Lane.SPARQL and not self._may_slow(place.client):
            return  # pages and health do not wait behind SPARQL: it keeps the place that it has
        self._count(place)
        place.held = Held.NOTHING
        self._give(place.lane)
        if self._may_slow(place.client):
            self._slow[place.client] += 1
        else:
            pause()
            # What is paused holds memory, so there is no more of it than there are slow places.
            await self._wait_in(
                self._slow_queue,
                place.client,
                self._slow_places,
                lambda: self._give_slow(place.client),
            )
        place.held = Held.SLOW_PLACE
        place.since = self._clock()

    def _count(self, place: Place) -> None:
        """Adds what was used since the last count.

        That is time of a processor as far as it is known: many quick queries at once wait for each
        other, and their client would be held to have used what others did.
        """
        if place.held is Held.NOTHING:
            return
        used = self._clock() - place.since
        if place.seconds is not None:
            used = max(0.0, place.seconds - place.counted)
        place.counted += used
        self._usage.add(place.client, used)

    def _may_enter(self, client: str, lane: Lane, free: int) -> bool:
        """True if one of the free places is for this client."""
        return free > self._left[lane] or (free > 0 and self._usage.seconds(client) <= _MUCH)

    def _give(self, lane: Lane) -> None:
        """Gives a place to who waits for it, or back."""
        free = self._free[lane] + 1
        if self._queues[lane].next(lambda client: self._may_enter(client, lane, free)) is None:
            self._free[lane] = free

    def _may_slow(self, client: str) -> bool:
        own = max(1, self._slow_places - 1)
        return self._slow.total() < self._slow_places and self._slow[client] < own

    def _give_slow(self, client: str) -> None:
        self._slow[client] -= 1
        self._slow += Counter()  # drops those that have none
        following = self._slow_queue.next(self._may_slow)
        if following is not None:
            self._slow[following] += 1

    async def _wait_in(
        self, queue: _Queue, client: str, limit: int, give_back: Callable[[], None]
    ) -> None:
        if queue.length >= limit:
            hog = queue.longest()
            if queue.waiting(client) >= queue.waiting(hog):
                raise TooManyRequests(_RETRY_AFTER)
            queue.drop_last(hog, TooManyRequests(_RETRY_AFTER))
        waiter = queue.add(client)
        _WAITING.add(1)
        timer = waiter.get_loop().call_later(self._wait, _give_up, waiter)
        try:
            await waiter
        except BaseException:
            queue.remove(client, waiter)
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                give_back()  # it was granted in the moment in which it was given up
            raise
        finally:
            _WAITING.add(-1)
            timer.cancel()


def _give_up(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(EngineBusy(_RETRY_AFTER))
