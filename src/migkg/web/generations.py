"""The releases that a running service has open, as the process that watches sees them.

Each is a generation: a release, the process that holds it, and the fronts that answer from it.
A new release is opened in every front before one number, which all fronts read with each request,
makes it the current one; the fronts then finish what they began on the old one, and it is closed.
Older releases are opened on demand, for the front that asks. Where another engine holds the
releases, nothing is loaded here, and that engine says which release is the current one.
"""

from __future__ import annotations

import logging
import mmap
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from migkg.engine import kept
from migkg.engine.keeper import Keeper
from migkg.engine.published_engine import Elsewhere
from migkg.engine.release import DUMPS, Release, open_release
from migkg.errors import MigkgError, NoRelease
from migkg.settings import Settings
from migkg.web import channel
from migkg.web.channel import Message

if TYPE_CHECKING:
    from migkg.engine.published_watch import PublishedWatch

log = logging.getLogger(__name__)

_WORD = 8  # bytes of the shared number
_LIVED = 5.0
_PAUSE = 0.2  # seconds before what lived for less than that is started again


class Number:
    """A number that a process and those that it forks share; reading and writing are one step."""

    def __init__(self) -> None:
        self._word = memoryview(mmap.mmap(-1, _WORD)).cast("Q")

    @property
    def value(self) -> int:
        """The number as it is now."""
        return self._word[0]

    @value.setter
    def value(self, number: int) -> None:
        self._word[0] = number


@dataclass
class Generation:
    """A release that is open; ``users`` counts how often each front has it."""

    key: int
    release: Release
    keeper: Keeper | Elsewhere
    hold: kept.Hold
    older: bool = False
    starting: bool = True
    since: float = field(default_factory=time.monotonic)
    users: Counter[int] = field(default_factory=Counter)
    waiting: set[int] = field(default_factory=set)  # fronts that are to open it

    def close(self) -> None:
        """Ends its process and lets the release go."""
        self.keeper.close()
        self.hold.let_go()


