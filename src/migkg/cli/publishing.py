"""The command that brings a release to another engine."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack, closing
from functools import partial

from migkg.cli.progress import progress_line
from migkg.engine.graph_digest import Likeness
from migkg.engine.http_client import Credentials, HttpClient
from migkg.engine.kept import open_named
from migkg.engine.rdf_server import Addresses, RdfServer, kind_of, named_kind
from migkg.engine.release import CURRENT, Release
from migkg.engine.remote.address import SETTING
from migkg.engine.remote.roles import publishing
from migkg.errors import BadFile, MigkgError
from migkg.services.publishing import Outcome, Plan, Publisher, Wishes
from migkg.settings import Settings

_DEADLINE = 600.0  # seconds for one exchange: a server may take long over a piece
_HOW = {
    Likeness.SAME: "given back as sent",
    Likeness.SAME_VALUES: "with the same values, some written in another way",
    Likeness.ROUNDED: "with geometries in single precision",
}


def publish(options: argparse.Namespace, settings: Settings) -> int:
    """Loads a release into one server or several, one after the other, and puts it into service.

    What goes wrong at one of several is said, and the others get the release all the same.
    """
    if options.keep < 2:
        raise BadFile("--keep is 2 or more: services may still answer from the release before.")
    release = open_named(settings.releases, options.release or CURRENT)
    wishes = Wishes(
        keep=options.keep,
        grace=options.grace,
        counts_only=options.verify == "counts",
        accept_rounding=options.accept_rounding,
    )
    urls = [options.to] if options.to else _named(options, settings)
    bring = partial(_bring, options, settings, release, wishes)
    if len(urls) == 1:
        sys.stdout.write(bring(urls[0]))
        return 0
    failed = 0
    for url in urls:
        try:
            sys.stdout.write(bring(url))
        except MigkgError as error:
            failed = 1
            sys.stderr.write(f"migkg: {url} did not get release {release.id}: {error}\n")
    return failed


def _named(options: argparse.Namespace, settings: Settings) -> list[str]:
    """The servers that the settings name for it; raises :class:`BadFile` if there are none."""
    if options.update or options.store:
        raise BadFile("--update and --store belong to one server; name it with --to.")
    found = publishing(settings.engine_url) if settings.engine_url else ()
    if not found:
        raise BadFile(f"Name the server with --to, or in {SETTING} as publish=URL.")
    return [endpoint.url for endpoint in found]


def _bring(
    options: argparse.Namespace, settings: Settings, release: Release, wishes: Wishes, url: str
) -> str:
    """Brings the release to one server and says what was done, or would be."""
    with ExitStack() as stack:
        progress = stack.enter_context(progress_line())
        own = Credentials.from_environment()
        client = HttpClient(own, deadline=_DEADLINE, ca_file=settings.engine_ca_file)
        stack.enter_context(closing(client))
        kind = named_kind(options.kind) if options.kind else kind_of(url, client)
        addresses = Addresses.of(url, kind, update=options.update, store=options.store)
        server = RdfServer(addresses, client)
        publisher = Publisher(release, server, settings.base_iri, wishes, progress)
        if options.dry_run:
            return _planned(release.id, addresses, publisher.plan())
        text = _done(release.id, addresses, publisher.run())
        hint = f"Serve it with: MIGKG_ENGINE_URL={addresses.query} migkg serve\n"
        return text + hint if options.to else text


def _planned(release_id: str, addresses: Addresses, plan: Plan) -> str:
    lines = [f"{addresses.query} has {plan.before.current or 'no release'} in service."]
    if plan.is_complete:
        lines.append(f"Release {release_id} is there; it would be verified and put into service.")
    else:
        lines.append(f"Release {release_id}: {plan.triples} triples into {plan.graphs} graphs.")
    lines += [f"Release {name} was begun and never finished; it would go." for name in plan.cleaned]
    lines += [f"Release {name} is older than what is kept; it would go." for name in plan.removed]
    return "\n".join([*lines, "Nothing was changed.", ""])


def _done(release_id: str, addresses: Addresses, outcome: Outcome) -> str:
    verified = [(outcome.verified.get(way, []), how) for way, how in _HOW.items()]
    verified.append((outcome.counted, "verified by counts only"))
    said = ", ".join(f"{len(graphs)} graphs {how}" for graphs, how in verified if graphs)
    removed = "".join(f"Release {name} was removed.\n" for name in outcome.removed)
    return (
        f"Release {release_id} is in service at {addresses.query}: {outcome.sent} triples sent, "
        f"{said}.\n{removed}"
    )
