"""The commands that make a release of any RDF files, and that compare releases and files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from migkg.cli.progress import progress_line
from migkg.cli.releases import reported
from migkg.engine.keeper import store_choice
from migkg.engine.rdf_io import absolute_iri
from migkg.errors import BadFile
from migkg.model.formats import DUMP_FORMATS, Format
from migkg.services.comparing import Difference, sorted_quads
from migkg.services.loading import Loaded, Wishes
from migkg.services.loading import load as load_files
from migkg.settings import Settings

_SHOWN = 5


def load(options: argparse.Namespace, settings: Settings) -> int:
    """Makes a release of any RDF files, and says how to serve it."""
    wishes = Wishes(
        graph=options.graph and absolute_iri(options.graph),
        base=options.base and absolute_iri(options.base),
        skip=options.skip_errors,
        shapes=options.shapes,
        dumps=_formats(options.formats),
        current=options.current,
    )
    with progress_line() as progress:
        loaded = reported(lambda: load_files(options.files, wishes, settings, progress))
    if loaded is None:
        return 1
    _tell(loaded, settings)
    return 0


def diff(options: argparse.Namespace, settings: Settings) -> int:
    """Shows what differs; exit status 1 if something does."""
    with progress_line() as progress, ExitStack() as stack:
        old, new = (
            stack.enter_context(sorted_quads(name, settings, progress))
            for name in (options.old, options.new)
        )
        difference = Difference(old, new, graphs=not options.triples)
        writers: dict[str, Callable[[], Iterator[str]]] = {
            "text": lambda: difference.as_text(summary=options.summary),
            "turtle": difference.as_turtle,
            "rdf-patch": difference.as_patch,
        }
        sys.stdout.writelines(writers[options.format]())
    return 0 if difference.is_empty else 1


def _tell(loaded: Loaded, settings: Settings) -> None:
    release, reading = loaded.release, loaded.reading
    if reading.skipped:
        shown = "".join(f"  {problem}\n" for problem in reading.problems[:_SHOWN])
        sys.stderr.write(f"{reading.skipped} lines were left out, such as:\n{shown}")
    if "rdf" in release.manifest.get("omitted", ()):
        sys.stderr.write("There is no dump in RDF/XML: it cannot name a property.\n")
    sys.stdout.write(
        f"Release {release.id}: {release.manifest['quads']} quads in "
        f"{len(release.manifest['graphs'])} graphs, {release.folder}\n"
        f"{store_choice(release, settings.memory_budget)}\n"
        f"Serve it with: migkg serve --release {release.id}\n"
    )


def _formats(text: str) -> Sequence[Format]:
    known = {item.name: item for item in DUMP_FORMATS}
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise BadFile(f"There is no dump in {name}; take {', '.join(known)}.")
    return [known[name] for name in names] or DUMP_FORMATS
