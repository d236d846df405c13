"""When each release was put into service, and what it changed: one file beside the releases.

A release itself is the same on every machine and says nothing of time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from migkg.engine.release import MANIFEST, Release
from migkg.engine.work_folder import work_folder

FILE = "history.json"
_LONGEST = 1000  # entries; the oldest go first


@dataclass(frozen=True)
class Event:
    """A release was put into service in place of another.

    ``made`` is the time in ISO 8601, UTC. ``added`` and ``removed`` count the triples that differ
    from the release before by the class of their subject, under "" those of no class; both are
    empty for the first release.
    """

    id: str
    made: str
    before: str | None = None
    added: Mapping[str, int] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)


def read(releases: Path) -> list[Event]:
    """Every event that is recorded, the newest last; none where the record cannot be read."""
    try:
        return [_event(item) for item in json.loads((releases / FILE).read_text("utf-8"))]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def _event(item: Any) -> Event:  # noqa: ANN401 - JSON
    return Event(item["id"], item["made"], item["before"], item["added"], item["removed"])


def record(releases: Path, event: Event) -> None:
    """Adds an event, in one step."""
    events = [asdict(item) for item in (*read(releases), event)][-_LONGEST:]
    with work_folder(releases) as work:
        draft = work.path / FILE
        draft.write_text(json.dumps(events, indent=1, ensure_ascii=False) + "\n", "utf-8")
        draft.replace(releases / FILE)


def event_of(release: Release) -> Event:
    """The newest event of a release; where none is recorded, the time of its files."""
    known = [event for event in read(release.folder.parent) if event.id == release.id]
    return known[-1] if known else Event(release.id, _time_of(release))


def now() -> str:
    """This moment in ISO 8601, UTC, to the second."""
    return _iso(datetime.now(UTC))


def _time_of(release: Release) -> str:
    return _iso(datetime.fromtimestamp((release.folder / MANIFEST).stat().st_mtime, UTC))


def _iso(time: datetime) -> str:
    return time.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
