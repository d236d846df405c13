"""The releases that are kept beside the current one: found by their ids, held, and pruned.

Whoever serves a release holds a shared lock on its manifest; what is held is not pruned, by any
process on the same machine.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from migkg.engine import history
from migkg.engine.release import CURRENT, MANIFEST, Release, open_current, open_release
from migkg.engine.work_folder import work_folder
from migkg.errors import AmbiguousRelease, NoRelease, UnknownRelease

_ID = re.compile(r"[0-9a-f]{16}")


def identifiers(releases: Path) -> list[str]:
    """The ids of all releases in the folder, the one that was put into service last first."""
    with suppress(OSError):
        found = {
            path.name
            for path in releases.iterdir()
            if _ID.fullmatch(path.name) and (path / MANIFEST).is_file()
        }
        order = {event.id: number for number, event in enumerate(history.read(releases))}
        return sorted(found, key=lambda name: (-order.get(name, -1), name))
    return []


def current_id(releases: Path) -> str | None:
    """The id that ``current`` names, without a look at the release itself."""
    try:
        return (releases / CURRENT).readlink().name
    except OSError:
        return None


def find(releases: Path, text: str) -> str:
    """The id that ``text`` is, or is the beginning of.

    Raises :class:`UnknownRelease` for none and :class:`AmbiguousRelease` for several.
    """
    known = identifiers(releases)
    found = [name for name in known if name.startswith(text)] if text else []
    if not found:
        raise UnknownRelease(known)
    if len(found) > 1:
        raise AmbiguousRelease(found)
    return found[0]


def open_named(releases: Path, text: str) -> Release:
    """The release that ``text`` is the id of, or its beginning, or ``current``.

    Raises :class:`NoRelease`, which names those that there are.
    """
    if text == CURRENT:
        return open_current(releases)
    try:
        return open_release(releases / find(releases, text))
    except (UnknownRelease, AmbiguousRelease) as error:
        listed = ", ".join(error.available) or "none"
        raise NoRelease(f"{text} does not name one release in {releases}: {listed}.") from None


class Hold:
    """Keeps a release from being pruned until it is let go, or this process ends."""

    def __init__(self, release: Release) -> None:
        path = release.folder / MANIFEST
        self._descriptor = -1
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            with suppress(OSError):  # a file system without locks; then nobody else has one either
                fcntl.flock(self._descriptor, fcntl.LOCK_SH)
            path.stat()  # it may have been pruned while this waited
        except OSError:
            self.let_go()
            raise NoRelease(f"{release.folder} is there no more.") from None

    def let_go(self) -> None:
        """Gives it up."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def is_held(release: Release) -> bool:
    """True if somebody serves it."""
    with (release.folder / MANIFEST).open("rb") as manifest:
        try:
            fcntl.flock(manifest, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks
            return False
    return False


def prune(releases: Path, keep: int, pinned: Collection[str]) -> list[str]:
    """Removes all but the newest ``keep`` releases that were put into service, and says which.

    The current one stays, so does what is ``pinned``, what somebody serves, and what was only
    loaded.
    """
    safe = {current_id(releases), *pinned}
    served = {event.id for event in history.read(releases)}
    known = [name for name in identifiers(releases) if name in served]
    old = [name for name in known[keep:] if name not in safe]
    return [name for name in old if _remove(releases, name)]


def _remove(releases: Path, name: str) -> bool:
    try:
        descriptor = os.open(releases / name / MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        with work_folder(releases) as grave:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (releases / name).rename(grave.path / name)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
