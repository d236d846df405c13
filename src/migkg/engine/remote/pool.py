"""The connections to one endpoint that are kept for the next request."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque

from migkg.engine.remote.address import Address
from migkg.engine.remote.connection import Connection, ExchangeFailed, Head, Take

# Shorter than what servers keep a connection that is idle: one that they close, or on which they
# answer 408 or 500 of their own accord, must not be used in that moment.
_IDLE = 4.0
_MARGIN = 1.0


class Pool:
    """Makes exchanges, each over a connection that nobody else uses meanwhile."""

    def __init__(
        self, address: Address, *, tls: ssl.SSLContext | None, connect_deadline: float
    ) -> None:
        self._address = address
        self._tls = tls if address.tls else None
        self._connect_deadline = connect_deadline
        self._idle: deque[tuple[Connection, float]] = deque()
        self._loop = asyncio.get_running_loop()
        self._closed = False

    async def exchange(self, request: bytes, take: Take) -> Head:
        """The head of the complete reply; ``take`` gets its body.

        A request that was sent over a connection of before, and of whose reply nothing came, is
        sent once more over a new one. Raises :class:`ExchangeFailed`, and what ``take`` raises.
        """
        kept = self._take_idle()
        if kept is not None:
            try:
                return await self._over(kept, request, take)
            except ExchangeFailed as error:
                if error.begun:
                    raise
        return await self._over(await self._connect(), request, take)

    def close(self) -> None:
        """Closes what is idle; what is in use is closed when its exchange has ended."""
        self._closed = True
        while self._idle:
            self._idle.pop()[0].abort()

    async def _over(self, connection: Connection, request: bytes, take: Take) -> Head:
        head = await connection.exchange(request, take)
        if connection.reusable and not self._closed:
            keep = min(_IDLE, connection.keep - _MARGIN) if connection.keep else _IDLE
            self._idle.append((connection, self._loop.time() + keep))
        else:
            connection.abort()
        return head

    def _take_idle(self) -> Connection | None:
        """The connection that was used last, if it is good still; the older ones are closed."""
        now = self._loop.time()
        while self._idle and not (self._idle[0][0].reusable and self._idle[0][1] > now):
            self._idle.popleft()[0].abort()
        while self._idle:
            connection, until = self._idle.pop()
            if connection.reusable and until > now:
                return connection
            connection.abort()
        return None

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
