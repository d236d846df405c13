"""The releases that are kept: when each was put into service, what it holds and what it changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migkg.engine import history, kept
from migkg.engine.history import Event
from migkg.engine.rdf_io import Literal, NamedNode, Triple
from migkg.engine.release import MANIFEST, Release
from migkg.services.catalogue import PREFIXES

_REPORT = "report.txt"


@dataclass(frozen=True)
class Entry:
    """One release that is kept."""

    release: Release
    event: Event
    is_current: bool

    @property
    def id(self) -> str:
        """The release id."""
        return self.release.id

    def report(self) -> str:
        """What was checked when it was built."""
        try:
            return (self.release.folder / _REPORT).read_text("utf-8")
        except OSError:
            return ""

    def content(self, url: str) -> dict[str, Any]:
        """The entry as JSON; ``url`` is where the service is."""
        manifest = self.release.manifest
        return {
            "id": self.id,
            "current": self.is_current,
            "made": self.event.made,
            "before": self.event.before,
            "triples": manifest["triples"],
            "quads": manifest["quads"],
            "graphs": manifest["graphs"],
            "added": dict(self.event.added),
            "removed": dict(self.event.removed),
            "sha256": manifest["sha256"],
            "report": self.report(),
            "url": f"{url}/releases/{self.id}",
            "dumps": f"{url}/dumps/?release={self.id}",
        }

    def triples(self, base_iri: str, url: str) -> Iterator[Triple]:
        """The entry in DCAT 3."""
        iri = NamedNode(f"{base_iri}release/{self.id}")
        dataset = NamedNode(f"{base_iri}dataset")
        for name, value in (
            ("rdf:type", _term("dcat:Dataset")),
            ("dcat:isVersionOf", dataset),
            ("dcat:version", Literal(self.id)),
            ("dcterms:issued", Literal(self.event.made, datatype=_term("xsd:dateTime"))),
            ("dcat:landingPage", NamedNode(f"{url}/releases/{self.id}")),
            ("void:triples", Literal(self.release.manifest["triples"])),
            ("rdfs:comment", Literal(self.summary(), language="en")),
        ):
            yield Triple(iri, _term(name), value)
        if self.event.before:
            before = NamedNode(f"{base_iri}release/{self.event.before}")
            yield Triple(iri, _term("dcat:previousVersion"), before)
        yield Triple(dataset, _term("dcat:hasVersion"), iri)
        if self.is_current:
            yield Triple(dataset, _term("dcat:hasCurrentVersion"), iri)

    def summary(self) -> str:
        """The changes by class, in one sentence."""
        if not self.event.before:
            return "The first release."
        parts = [
            f"{what} {', '.join(f'{number} of {_short(name)}' for name, number in counts.items())}"
            for what, counts in (("added", self.event.added), ("removed", self.event.removed))
            if counts
        ]
        return f"Triples by class of their subject: {'; '.join(parts) or 'no change'}."


def entries(releases: Path, current: str | None) -> list[Entry]:
    """Every release that is kept, the newest first; ``current`` is the id of the one in service."""
    events = {event.id: event for event in history.read(releases)}
    return [
        Entry(release, events.get(name) or history.event_of(release), name == current)
        for name in kept.identifiers(releases)
        if (release := _manifest(releases / name))
    ]


def _manifest(folder: Path) -> Release | None:
    """A release that is only listed, so that its files are not held against its manifest."""
    try:
        return Release(folder, json.loads((folder / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError):
        return None


def _term(name: str) -> NamedNode:
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local)


def _short(iri: str) -> str:
    return iri.rpartition("#")[2].rpartition("/")[2] or "no class"
