"""A blocking HTTP client for the commands that talk to another engine.

It keeps one connection to each host, sends credentials as the server asks for them (RFC 7617 basic,
RFC 7616 digest, RFC 6750 bearer), and has one deadline for a whole exchange, because a server
that drips never trips a time-out of one read.
"""

from __future__ import annotations

import hashlib
import secrets
import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from threading import Timer
from urllib.parse import SplitResult, urlsplit
from urllib.request import parse_http_list, parse_keqv_list

from migkg.engine.remote.credentials import Credentials
from migkg.engine.remote.tls import verifying
from migkg.errors import BadSetting, EngineUnavailable

CHUNK = 256 * 1024
_WRITING = ("PUT", "DELETE")
_IDLE = 4.0  # seconds; shorter than what servers keep a connection


def checked_url(text: str) -> str:
    """The address as it is.

    Raises :class:`BadSetting` for one that is no URL of HTTP, or holds credentials.
    """
    name = "The address"
    try:
        parts = urlsplit(text)
        _ = parts.port  # it is read only when it is asked for
    except ValueError:
        raise BadSetting(name, text, "it is no URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSetting(name, text, "it must begin with http:// or https:// and a host")
    if "@" in parts.netloc:
        shown = parts.netloc.rpartition("@")[2]
        raise BadSetting(name, shown, "credentials belong into the environment")
    if not (text.isascii() and text.isprintable()) or " " in text or parts.fragment:
        raise BadSetting(name, text, "it must be ASCII, without blanks and #; write these as %XX")
    return text


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without parameters, in small letters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, as far as it is UTF-8."""
        return self.body.decode("utf-8", "replace")


class HttpClient:
    """Sends requests one after the other.

    ``authorization`` is the value of that field where it is known; else ``credentials`` are given
    as the server asks for them. ``ca_file`` holds certificates in place of those of the system.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        deadline: float = 60.0,
        authorization: str | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._credentials = credentials or Credentials()
        self._deadline = deadline
        self._authorization = authorization
        self._ca_file = ca_file
        # by scheme and host, each with the time at which it was used last
        self._connections: dict[tuple[str, str], tuple[HTTPConnection, float]] = {}
        self._schemes: dict[str, Callable[[str, str], str]] = {}  # by address

    def again(self, deadline: float | None = None) -> HttpClient:
        """Another one with connections of its own, and its own deadline if one is given."""
        return _client(
            self._credentials, deadline or self._deadline, self._authorization, self._ca_file
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _client, (self._credentials, self._deadline, self._authorization, self._ca_file)

    def close(self) -> None:
        """Closes every connection."""
        for connection, _ in self._connections.values():
            connection.close()
        self._connections.clear()

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = 64 * 1024 * 1024,
    ) -> Reply:
        """The whole answer, at most ``limit`` bytes of it; raises :class:`EngineUnavailable`."""
        end = time.monotonic() + self._deadline
        response = self._exchange(method, url, body, dict(headers or {}), end)
        data = bytearray()
        for part in self._parts(response, url, end):
            data += part
            if len(data) > limit:
                self.close()
                raise EngineUnavailable(f"{_place(url)} sent more than {limit} bytes.")
        names = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, names, bytes(data))

    def stream(self, url: str, headers: Mapping[str, str], *, deadline: float) -> Iterator[bytes]:
        """The parts of the answer to a GET, which must be 200."""
        end = time.monotonic() + deadline
        response = self._exchange("GET", url, None, dict(headers), end)
        if response.status != 200:
            self.close()
            raise EngineUnavailable(f"{_place(url)} answered with status {response.status}.")
        yield from self._parts(response, url, end)

    def _parts(self, response: HTTPResponse, url: str, end: float) -> Iterator[bytes]:
        try:
            while part := response.read1(CHUNK):
                yield part
                if time.monotonic() > end:
                    raise TimeoutError
            if response.length:  # what ends before its length is no error of the library
                raise ConnectionError("it is shorter than it says")
            response.close()  # else the connection would take no other request
        except TimeoutError:
            self.close()
            raise EngineUnavailable(f"{_place(url)} did not finish its answer in time.") from None
        except (HTTPException, OSError) as error:
            self.close()
            raise EngineUnavailable(f"The answer of {_place(url)} broke off: {error}.") from None

    def _exchange(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], end: float
    ) -> HTTPResponse:
        if method in _WRITING and self._credentials.user:
            self._learn(url, end)
        response = self._request(method, url, body, self._signed(method, url, headers), end)
        if response.status == 401 and self._challenged(url, response):
            response.read()
            response = self._request(method, url, body, self._signed(method, url, headers), end)
        return response

    def _learn(self, url: str, end: float) -> None:
        """Finds out how the server wants credentials, before a body is sent in vain.

        A server that lets everybody read, and so does not say it, is taken for one that wants them
        in the basic way. One that wants a digest may not answer where they come so.
        """
        place = _place(url)
        if place not in self._schemes:
            response = self._request("GET", url, None, {}, end)
            if response.status != 401 or not self._challenged(url, response):
                self._schemes[place] = self._basic
            for _ in self._parts(response, url, end):
                pass

    def _challenged(self, url: str, response: HTTPResponse) -> bool:
        """True if the answer asks for credentials that can be given and were not."""
        own, challenge = self._credentials, response.getheader("WWW-Authenticate", "")
        scheme, _, rest = challenge.partition(" ")
        if not own.user:
            return False
        if scheme.lower() == "digest":
            digest = _Digest(parse_keqv_list(parse_http_list(rest)), own)
            self._schemes[_place(url)] = digest.header
            return True
        known = self._schemes.setdefault(_place(url), self._basic)
        return scheme.lower() == "basic" and known != self._basic

    def _basic(self, *_: str) -> str:
        return str(self._credentials.authorization)

    def _signed(self, method: str, url: str, headers: dict[str, str]) -> dict[str, str]:
        scheme = self._schemes.get(_place(url))
        known = self._authorization or (self._credentials.token and self._credentials.authorization)
        value = known or (scheme and scheme(method, url))
        return {**headers, "Authorization": value} if value else headers

    def _request(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], end: float
    ) -> HTTPResponse:
        """The head of the answer; a connection that had become stale is opened once more."""
        parts = urlsplit(url)
        key = (parts.scheme, parts.netloc)
        for _ in range(2):
            kept = self._kept(key)
            connection = kept or self._open(parts)
            connection.timeout = max(0.1, end - time.monotonic())
            try:
                if connection.sock:
                    connection.sock.settimeout(connection.timeout)
                # A server may refuse before it has read all of the body, and close.
                with _cut_at(end, connection):
                    with suppress(BrokenPipeError, ConnectionResetError):
                        connection.request(method, _target(parts), body=body, headers=headers)
                    response = connection.getresponse()
            except TimeoutError:
                connection.close()
                raise EngineUnavailable(f"{_place(url)} did not answer in time.") from None
            except (HTTPException, OSError) as error:
                connection.close()
                if kept is None or not isinstance(error, ConnectionError):
                    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
                    why = " ".join(why.split())  # it may be what came in place of a reply
                    raise EngineUnavailable(f"{_place(url)} did not answer: {why}.") from None
            else:
                self._connections[key] = connection, time.monotonic()
                return response
        raise AssertionError(url)

    def _kept(self, key: tuple[str, str]) -> HTTPConnection | None:
        """The connection of before, unless the server has ended it, or may do so at any moment.

        Some servers say of their own accord, as the next reply, that they have waited too long.
        """
        connection, used = self._connections.pop(key, (None, 0.0))
        if connection is None:
            return None
        is_quiet = connection.sock and not select.select([connection.sock], [], [], 0)[0]
        if is_quiet and time.monotonic() - used < _IDLE:
            return connection
        connection.close()
        return None

    def _open(self, parts: SplitResult) -> HTTPConnection:
        host = str(parts.hostname)
        if parts.scheme != "https":
            return HTTPConnection(host, parts.port)
        return HTTPSConnection(host, parts.port, context=verifying(self._ca_file))


