"""The ``serve`` command, which starts without importing what only a build needs."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable

from migkg.cli.progress import progress_line
from migkg.cli.releases import named_release, reported
from migkg.engine.published_agreement import Agreement, NotYet
from migkg.engine.release import Release, open_release
from migkg.errors import BadFile, NoRelease
from migkg.services.opening import open_or_build
from migkg.services.search.making import provide_index
from migkg.settings import Settings
from migkg.web import journal, processes, tracing
from migkg.web.unready import Unready

log = logging.getLogger(__name__)


def serve(options: argparse.Namespace, settings: Settings) -> int:
    """Serves a release: the one that another engine has in service, else a given one as it is,
    else the project's, made if its files changed."""
    journal.configure(settings)
    tracing.check(settings)
    with progress_line() as line, Unready(settings) as unready:
        progress = journal.teller(settings, line)
        record = _published(settings, progress, unready)
        release = reported(
            lambda: (
                _in_service(record, options, settings)
                if record
                else named_release(options, settings) or open_or_build(settings, progress)
            )
        )
        if release is None:
            return 1
        provide_index(release, settings, progress)
    say = journal.teller(settings, sys.stderr.write)
    processes.serve(settings, release, say, record, unready.sockets)
    return 0


def _published(
    settings: Settings, progress: Callable[[str], None], unready: Unready
) -> Agreement | None:
    """What another engine holds of our releases, if there is one and it holds any.

    Until it can be served, the service answers that it is not ready.
    """
    if not settings.engine_url:
        return None
    from migkg.engine.published_watch import wait_for_record
    from migkg.engine.remote import RemoteEngine

    RemoteEngine(settings)  # which no wait would mend, if it cannot be made
    said: tuple[NotYet, str] | None = None

    def wait(*why: *tuple[NotYet, str]) -> None:
        nonlocal said
        unready.answer(why[0])
        if why != said:
            log.warning("The service is not ready: %s", f"{why[0].value} {why[1]}".rstrip())
            said = why

    progress("what the endpoint holds")
    return wait_for_record(settings, wait)


def _in_service(record: Agreement, options: argparse.Namespace, settings: Settings) -> Release:
    """The release that an endpoint has in service, which must be here too."""
    if options.release:
        raise BadFile("--release is not for an endpoint that says itself which is current.")
    try:
        return open_release(settings.releases / str(record.current))
    except NoRelease as error:
        raise NoRelease(
            f"The endpoint has release {record.current} in service, but here: {error} "
            "Its dumps, its index and its pages are taken from there; copy its folder."
        ) from None
