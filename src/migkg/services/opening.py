"""The release to serve: the one there is, or a new one."""

from __future__ import annotations

from migkg.engine.meter import Progress
from migkg.engine.release import Release
from migkg.engine.work_folder import remove_abandoned
from migkg.services.inputs import release_of_these
from migkg.settings import Settings


def open_or_build(settings: Settings, progress: Progress) -> Release:
    """The current release if it was made from the files as they are, else a new one.

    Raises :class:`migkg.errors.InvalidData` if the files break a rule.
    """
    remove_abandoned(settings.releases)
    known = release_of_these(settings)
    if known is not None:
        return known
    from migkg.services.building import build  # slow to import, and seldom needed

    return build(settings, progress)
