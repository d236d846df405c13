"""Citable answers: a query with its dataset and its release, under a short id.

The id is the beginning of the SHA-256 of the request in its canonical form, in base32; so the same
request has the same id. Each is one small file that never changes.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from migkg.errors import CitationsFull, CitationsOff, CitationsUnavailable
from migkg.settings import Settings

FOLDER = "citations"
_LENGTHS = (10, 16, 26, 52)  # characters; the longer ones for requests whose short ids are the same
_ID = re.compile(r"[a-z2-7]{10,52}")
_COMMENT = re.compile(r"\s*#+ *([^\n]+)")
_LONGEST_TITLE = 200


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked: the text of a query, the dataset that it is asked of, and the release."""

    query: str
    release: str
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None

    def canonical(self) -> bytes:
        """The request as bytes, the same for the same request."""
        content = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(
            content, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()

    @property
    def title(self) -> str:
        """The question in the comment that opens the query, if there is one."""
        found = _COMMENT.match(self.query)
        return found.group(1).strip()[:_LONGEST_TITLE] if found else "Answer to a SPARQL query"


@dataclass(frozen=True, kw_only=True)
class Citation:
    """A request that can be cited, and the digest of its answer when it was made.

    ``made`` is a time in ISO 8601; ``answer_format`` is the short name of the format of which
    ``sha256`` is the digest.
    """

    id: str
    request: Request
    made: str
    answer_format: str
    sha256: str

    def as_bytes(self) -> bytes:
        """The citation as its file."""
        return (json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Citation:
        """What :meth:`as_bytes` wrote; raises ValueError, KeyError or TypeError for another."""
        content: dict[str, Any] = json.loads(data)
        request = content.pop("request")
        for name in ("default_graphs", "named_graphs"):
            request[name] = None if request[name] is None else tuple(request[name])
        return cls(request=Request(**request), **content)


def folder_of(settings: Settings) -> Path:
    """Where citations are kept."""
    return settings.citations_folder or settings.releases / FOLDER


class Citations:
    """The citations of a service, bounded in number."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most

    def get(self, name: str) -> Citation | None:
        """The citation with this id, in whatever case it was typed."""
        name = name.lower()
        if not _ID.fullmatch(name):
            return None
        try:
            return Citation.from_bytes((self._folder / f"{name}.json").read_bytes())
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def check(self) -> None:
        """Raises :class:`CitationsOff` if none may be made."""
        if self._most <= 0:
            raise CitationsOff

    def find(self, request: Request) -> Citation | None:
        """The citation of this request, if it was made before."""
        for name in _names(request):
            found = self.get(name)
            if found is None or found.request == request:
                return found
        return None

    def add(self, request: Request, *, made: str, answer_format: str, sha256: str) -> Citation:
        """The citation of this request, made if need be.

        Raises :class:`CitationsFull` if there are too many, :class:`CitationsUnavailable` if the
        folder cannot be written.
        """
        self.check()
        try:
            with self._alone():
                if found := self.find(request):
                    return found
                if sum(1 for _ in self._files()) >= self._most:
                    raise CitationsFull(self._most)
                name = next(name for name in _names(request) if self.get(name) is None)
                citation = Citation(
                    id=name,
                    request=request,
                    made=made,
                    answer_format=answer_format,
                    sha256=sha256,
                )
                self._write(citation)
                return citation
        except OSError as error:
            raise CitationsUnavailable(error.strerror or str(error)) from error

    def releases(self) -> set[str]:
        """The ids of all releases that a citation pins."""
        found = (self.get(path.stem) for path in self._files())
        return {citation.request.release for citation in found if citation}

    def _files(self) -> Iterator[Path]:
        with suppress(FileNotFoundError):
            yield from (path for path in self._folder.iterdir() if path.suffix == ".json")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else adds a citation meanwhile."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, citation: Citation) -> None:
        draft = self._folder / f".{citation.id}"
        with draft.open("wb") as output:
            output.write(citation.as_bytes())
            output.flush()
            os.fsync(output.fileno())
        draft.replace(self._folder / f"{citation.id}.json")


def _names(request: Request) -> list[str]:
    digest = hashlib.sha256(request.canonical()).digest()
    text = base64.b32encode(digest).decode().lower().rstrip("=")
    return [text[:length] for length in _LENGTHS]