class Generations:
    """Opens and closes releases, and tells the fronts."""

    def __init__(
        self,
        settings: Settings,
        release: Release,
        say: Callable[[str], object],
        watch: PublishedWatch | None = None,
    ) -> None:
        self._settings = settings
        self._say = say
        self._watch = watch
        self._channels: dict[int, socket.socket] = {}
        self._open: dict[int, Generation] = {}
        self._last_key = 0
        self._next: Generation | None = None
        # What could not be opened, and when its folder changed; till then it is not tried again.
        self._refused: tuple[str, int] | None = None
        self._looked = time.monotonic()
        self._ends: tuple[socket.socket, socket.socket] | None = None
        self.number = Number()
        self.current = self._begin(release)
        self.number.value = self.current.key

    def _begin(self, release: Release, *, older: bool = False) -> Generation:
        self._last_key += 1
        hold = kept.Hold(release)
        keeper = Elsewhere() if self._watch else Keeper(release, self._settings)
        try:
            keeper.start()
        except BaseException:
            keeper.close()
            hold.let_go()
            raise
        opened = Generation(self._last_key, release, keeper, hold, older)
        self._open[opened.key] = opened
        return opened

    def wait(self) -> None:
        """Waits for the first release."""
        if self._watch:
            self._watch.start()
        self.current.keeper.wait()
        self.current.starting = False

    def close(self) -> None:
        """Ends all processes that hold a release, and the one that asks for it."""
        if self._watch:
            self._watch.close()
        for opened in self._open.values():
            opened.close()
        self._open.clear()

    # The fronts

    def prepare(self) -> socket.socket:
        """The end of its channel for a front that is about to be forked."""
        self._ends = channel.pair()
        return self._ends[1]

    def join(self, front: int) -> None:
        """The front that was prepared has been forked, with the current release."""
        if self._ends is None:
            raise RuntimeError("no front was prepared")
        self._channels[front] = self._ends[0]
        self._ends[1].close()
        self.current.users[front] += 1
        if self._next and not self._next.starting:
            self._offer(self._next, front)

    def leave(self, front: int) -> None:
        """A front has ended."""
        end = self._channels.pop(front, None)
        if end:
            end.close()
        for opened in list(self._open.values()):
            opened.users.pop(front, None)
            opened.waiting.discard(front)
            self._close_unused(opened)
        self._change_over()

    def leave_to_others(self) -> None:
        """In a new front: closes the channels that are not its own."""
        for end in self._channels.values():
            end.close()
        if self._ends:
            self._ends[0].close()

    # What the process that watches waits for

    def descriptors(self) -> Iterator[int]:
        """What may become readable."""
        yield from (end.fileno() for end in self._channels.values())
        for opened in self._open.values():
            if opened.starting and opened.keeper.starting >= 0:
                yield opened.keeper.starting
        if self._watch:
            yield self._watch.fileno()

    def look(self) -> None:
        """Does what is to be done now: for the fronts, for new processes and for ended ones."""
        for front, end in list(self._channels.items()):
            while (received := channel.receive(end)) is not None:
                self._hear(front, received[0])
        for opened in list(self._open.values()):
            self._look_at(opened)
        if self._watch:
            self._watch.look()
            self._give_up_removed(self._watch)
        if time.monotonic() - self._looked >= self._settings.release_poll:
            self._looked = time.monotonic()
            self._look_for_new()

    def _look_at(self, opened: Generation) -> None:
        if opened.starting:
            if not opened.keeper.is_ready():
                return
            opened.starting = False
            try:
                opened.keeper.wait()
            except MigkgError as error:
                self._fail(opened, str(error))
                return
            for front in self._channels if opened is self._next else set(opened.waiting):
                self._offer(opened, front)
            self._close_unused(opened)
        elif opened.keeper.has_ended():
            pause(opened.since)
            opened.keeper.restart()
            opened.since = time.monotonic()

    def _give_up_removed(self, watch: PublishedWatch) -> None:
        """Closes what no endpoint holds any more, but for the current release.

        That one stays until there is another; no endpoint is asked for it meanwhile.
        """
        for opened in list(self._open.values()):
            if opened.release.id in watch.complete or opened is self.current or opened.starting:
                continue
            if opened is self._next:
                self._fail(opened, "No endpoint holds it any more.")
                self._refused = None  # it may come again
            else:
                self._retire(opened)

    def _look_for_new(self) -> None:
        folder = self._settings.releases
        wanted = self._watch.current if self._watch else kept.current_id(folder)
        if self._watch and wanted not in self._watch.complete:
            return
        if wanted in (None, self.current.release.id) or self._next:
            return
        state = (str(wanted), _changed(folder / str(wanted)))
        if state == self._refused:
            return
        try:
            release = open_release(folder / str(wanted))
            self._next = self._begin(release)
        except (MigkgError, OSError) as error:
            self._refused = state
            log.warning("Release %s cannot be put into service: %s", wanted, error)

    # Messages

    def _hear(self, front: int, message: Message) -> None:
        if "want" in message:
            self._want(front, message["want"])
            return
        opened = self._open.get(message["key"])
        if opened is None:
            return
        opened.waiting.discard(front)
        if message["is"] != "opened":
            opened.users[front] -= 1
        if message["is"] == "failed" and opened is self._next:
            self._fail(opened, message["why"])
        elif message["is"] == "opened" and not (opened.older or opened is self._next):
            self._tell(front, {"do": "close", "key": opened.key})  # it was given up meanwhile
        self._change_over()
        self._close_unused(opened)

    def _want(self, front: int, release_id: str) -> None:
        """A front asks for an older release."""
        older = [opened for opened in self._open.values() if opened.older]
        for opened in older:
            if opened.release.id == release_id:
                if opened.starting:
                    opened.waiting.add(front)
                else:
                    self._offer(opened, front)
                return
        why = "busy"
        if self._watch and release_id not in self._watch.complete:
            why = f"No endpoint holds release {release_id}."
        elif len(older) < self._settings.open_releases:
            try:
                release = open_release(self._settings.releases / release_id)
                self._begin(release, older=True).waiting.add(front)
                return
            except (NoRelease, OSError) as error:
                why = str(error)
        self._tell(front, {"do": "refuse", "release": release_id, "why": why})

    def _offer(self, opened: Generation, front: int) -> None:
        """Has a front open a release."""
        opened.users[front] += 1
        opened.waiting.add(front)
        message = {
            "do": "open",
            "key": opened.key,
            "folder": str(opened.release.folder),
            "older": opened.older,
        }
        self._tell(front, message, opened.keeper.control)

    def _tell(self, front: int, message: Message, passed: socket.socket | None = None) -> None:
        channel.send(self._channels[front], message, passed)

    # Changing over

    def _change_over(self) -> None:
        """Makes the next release the current one, if every front has it."""
        new = self._next
        if new is None or new.starting or new.waiting:
            return
        old, self.current, self._next = self.current, new, None
        self.number.value = new.key
        self._refused = None
        self._say(f"Release {new.release.id} is in service, in place of {old.release.id}.\n")
        self._retire(old)

    def _retire(self, opened: Generation) -> None:
        for front in +opened.users:
            self._tell(front, {"do": "close", "key": opened.key})
        self._close_unused(opened)

    def _fail(self, opened: Generation, why: str) -> None:
        log.warning("Release %s cannot be opened: %s", opened.release.id, why)
        if opened is self._next:
            self._next = None
            self._refused = (opened.release.id, _changed(opened.release.folder))
        for front in opened.waiting:
            message = {"do": "refuse", "release": opened.release.id, "why": why}
            self._tell(front, message)
        opened.waiting.clear()
        self._retire(opened)

    def _close_unused(self, opened: Generation) -> None:
        used = +opened.users or opened.waiting or opened.starting
        if opened in (self.current, self._next) or used:
            return
        if self._open.pop(opened.key, None):
            opened.close()


def _changed(folder: Path) -> int:
    """When something came into the folder of a release or went from it; 0 if there is none."""
    try:
        return max(folder.stat().st_mtime_ns, (folder / DUMPS).stat().st_mtime_ns)
    except OSError:
        return 0


def pause(since: float) -> None:
    """Waits a little before something is started again that has lived for a moment only."""
    if time.monotonic() - since < _LIVED:
        time.sleep(_PAUSE)
