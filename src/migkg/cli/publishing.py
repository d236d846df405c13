"""The command that brings a release to another engine."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from migkg.cli.progress import progress_line
from migkg.cli.published_text import as_text
from migkg.engine import published
from migkg.engine.graph_digest import Likeness
from migkg.engine.http_client import HttpClient
from migkg.engine.kept import open_named
from migkg.engine.rdf_server import Addresses, RdfServer, kind_of, named_kind
from migkg.engine.release import CURRENT
from migkg.engine.remote.credentials import of_publisher
from migkg.errors import BadFile
from migkg.services.publishing import Outcome, Plan, Publisher, Wishes
from migkg.settings import Settings

_LONGEST_GRACE = 3600.0
_DEADLINE = 600.0  # seconds for one exchange: a server may take long over a piece
_HOW = {
    Likeness.SAME: "given back as sent",
    Likeness.SAME_VALUES: "with the same values, some written in another way",
    Likeness.ROUNDED: "with geometries in single precision",
}


def publish(options: argparse.Namespace, settings: Settings) -> int:
    """Loads a release into a server, verifies it, and puts it into service there."""
    if options.list:
        return _list(options, settings)
    if options.keep < 2:
        raise BadFile("--keep is 2 or more: services may still answer from the release before.")
    if not 0 <= options.grace <= _LONGEST_GRACE:
        raise BadFile(f"--grace is from 0 to {_LONGEST_GRACE:g} seconds.")
    release = open_named(settings.releases, options.release or CURRENT)
    wishes = Wishes(
        keep=options.keep,
        grace=options.grace,
        counts_only=options.verify == "counts",
        accept_rounding=options.accept_rounding,
        memory=settings.memory_budget,
    )
    # Whoever stops it lets it take its claim back.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _server(options, settings) as server, progress_line() as progress:
            publisher = Publisher(release, server, settings.base_iri, wishes, progress)
            if options.dry_run:
                text = _planned(release.id, publisher.plan())
            else:
                text = _done(release.id, server.url, publisher.run())
    except KeyboardInterrupt:
        sys.stderr.write("migkg: Stopped. Run it again to go on; --list says what is in service.\n")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
    sys.stdout.write(text)
    return 0


def _list(options: argparse.Namespace, settings: Settings) -> int:
    """Says what the server holds, and changes nothing."""
    with _server(options, settings) as server:
        sys.stdout.write(as_text(published.read(server, settings.base_iri)))
    return 0


@contextmanager
def _server(options: argparse.Namespace, settings: Settings) -> Iterator[RdfServer]:
    own = of_publisher()
    with closing(HttpClient(own, deadline=_DEADLINE, ca_file=settings.engine_ca_file)) as client:
        kind = named_kind(options.kind) if options.kind else kind_of(options.to, client)
        addresses = Addresses.of(options.to, kind, update=options.update, store=options.store)
        yield RdfServer(addresses, client)


def _planned(release_id: str, plan: Plan) -> str:
    lines = [f"The server has {plan.before.current or 'no release'} in service."]
    if plan.is_complete:
        lines.append(f"Release {release_id} is there; it would be verified and put into service.")
    else:
        there = f"; {plan.there} are there already" if plan.there else ""
        lines.append(
            f"Release {release_id}: {plan.triples} triples into {plan.graphs} graphs{there}."
        )
    lines += [
        f"A run that brings release {run.release} is recorded; while it is alive, none would start."
        for run in plan.before.runs
    ]
    lines += [f"Release {name} was begun and never finished; it would go." for name in plan.cleaned]
    lines += [f"Release {name} is older than what is kept; it would go." for name in plan.removed]
    return "\n".join([*lines, "Nothing was changed.", ""])


def _done(release_id: str, url: str, outcome: Outcome) -> str:
    verified = [(outcome.verified.get(way, []), how) for way, how in _HOW.items()]
    verified.append((outcome.counted, "verified by counts only"))
    said = ", ".join(f"{len(graphs)} graphs {how}" for graphs, how in verified if graphs)
    removed = "".join(f"Release {name} was removed.\n" for name in outcome.removed)
    return (
        f"Release {release_id} is in service at {url}: {outcome.sent} triples sent, "
        f"{said}.\n{removed}Serve it with: MIGKG_ENGINE_URL={url} migkg serve\n"
    )
