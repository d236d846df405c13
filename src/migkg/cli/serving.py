"""The ``serve`` command, which starts without importing what only a build needs."""

from __future__ import annotations

import argparse
import logging
import sys

from migkg.cli.progress import progress_line
from migkg.cli.releases import named_release, reported
from migkg.services.opening import open_or_build
from migkg.services.search.making import provide_index
from migkg.settings import Settings
from migkg.web import fronts


def serve(options: argparse.Namespace, settings: Settings) -> int:
    """Serves a release: a given one as it is, else the project's, made if its files changed."""
    with progress_line() as progress:
        release = reported(
            lambda: named_release(options, settings) or open_or_build(settings, progress)
        )
        if release is None:
            return 1
        provide_index(release, settings, progress)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    fronts.serve(settings, release, sys.stderr.write)
    return 0
