"""Which release is in service: a new one is recorded with what it changed, and old ones go."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from migkg.engine import changes, history, kept
from migkg.engine import release as releases
from migkg.engine.release import Release
from migkg.errors import NoRelease
from migkg.services.citations import Citations, folder_of
from migkg.settings import Settings


def put_into_service(release: Release, settings: Settings) -> None:
    """Makes a release the current one, records what it changed, and prunes older ones."""
    folder = settings.releases
    before = kept.current_id(folder)
    event = history.Event(release.id, history.now(), None if before == release.id else before)
    if before and before != release.id:
        with suppress(NoRelease):
            found = changes.between(releases.open_release(folder / before), release)
            event = replace(event, added=found.added, removed=found.removed)
    releases.make_current(release, folder)
    if before != release.id or not history.read(folder):
        history.record(folder, event)
    kept.prune(folder, settings.keep_releases, pinned(settings))


def pinned(settings: Settings) -> set[str]:
    """The releases that a citation needs."""
    return Citations(folder_of(settings), settings.citations).releases()
