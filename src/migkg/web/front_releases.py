"""The releases that one front has open; the process that watches says which.

See :mod:`migkg.web.generations`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from migkg.engine.release import open_release
from migkg.errors import EngineBusy, EngineUnavailable
from migkg.settings import Settings
from migkg.web import channel
from migkg.web.app import create_served, engine_of
from migkg.web.channel import Message
from migkg.web.generations import Number
from migkg.web.served import Served

log = logging.getLogger(__name__)

_RETRY_AFTER = 5


class SharedReleases:
    """Opens, closes and finds releases as :class:`migkg.web.front.Releases` says."""

    def __init__(
        self, settings: Settings, end: socket.socket, number: Number, first: tuple[int, Served]
    ) -> None:
        self._settings = settings
        self._end = end
        self._number = number
        self._by_key = dict([first])
        self._older: dict[str, tuple[int, Served]] = {}
        self._wanted: dict[str, asyncio.Future[Served]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def current(self) -> Served:
        """The release that is in service at this moment."""
        return self._by_key[self._number.value]

    async def start(self) -> None:
        """Makes the current release ready and listens to the process that watches."""
        await self.current.start()
        asyncio.get_running_loop().add_reader(self._end.fileno(), self._hear)
        self._spawn(self._close_idle())

    async def close(self) -> None:
        """Ends every engine."""
        asyncio.get_running_loop().remove_reader(self._end.fileno())
        for task in self._tasks:
            task.cancel()
        for served in (*self._by_key.values(), *(item for _, item in self._older.values())):
            await served.state.engine.close()

    async def older(self, release_id: str) -> Served:
        """See :class:`migkg.web.front.Releases`."""
        if release_id in self._older:
            return self._older[release_id][1]
        if release_id not in self._wanted:
            self._wanted[release_id] = asyncio.get_running_loop().create_future()
            self._say({"want": release_id})
        try:
            async with asyncio.timeout(self._settings.query_wait):
                return await asyncio.shield(self._wanted[release_id])
        except TimeoutError:
            raise EngineBusy(_RETRY_AFTER, "The release is being opened.") from None

    def _say(self, message: Message) -> None:
        channel.send(self._end, message)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _hear(self) -> None:
        """Takes what the process that watches says; it ends with this process, never before."""
        received = channel.receive(self._end)
        if received is None:
            return
        message, passed = received
        if message["do"] == "open":
            self._spawn(self._open(message, passed))
        elif message["do"] == "close" and (served := self._leave(message["key"])):
            self._spawn(self._close(message["key"], served))
        elif message["do"] == "refuse":
            self._refuse(message["release"], message["why"])

    def _leave(self, key: int) -> Served | None:
        """The release of a key; an older one is not asked any more."""
        for name, (known, served) in list(self._older.items()):
            if known == key:
                del self._older[name]
                return served
        return self._by_key.get(key)

    async def _open(self, message: Message, control: socket.socket | None) -> None:
        key = message["key"]
        try:
            served = await asyncio.to_thread(self._make, message, control)
            await served.start()
        except Exception as error:
            log.exception("The release in %s cannot be opened.", message["folder"])
            if control:
                control.close()
            if message["older"]:
                self._refuse(Path(message["folder"]).name, str(error))
            self._say({"is": "failed", "key": key, "why": str(error)})
            return
        if message["older"]:
            self._older[served.id] = (key, served)
            if (wanted := self._wanted.pop(served.id, None)) and not wanted.done():
                wanted.set_result(served)
        else:
            self._by_key[key] = served
        self._say({"is": "opened", "key": key})

    def _make(self, message: Message, control: socket.socket | None) -> Served:
        older = bool(message["older"])
        settings = self._settings.older() if older else self._settings
        release = open_release(Path(message["folder"]))
        engine = engine_of(release, settings, control)
        return create_served(settings, release, engine, older=older)

    def _refuse(self, release_id: str, why: str) -> None:
        if (wanted := self._wanted.pop(release_id, None)) and not wanted.done():
            text = "Too many older releases are open."
            busy = why == "busy"
            wanted.set_exception(EngineBusy(_RETRY_AFTER, text) if busy else EngineUnavailable(why))
            wanted.exception()  # where nobody waits any more, that is no fault

    async def _close(self, key: int, served: Served) -> None:
        """Lets a release finish what it is answering, then ends its engine."""
        await served.close()
        self._by_key.pop(key, None)
        self._say({"is": "closed", "key": key})

    async def _close_idle(self) -> None:
        """Closes older releases that nobody asks for."""
        idle = self._settings.release_idle
        while True:
            await asyncio.sleep(min(idle, 5.0) / 2)
            now = time.monotonic()
            for name, (key, served) in list(self._older.items()):
                if not served.under_way and now - served.used > idle:
                    del self._older[name]
                    with suppress(OSError):
                        await self._close(key, served)
