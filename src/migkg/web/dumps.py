"""``/dumps``: the files of the release, complete, verifiable and resumable.

Sources: RFC 9110 sections 13.1.5 (If-Range) and 14 (Range),
https://www.rfc-editor.org/rfc/rfc9110#section-14.
"""

from __future__ import annotations

import re
from asyncio import Semaphore
from collections.abc import Iterable, Iterator
from email.utils import formatdate
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from migkg.errors import EngineBusy
from migkg.model import formats
from migkg.services.catalogue import OTHERS, PACKINGS
from migkg.web import pages
from migkg.web.headers import Ready
from migkg.web.problems import HttpProblem
from migkg.web.representation import link
from migkg.web.state import State, state_of
from migkg.web.validators import not_modified, unless_current, validated

_RETRY_AFTER = 30
_SUMS = "SHA256SUMS"
_DATASET = "https://schema.org/Dataset"
_TYPES = {item.extension: item.content_type for item in formats.GRAPH_FORMATS}
_PART = re.compile(r"\s*(\d{0,18})-(\d{0,18})\s*")


async def index(request: Request) -> Response:
    """The index of the dumps."""
    state = state_of(request)
    files = {
        name.removeprefix("dumps/"): record
        for name, record in sorted(state.release.manifest["files"].items())
        if name.startswith("dumps/")
    }
    response = pages.render(
        state,
        "dumps.html",
        files=files,
        graphs=state.release.manifest["graphs"],
        classes=_classes(state),
    )
    response.headers["Link"] = ", ".join(_item_links(state, files))
    return validated(request, response)


def _item_links(state: State, names: Iterable[str]) -> Iterator[str]:
    """The links from the index to the licence, the catalogue and each dump
    (https://signposting.org/FAIR/)."""
    url = state.settings.public_url
    if state.schema.licence:
        yield link(state.schema.licence, "license")
    yield link(_DATASET, "type")
    yield link(f"{url}/catalog", "describedby", type=formats.TURTLE.media_type)
    for name in names:
        if name != _SUMS:
            yield link(f"{url}/dumps/{name}", "item", type=_media_type(name).partition(";")[0])


def _classes(state: State) -> dict[str, int]:
    """Our own classes by name, with the number of their things."""
    start = str(state.vocabulary.namespace)
    return {
        iri.removeprefix(start): number
        for iri, number in state.catalogue.statistics.classes.items()
        if iri in state.schema.classes
    }


async def dump(request: Request) -> Response:
    """One dump, or the file of checksums."""
    state = state_of(request)
    name = request.path_params["name"]
    record = state.release.manifest["files"].get(f"dumps/{name}")
    if record is None:
        raise HttpProblem(
            404, "not-found", f"There is no dump {name}.", advice="/dumps/ lists all."
        )
    etag = f'"{record["sha256"]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "no-cache",
        "Link": link(f"{state.settings.public_url}/dumps/", "collection", type="text/html"),
    }
    current = unless_current(request, Response(headers=headers))
    if current.status_code == 304:
        return current
    path = state.release.dumps / name
    if _is_of_then(request, path):
        return Ready(304, not_modified(current.raw_headers), b"")
    return _Download(
        state.downloads,
        path,
        media_type=_media_type(name),
        headers=headers,
        wanted=_wanted(request, etag, record["bytes"]),
    )


def _is_of_then(request: Request, path: Path) -> bool:
    """True if the file is still that of ``If-Modified-Since`` (RFC 9110, section 13.1.3).

    The times must be the same: a release may be put into service again, which is older.
    """
    given = request.headers.get("if-modified-since")
    if given is None or "if-none-match" in request.headers:
        return False
    return given == formatdate(path.stat().st_mtime, usegmt=True)


def _wanted(request: Request, etag: str, size: int) -> str:
    """The parts of a file of ``size`` bytes that are wanted, as ``Range`` names them; or nothing.

    A part is only sent to a GET (section 14.2) whose ``If-Range`` is this file (section 13.1.5).
    What cannot be understood is ignored. Raises :class:`HttpProblem` if all begin behind the end.
    """
    unit, _, listed = request.headers.get("range", "").partition("=")
    if request.method != "GET" or request.headers.get("if-range", etag) != etag:
        return ""
    found = [_PART.fullmatch(part) for part in listed.split(",")]
    parts = [part for part in found if part and _is_part(part)]
    if unit.strip().lower() != "bytes" or len(parts) < len(found):
        return ""
    within = [part[0].strip() for part in parts if not _is_behind(part, size)]
    if not within:
        raise HttpProblem(
            416,
            "range-not-satisfiable",
            f"The file has {size} bytes.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return f"bytes={','.join(within)}"


def _is_part(part: re.Match[str]) -> bool:
    first, last = part.groups()
    return bool(first or last) and not (first and last and int(first) > int(last))


def _is_behind(part: re.Match[str], size: int) -> bool:
    first, last = part.groups()
    return int(first) >= size if first else int(last) == 0


class _Download(FileResponse):
    """A file that takes one of the places for downloads while it is sent."""

    def __init__(
        self,
        places: Semaphore,
        path: Path,
        *,
        media_type: str,
        headers: dict[str, str],
        wanted: str,
    ) -> None:
        if places.locked():
            raise EngineBusy(_RETRY_AFTER, "Too many dumps are being sent.")
        super().__init__(path, media_type=media_type, headers=headers)
        self._places = places
        self._wanted = wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the file, or the parts that are wanted."""
        headers = [item for item in scope["headers"] if item[0] != b"range"]
        if self._wanted:
            headers.append((b"range", self._wanted.encode("latin-1")))
        scope = {**scope, "headers": headers}
        async with self._places:
            await super().__call__(scope, receive, send)


def _media_type(name: str) -> str:
    ending = Path(name).suffix
    return (
        PACKINGS.get(ending)
        or OTHERS.get(ending)
        or _TYPES.get(ending[1:], "text/plain; charset=utf-8")
    )
