"""The application in this process, in front of an engine that counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email.message import Message as Headers
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from migkg.engine.protocol import INTERNAL, Answer, Caller, Query, Spool
from migkg.services.building import build
from migkg.web.app import create_app
from tests.tiny import make_project
from tests.web.client import Reply

Pairs = Iterable[tuple[str, str]]


@dataclass
class CountingEngine:
    """An engine whose answers say the how manieth they are, unless they are ``fixed``."""

    asked: list[Query] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    fixed: bytes | None = None
    memory: int = 1_000_000
    error: Exception | None = None
    gate: asyncio.Event | None = None
    spool: Spool = field(default_factory=lambda: Spool(100_000_000))

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def answer(self, query: Query, caller: Caller = INTERNAL) -> Answer:
        self.asked.append(query)
        self.callers.append(caller)
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error
        answer = Answer(query.format, limit=100_000_000, memory=self.memory, spool=self.spool)
        rows = f'[{{"n":{{"type":"literal","value":"{len(self.asked)}"}}}}]'
        text = f'{{"head":{{"vars":["n"]}},"results":{{"bindings":{rows}}}}}'
        answer.append(text.encode() if self.fixed is None else self.fixed)
        return answer


@dataclass
class Exchange:
    """One request to an application: what it received, and what it sent."""

    scope: Scope
    body: bytes = b""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[Message] = field(default_factory=list)
    given: bool = False

    async def receive(self) -> Message:
        if not self.given:
            self.given = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def reply(self) -> Reply:
        """The response, which must be complete."""
        start, *parts = self.sent
        assert not parts[-1].get("more_body", False)
        headers = Headers()
        for name, value in start["headers"]:
            headers[name.decode()] = value.decode("latin-1")
        body = b"".join(part.get("body", b"") for part in parts)
        return Reply(start["status"], headers, body)


def exchange(
    path: str, headers: Pairs = (), *, method: str = "GET", body: bytes = b"", **scope: Any
) -> Exchange:
    """A request as a server would give it to an application."""
    target, _, query = path.partition("?")
    return Exchange(
        {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": target,
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
            "client": ("192.0.2.1", 1),
            "server": ("x", 80),
            "state": {},
            **scope,
        },
        body,
    )


async def ask(app: ASGIApp, path: str, headers: Pairs = (), **named: Any) -> Reply:
    """The response to one request."""
    asked = exchange(path, headers, **named)
    await app(asked.scope, asked.receive, asked.send)
    return asked.reply


@asynccontextmanager
async def application(
    folder: Path, engine: CountingEngine, **settings: object
) -> AsyncIterator[ASGIApp]:
    """The application for the small project, started."""
    values = replace(make_project(folder), workers=1, **settings)  # type: ignore[arg-type]
    async with started(create_app(values, build(values, lambda _: None), engine)) as app:
        yield app


@asynccontextmanager
async def started(app: ASGIApp) -> AsyncIterator[ASGIApp]:
    """An application while it runs."""
    state: dict[str, Any] = {}
    begun, over = asyncio.Event(), asyncio.Event()
    messages = iter([("lifespan.startup", None), ("lifespan.shutdown", over)])

    async def receive() -> Message:
        name, event = next(messages)
        if event:
            await event.wait()
        return {"type": name}

    async def send(message: Message) -> None:
        assert message["type"].endswith(".complete"), message
        begun.set()

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    task = asyncio.ensure_future(app({"type": "lifespan", "state": state}, receive, send))
    await begun.wait()
    try:
        yield with_state
    finally:
        over.set()
        await task
