"""One query process, as the service sees it: its stream, and the handles that end it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
from typing import cast

from migkg.engine import wire
from migkg.engine.parser_messages import bad_query, unknown_function
from migkg.engine.protocol import Answer
from migkg.errors import AnswerTooLarge, EngineUnavailable, MigkgError, QueryCrashed

_NICE = 19
_LONGEST_FAULT = 4096
_STOPPED = {
    "Segmentation fault": "it nests too deep",
    "Aborted": "it needs more memory than it may have",
}


class ChildLost(Exception):
    """The process ended without a reason of its own; somebody else may have ended it."""


class Child(asyncio.Protocol):
    """A query process. It runs one request at a time; what ends it fails that request."""

    def __init__(self, sock: socket.socket, pipe: int) -> None:
        self.served = 0
        self.lowered = False  # its priority, for good
        self.seconds: float | None = None  # of a processor, that the last request took
        self._pid = 0
        self._pidfd = -1
        self._socket = sock
        self._pipe = pipe
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = bytearray()
        self._answer: Answer | None = None  # of the request under way
        self._limit = 0
        self._outcome: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    @classmethod
    async def fork(cls, control: socket.socket, wait: float) -> Child:
        """A new process, asked for on the control socket of the zygote.

        Raises :class:`EngineUnavailable` if there is none after ``wait`` seconds, and
        :class:`ChildLost` if it ended at once.
        """
        try:
            ours, theirs = socket.socketpair()
            reading, writing = os.pipe()
        except OSError as error:  # no descriptors are left
            raise EngineUnavailable("No query process can be asked for.") from error
        child = cls(ours, writing)
        try:
            with theirs:
                socket.send_fds(control, [b"F"], [theirs.fileno(), reading], socket.MSG_DONTWAIT)
            async with asyncio.timeout(wait):
                await child._begin()
        except (OSError, TimeoutError) as error:
            child.kill()
            raise EngineUnavailable("No query process could be made in time.") from error
        except BaseException:
            child.kill()
            raise
        finally:
            os.close(reading)
        return child

    async def _begin(self) -> None:
        """Waits for the process at the other end of the new socket."""
        loop = asyncio.get_running_loop()
        self._socket.setblocking(False)
        readable = asyncio.Event()
        loop.add_reader(self._socket, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._socket)
        data, descriptors, _, _ = socket.recv_fds(self._socket, wire.PROCESS.size, 1)
        if len(data) != wire.PROCESS.size or not descriptors:
            raise ChildLost
        self._pid, self._pidfd = wire.PROCESS.unpack(data)[0], descriptors[0]
        await loop.create_unix_connection(lambda: self, sock=self._socket)

    async def run(self, request: bytes, answer: Answer, limit: int, seconds: float) -> bool:
        """Sends a request and waits for its answer, of ``limit`` rows or fewer.

        Returns and raises as :meth:`wait`.
        """
        self.served += 1
        self._answer, self._limit, self._outcome = answer, limit, None
        self.seconds = None
        if self._transport is None or self._transport.is_closing():
            raise ChildLost
        self._transport.write(request)
        return await self.wait(seconds)

    async def wait(self, seconds: float) -> bool:
        """True when the answer is complete, False if it is not after so many seconds.

        Raises what the query failed with, :class:`ChildLost` if the process was ended from outside.
        """
        if self._answer is not None:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(seconds, self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        if self._outcome is not None:
            raise self._outcome
        return self._answer is None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's says it of no type

    def data_received(self, data: bytes) -> None:
        """Takes what the process sent, frame by frame."""
        if self._buffer:
            self._buffer += data
            del self._buffer[: self._take_frames(self._buffer)]
        else:  # what comes whole, as most answers do, is not copied
            self._buffer += data[self._take_frames(data) :]
        if wire.is_fault(self._buffer):
            del self._buffer[_LONGEST_FAULT:]

    def _take_frames(self, data: bytes | bytearray) -> int:
        """Takes the frames that are whole; how many bytes they are."""
        start = 0
        while len(data) - start >= wire.HEADER.size:
            length, kind = wire.HEADER.unpack_from(data, start)
            end = start + wire.HEADER.size + length
            if len(data) < end:
                break
            self._take(kind, bytes(memoryview(data)[start + wire.HEADER.size : end]))
            start = end
        return start

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Fails the request under way: the process has ended."""
        fault = bytes(self._buffer)
        if wire.is_fault(fault):
            self._end(QueryCrashed(_reason(fault)))
        else:
            self._end(ChildLost())
        self.kill()

    @property
    def alive(self) -> bool:
        """False once the process is known to have ended."""
        return self._pipe >= 0

    def pause(self) -> None:
        """Stops the process until :meth:`resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a stopped process go on."""
        self._signal(signal.SIGCONT)

    def lower_priority(self) -> None:
        """Lets every other process go first from now on."""
        # By number, as no call takes a handle; its end is known here before others get the number.
        self.lowered = True
        if self.alive:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._pid, _NICE)

    def kill(self, error: MigkgError | None = None) -> None:
        """Ends the process at once, with an error for the request under way."""
        if self._pipe < 0:
            return
        self._signal(signal.SIGKILL)
        os.close(self._pipe)  # ends the process too if its handle has not come yet
        self._pipe = -1
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        self._end(error or ChildLost())
        if self._transport:
            self._transport.abort()
        else:
            self._socket.close()

    def _signal(self, number: int) -> None:
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def _take(self, kind: int, content: bytes) -> None:
        if self._answer is None:
            return
        if kind == wire.DATA:
            try:
                self._answer.append(content)
            except MigkgError as error:
                self.kill(error)
        elif kind == wire.ERROR:
            self._end(_translate(json.loads(content), self._limit))
        else:
            self._answer.truncated = kind == wire.CUT
            (self.seconds,) = wire.SECONDS.unpack(content)
            self._end(None)

    def _end(self, error: Exception | None) -> None:
        """Ends the request under way."""
        if self._answer is not None:
            self._answer = None
            self._outcome = error
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _reason(fault: bytes) -> str:
    """What Python's fault handler wrote, as a sentence for the client."""
    line = fault.decode("ascii", "replace").partition("\n")[0]
    name = line.partition(": ")[2]
    return f"The query ended the process that ran it: {_STOPPED.get(name, name.lower())}."


def _translate(error: dict[str, str], limit: int) -> MigkgError:
    """The errors of a query process as ours."""
    if error["kind"] == "rows":
        return AnswerTooLarge(limit, "rows")
    if error["kind"] == "memory":
        return QueryCrashed(f"The query was stopped: {_STOPPED['Aborted']}.")
    if error["kind"] != "syntax":
        if unknown := unknown_function(error["text"]):
            return unknown
        return EngineUnavailable(f"The engine could not answer: {error['text']}.")
    return bad_query(error["text"])
