"""One endpoint that is asked questions, each within a time of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlencode

from migkg.engine.http_client import HttpClient, Reply, checked_url
from migkg.engine.remote.credentials import authorization
from migkg.errors import EngineUnavailable
from migkg.model import formats
from migkg.model.formats import Format
from migkg.settings import Settings

FORM = "application/x-www-form-urlencoded"
_LARGEST = 32 * 1024 * 1024
_SHOWN = 60

Pairs = Sequence[tuple[str, str]]


class Verdict(Enum):
    """The answer to a question."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Finding:
    """What was found out, and what was seen that says so."""

    verdict: Verdict
    seen: str = ""

    @classmethod
    def of(cls, holds: bool, seen: object = "") -> Finding:
        """Yes or no."""
        return cls(Verdict.YES if holds else Verdict.NO, _shown(seen))


def unclear(seen: object) -> Finding:
    """Neither."""
    return Finding(Verdict.UNCLEAR, _shown(seen))


def _shown(seen: object) -> str:
    """In one line, since a server may have sent anything."""
    text = " ".join(str(seen).split())[:_SHOWN]
    return text if text.isprintable() else ascii(text)[1:-1]


class Endpoint:
    """Where the questions go. No request changes anything, and none is sent twice."""

    def __init__(self, url: str, seconds: float, settings: Settings) -> None:
        self.url = checked_url(url)
        self.seconds = seconds
        self.settings = settings
        self._authorization = authorization(settings)

    def send(
        self,
        method: str = "GET",
        pairs: Pairs = (),
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """The reply to one request, on a connection of its own."""
        mark = "&" if "?" in self.url else "?"
        url = f"{self.url}{mark}{urlencode(pairs)}" if pairs else self.url
        client = HttpClient(
            deadline=self.seconds,
            authorization=self._authorization,
            ca_file=self.settings.engine_ca_file,
        )
        with closing(client):
            return client.send(method, url, body=body, headers=headers, limit=_LARGEST)

    def ask(self, text: str, wanted: Format = formats.JSON, dataset: Pairs = ()) -> Reply:
        """The reply to a query in a form; raises :class:`EngineUnavailable` for an error."""
        reply = self.send(
            "POST",
            body=urlencode([("query", text), *dataset]).encode(),
            headers={"Content-Type": FORM, "Accept": wanted.media_type},
        )
        if reply.status != 200:
            raise EngineUnavailable(f"status {reply.status}")
        return reply

    def rows(self, text: str, dataset: Pairs = ()) -> list[dict[str, dict[str, str]]]:
        """The rows of a SELECT."""
        try:
            content: Any = json.loads(self.ask(text, dataset=dataset).body)
            rows: list[dict[str, dict[str, str]]] = content["results"]["bindings"]
        except (ValueError, KeyError, TypeError):
            raise EngineUnavailable("not JSON results") from None
        return rows

    def value(self, expression: str) -> dict[str, str]:
        """A term as it comes back from an expression."""
        rows = self.rows(f"SELECT ({expression} AS ?v) WHERE {{}}")
        return rows[0].get("v", {}) if rows else {}

    def number(self, text: str, dataset: Pairs = ()) -> int:
        """The first value of the first row, a number."""
        rows = self.rows(text, dataset)
        return int(next(iter(rows[0].values()))["value"]) if rows and rows[0] else 0
