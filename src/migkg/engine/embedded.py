"""The embedded engine: queries run in child processes that can be killed.

The engine's library cannot stop a query, and some queries end the process that runs them. So this
process holds no store: each query goes to a child of the zygote (:mod:`migkg.engine.zygote`); at
the deadline, or when the client has gone, the child is killed and another takes its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import select
import signal
import socket
import sys
from asyncio.subprocess import Process, create_subprocess_exec
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from migkg.engine import wire
from migkg.engine.protocol import Answer, Query
from migkg.errors import BadQuery, EngineBusy, EngineUnavailable, QueryCrashed, QueryTimeout
from migkg.settings import Settings

log = logging.getLogger(__name__)

_POSITION = re.compile(r"error at (\d+):(\d+): *")
_CHOICES = 12
_RETRY_AFTER = 2
_ZYGOTE_START = 60.0


class _Child:
    """One query process: its stream, and the handle that kills it and nothing else."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pidfd: int
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._pidfd = pidfd

    async def run(self, request: bytes, answer: Answer) -> None:
        """Sends a request and collects its answer."""
        self._writer.write(request)
        await self._writer.drain()
        while True:
            kind, content = await wire.read_frame(self._reader)
            if kind == wire.DATA:
                answer.append(content)
            elif kind == wire.END:
                return
            else:
                raise _translate(json.loads(content))

    def has_ended(self) -> bool:
        """True if the process is there no more: its handle is then ready to be read."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(0))

    def kill(self) -> None:
        """Ends the process at once and frees what belongs to it."""
        if self._pidfd < 0:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        os.close(self._pidfd)
        self._pidfd = -1
        self._writer.close()


def _discard(making: asyncio.Future[_Child]) -> None:
    if not making.cancelled() and making.exception() is None:
        making.result().kill()


class _Zygote:
    """The process that holds the store, and the socket over which it is told to fork."""

    def __init__(self, process: Process, control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._turn = asyncio.Lock()

    @classmethod
    async def start(cls, store: Path, memory: int) -> _Zygote:
        ours, theirs = socket.socketpair()
        with theirs:
            arguments = (str(store), str(theirs.fileno()), str(memory), str(os.getpid()))
            process = await create_subprocess_exec(
                sys.executable,
                "-m",
                "migkg.engine.zygote",
                *arguments,
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
            )
        ours.settimeout(_ZYGOTE_START)
        try:
            ready = await asyncio.to_thread(ours.recv, 1)
        except OSError:
            ready = b""
        if ready != b"R":
            ours.close()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise EngineUnavailable(f"The release in {store} could not be loaded.")
        return cls(process, ours)

    async def fork(self) -> _Child:
        """A new query process; one that its caller no longer waits for is killed."""
        making = asyncio.ensure_future(self._fork())
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(_discard)
            raise

    async def _fork(self) -> _Child:
        ours, theirs = socket.socketpair()
        try:
            async with self._turn:
                pidfd = await asyncio.to_thread(self._ask, theirs)
        except OSError as error:
            ours.close()
            raise EngineUnavailable(f"No query process could be made: {error}.") from error
        finally:
            theirs.close()
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        return _Child(reader, writer, pidfd)

    def _ask(self, theirs: socket.socket) -> int:
        socket.send_fds(self._control, [b"F"], [theirs.fileno()])
        _, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        if not descriptors:
            raise OSError("the process that holds the release has ended")
        return descriptors[0]

    async def close(self) -> None:
        self._control.close()
        try:
            await asyncio.wait_for(self._process.wait(), 2)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class EmbeddedEngine:
    """Answers from a release held in memory, in a bounded number of processes."""

    def __init__(self, store: Path, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._zygote: _Zygote | None = None
        self._idle: deque[_Child] = deque()
        self._places = asyncio.Semaphore(settings.query_processes)
        self._restart = asyncio.Lock()

    async def start(self) -> None:
        """Loads the release and makes one process ready; the rest come as they are needed."""
        self._zygote = await _Zygote.start(self._store, self._settings.query_memory)
        self._idle.append(await self._zygote.fork())

    async def close(self) -> None:
        """Ends every process."""
        while self._idle:
            self._idle.pop().kill()
        if self._zygote:
            await self._zygote.close()
            self._zygote = None

    async def answer(self, query: Query) -> Answer:
        """See :class:`migkg.engine.protocol.Engine`."""
        answer = Answer(
            query.format, limit=self._settings.answer_bytes, memory=self._settings.answer_memory
        )
        try:
            async with self._child() as child, asyncio.timeout(self._settings.query_deadline):
                await child.run(self._request(query), answer)
        except TimeoutError:
            answer.close()
            raise QueryTimeout(self._settings.query_deadline) from None
        except (asyncio.IncompleteReadError, ConnectionError, BrokenPipeError):
            answer.close()
            raise QueryCrashed(
                "The query ended the process that ran it: it needs more memory than "
                f"{self._settings.query_memory} bytes, or nests too deep."
            ) from None
        except BaseException:
            answer.close()
            raise
        return answer

    def _request(self, query: Query) -> bytes:
        return wire.pack_json(
            wire.REQUEST,
            {
                "text": query.text,
                "base": self._settings.base_iri,
                "format": query.format.name,
                "names_dataset": query.names_dataset,
                "default_graphs": query.default_graphs,
                "named_graphs": query.named_graphs,
            },
        )

    @asynccontextmanager
    async def _child(self) -> AsyncIterator[_Child]:
        """A process of one's own; it goes back only if it answered, else it is killed."""
        try:
            # Not wait_for: before Python 3.12 it can lose a cancellation.
            async with asyncio.timeout(self._settings.query_wait):
                await self._places.acquire()
        except TimeoutError:
            raise EngineBusy(_RETRY_AFTER) from None
        try:
            child = self._take_idle() or await self._fork()
            try:
                yield child
            except BadQuery:
                self._idle.append(child)
                raise
            except BaseException:
                child.kill()
                raise
            self._idle.append(child)
        finally:
            self._places.release()

    def _take_idle(self) -> _Child | None:
        """A process that is free and lives; all die together with the zygote."""
        while self._idle:
            child = self._idle.pop()
            if not child.has_ended():
                return child
            child.kill()
        return None

    async def _fork(self) -> _Child:
        if self._zygote is None:
            raise EngineUnavailable("The engine is not started.")
        try:
            return await self._zygote.fork()
        except EngineUnavailable:
            await self._revive(self._zygote)
            return await self._zygote.fork()

    async def _revive(self, dead: _Zygote) -> None:
        """Starts the zygote anew, once, whoever of its users noticed first that it had ended."""
        async with self._restart:
            if self._zygote is not dead:
                return
            log.warning("The process that holds the release has ended; starting it again.")
            await dead.close()
            while self._idle:
                self._idle.pop().kill()
            self._zygote = await _Zygote.start(self._store, self._settings.query_memory)


def _translate(error: dict[str, str]) -> Exception:
    """The engine library's errors as ours."""
    if error["kind"] != "syntax":
        return EngineUnavailable(f"The engine could not answer: {error['text']}.")
    match = _POSITION.match(error["text"])
    message = _shorten(_POSITION.sub("", error["text"]))
    if match is None:
        return BadQuery(message)
    return BadQuery(message, line=int(match.group(1)), column=int(match.group(2)))


def _shorten(message: str) -> str:
    """The parser's message without its list of character ranges, cut after a dozen choices."""
    choices = re.sub(r"\[[^\[\]]*\](?=$|,)(, )?", "", " ".join(message.split())).rstrip(", ")
    parts = choices.split(", ")
    return ", ".join(parts[:_CHOICES]) + (", …" if len(parts) > _CHOICES else "")
