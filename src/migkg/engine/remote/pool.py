"""The connections to one endpoint that are kept for the next request."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable

from migkg.engine.remote.address import Address
from migkg.engine.remote.connection import Connection, ExchangeFailed, Head, Take

# Shorter than what servers keep a connection that is idle: one that they close, or on which they
# answer 408 or 500 of their own accord, must not be used in that moment.
_IDLE = 4.0
_MARGIN = 1.0


Greet = Callable[[Connection], Awaitable[None]]


class Pool:
    """Makes exchanges, each over a connection that nobody else uses meanwhile.

    ``greet`` is the first to use a new connection, and raises if nobody else should.
    """

    def __init__(
        self,
        address: Address,
        *,
        tls: ssl.SSLContext | None,
        connect_deadline: float,
        greet: Greet | None = None,
    ) -> None:
        self._greet = greet
        self._address = address
        self._tls = tls if address.tls else None
        self._connect_deadline = connect_deadline
        self._idle: deque[tuple[Connection, float]] = deque()
        self._loop = asyncio.get_running_loop()
        self._expiring: asyncio.TimerHandle | None = None
        self._closed = False

    async def exchange(self, request: bytes, take: Take) -> Head:
        """The head of the complete reply; ``take`` gets its body.

        A request that was sent over a connection of before, and of whose reply nothing came, is
        sent once more over a new one. Raises :class:`ExchangeFailed`, and what ``take`` and
        ``greet`` raise.
        """
        kept = self._take_idle()
        if kept is not None:
            try:
                return await self._over(kept, request, take)
            except ExchangeFailed as error:
                if error.begun:
                    raise
        return await self._over(await self._greeted(), request, take)

    async def _greeted(self) -> Connection:
        """A new connection, greeted; of a server that keeps none, one behind the greeted one."""
        connection = await self._connect()
        if self._greet is None:
            return connection
        try:
            await self._greet(connection)
        except BaseException:
            connection.abort()
            raise
        if connection.reusable:
            return connection
        connection.abort()
        return await self._connect()

    def close(self) -> None:
        """Closes what is idle; what is in use is closed when its exchange has ended."""
        self._closed = True
        if self._expiring is not None:
            self._expiring.cancel()
        while self._idle:
            self._idle.pop()[0].abort()

    async def _over(self, connection: Connection, request: bytes, take: Take) -> Head:
        head = await connection.exchange(request, take)
        if connection.reusable and not self._closed:
            keep = min(_IDLE, connection.keep - _MARGIN) if connection.keep else _IDLE
            self._idle.append((connection, self._loop.time() + keep))
            if self._expiring is None:
                self._expiring = self._loop.call_later(keep, self._expire)
        else:
            connection.abort()
        return head

    def _take_idle(self) -> Connection | None:
        """The connection that was used last, if it is good still."""
        now = self._loop.time()
        while self._idle:
            connection, until = self._idle.pop()
            if connection.reusable and until > now:
                return connection
            connection.abort()
        return None

    def _expire(self) -> None:
        """Closes what has been idle for long, since a server may have few threads to wait on it."""
        now = self._loop.time()
        while self._idle and self._idle[0][1] <= now:
            self._idle.popleft()[0].abort()
        self._expiring = None
        if self._idle:
            self._expiring = self._loop.call_at(self._idle[0][1], self._expire)

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(self._connect_deadline):
                _, connection = await self._loop.create_connection(
                    Connection,
                    self._address.host,
                    self._address.port,
                    ssl=self._tls,
                    server_hostname=self._address.host if self._tls else None,
                )
        except ssl.SSLCertVerificationError as error:
            raise ExchangeFailed(
                f"its certificate is not valid: {error.verify_message}", begun=False
            ) from None
        except TimeoutError:
            raise ExchangeFailed("no connection in time", begun=False) from None
        except OSError as error:
            raise ExchangeFailed(f"no connection: {error.strerror}", begun=False) from None
        return connection
