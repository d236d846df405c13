"""The command that brings a release to another engine."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial

from migkg.cli.progress import progress_line
from migkg.cli.published_text import as_text
from migkg.engine import published
from migkg.engine.graph_digest import Likeness
from migkg.engine.http_client import HttpClient
from migkg.engine.kept import open_named
from migkg.engine.rdf_server import Addresses, RdfServer, kind_of, named_kind
from migkg.engine.release import CURRENT, Release
from migkg.engine.remote.address import SETTING
from migkg.engine.remote.credentials import of_publisher
from migkg.engine.remote.roles import publishing
from migkg.errors import BadFile, MigkgError
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
    """Loads a release into one server or several, verifies it, and puts it into service there."""
    if options.list:
        return _at_each(options, settings, partial(_listed, options, settings))
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
        return _at_each(options, settings, partial(_bring, options, settings, release, wishes))
    except KeyboardInterrupt:
        sys.stderr.write("migkg: Stopped. Run it again to go on; --list says what is in service.\n")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _at_each(
    options: argparse.Namespace, settings: Settings, work: Callable[[RdfServer], str]
) -> int:
    """Does some work at one server after the other, and writes what it says.

    What goes wrong at one of several is said, and the others are not kept from it.
    """
    urls = [options.to] if options.to else _named(options, settings)
    status = 0
    for url in urls:
        try:
            with _server(options, settings, url) as server:
                text = work(server)
        except MigkgError as error:
            if len(urls) == 1:
                raise
            status = 1
            sys.stderr.write(f"migkg: {url}: {error}\n")
        else:
            sys.stdout.write(text)
    return status


def _named(options: argparse.Namespace, settings: Settings) -> list[str]:
    """The servers that the settings name for it; raises :class:`BadFile` if there are none."""
    if options.update or options.store:
        raise BadFile("--update and --store belong to one server; name it with --to.")
    found = publishing(settings.engine_url) if settings.engine_url else ()
    if not found:
        raise BadFile(f"Name the server with --to, or in {SETTING} as publish=URL.")
    return [endpoint.url for endpoint in found]


def _listed(options: argparse.Namespace, settings: Settings, server: RdfServer) -> str:
    """What a server holds, below its address if it may be one of several."""
    heading = "" if options.to else f"{server.url}\n"
    return heading + as_text(published.read(server, settings.base_iri))


def _bring(
    options: argparse.Namespace,
    settings: Settings,
    release: Release,
    wishes: Wishes,
    server: RdfServer,
) -> str:
    """Brings the release to a server and says what was done, or would be."""
    with progress_line() as progress:
        publisher = Publisher(release, server, settings.base_iri, wishes, progress)
        if options.dry_run:
            return _planned(release.id, server.url, publisher.plan())
        text = _done(release.id, server.url, publisher.run())
    hint = f"Serve it with: MIGKG_ENGINE_URL={server.url} migkg serve\n"
    return text + hint if options.to else text


@contextmanager
def _server(options: argparse.Namespace, settings: Settings, url: str) -> Iterator[RdfServer]:
    own = of_publisher()
    with closing(HttpClient(own, deadline=_DEADLINE, ca_file=settings.engine_ca_file)) as client:
        kind = named_kind(options.kind) if options.kind else kind_of(url, client)
        addresses = Addresses.of(url, kind, update=options.update, store=options.store)
        yield RdfServer(addresses, client)


def _planned(release_id: str, url: str, plan: Plan) -> str:
    lines = [f"{url} has {plan.before.current or 'no release'} in service."]
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
        f"{said}.\n{removed}"
    )