@contextmanager
def _cut_at(end: float, connection: HTTPConnection) -> Iterator[None]:
    """Ends the connection at this time, if need be; then raises :class:`TimeoutError`.

    The library reads a head line by line, and has a time for each read only.
    """

    def cut() -> None:
        if connection.sock:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = Timer(max(0.0, end - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (HTTPException, OSError):
        if time.monotonic() >= end:
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
    if time.monotonic() >= end:  # a head that ends early is read as a whole one
        raise TimeoutError


def _client(
    credentials: Credentials, deadline: float, authorization: str | None, ca_file: Path | None
) -> HttpClient:
    """A client for another thread or process, which has connections of its own there."""
    return HttpClient(credentials, deadline=deadline, authorization=authorization, ca_file=ca_file)


class _Digest:
    """Answers one challenge with MD5, request after request (RFC 7616, section 3.4)."""

    def __init__(self, challenge: Mapping[str, str], credentials: Credentials) -> None:
        self._challenge = challenge
        self._credentials = credentials
        self._count = 0

    def header(self, method: str, url: str) -> str:
        given, own = self._challenge, self._credentials
        self._count += 1
        target, count, once = _target(urlsplit(url)), f"{self._count:08x}", secrets.token_hex(8)
        realm, nonce = given.get("realm", ""), given.get("nonce", "")
        first = _md5(f"{own.user}:{realm}:{own.password}")
        second = _md5(f"{method}:{target}")
        proof = _md5(f"{first}:{nonce}:{count}:{once}:auth:{second}")
        # In the order in which most clients have them: one server reads them by their places.
        fields = {"username": own.user, "realm": realm, "nonce": nonce, "uri": target}
        quoted = ", ".join(f'{name}="{value}"' for name, value in fields.items())
        opaque = f', opaque="{given["opaque"]}"' if "opaque" in given else ""
        return (
            f'Digest {quoted}, cnonce="{once}", nc={count}, qop=auth, response="{proof}"'
            f"{opaque}, algorithm=MD5"
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _place(url: str) -> str:
    """The address as a message shows it: without the parameters, which may be long."""
    return url.partition("?")[0]
