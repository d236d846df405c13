"""The command that brings a release to another engine."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack, closing

from migkg.cli.progress import progress_line
from migkg.engine.graph_digest import Likeness
from migkg.engine.http_client import Credentials, HttpClient
from migkg.engine.kept import open_named
from migkg.engine.rdf_server import Addresses, RdfServer, kind_of, named_kind
from migkg.engine.release import CURRENT
from migkg.errors import BadFile
from migkg.services.publishing import Outcome, Plan, Publisher, Wishes
from migkg.settings import Settings

_DEADLINE = 600.0  # seconds for one exchange: a server may take long over a piece
_HOW = {
    Likeness.SAME: "given back as sent",
    Likeness.SAME_VALUES: "with the same values, some written in another way",
    Likeness.ROUNDED: "with geometries in single precision",
}


def publish(options: argparse.Namespace, settings: Settings) -> int:
    """Loads a release into a server, verifies it, and puts it into service there."""
    if options.keep < 2:
        raise BadFile("--keep is 2 or more: services may still answer from the release before.")
    release = open_named(settings.releases, options.release or CURRENT)
    wishes = Wishes(
        keep=options.keep,
        grace=options.grace,
        counts_only=options.verify == "counts",
        accept_rounding=options.accept_rounding,
    )
    with ExitStack() as stack:
        progress = stack.enter_context(progress_line())
        client = stack.enter_context(
            closing(HttpClient(Credentials.from_environment(), deadline=_DEADLINE))
        )
        kind = named_kind(options.kind) if options.kind else kind_of(options.to, client)
        addresses = Addresses.of(options.to, kind, update=options.update, store=options.store)
        server = RdfServer(addresses, client)
        publisher = Publisher(release, server, settings.base_iri, wishes, progress)
        if options.dry_run:
            text = _planned(release.id, publisher.plan())
        else:
            text = _done(release.id, addresses, publisher.run())
    sys.stdout.write(text)
    return 0


def _planned(release_id: str, plan: Plan) -> str:
    lines = [f"The server has {plan.before.current or 'no release'} in service."]
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
        f"{said}.\n{removed}Serve it with: MIGKG_ENGINE_URL={addresses.query} migkg serve\n"
    )
