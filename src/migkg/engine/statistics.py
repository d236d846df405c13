"""What a release holds, counted: how often each class and property is used, and links outwards.

The words are those of VoID, https://www.w3.org/TR/void/#statistics and #linkset.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from migkg.engine import rdf_io
from migkg.engine.release import Release

FILE = "statistics.json"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE = _RDF + "type"
# Beyond that a service does not count what the build of the release has not counted.
_LARGEST = 2_000_000


@dataclass(frozen=True)
class PropertyUse:
    """How often a property is used: in how many triples, and of how many subjects."""

    triples: int
    subjects: int


@dataclass(frozen=True)
class Link:
    """What leads from things of ours by one property to another place of the web."""

    predicate: str
    target: str
    triples: int


@dataclass(frozen=True)
class Statistics:
    """The counts of one release, over the union of its graphs.

    ``uses`` says, by class and property, of how many things of the class the property is used.
    """

    subjects: int = 0
    entities: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    properties: dict[str, PropertyUse] = field(default_factory=dict)
    uses: dict[str, dict[str, int]] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()

    def as_bytes(self) -> bytes:
        """The counts as a file of the release; the same counts give the same bytes."""
        content = {
            "subjects": self.subjects,
            "entities": self.entities,
            "classes": self.classes,
            "properties": {iri: [u.triples, u.subjects] for iri, u in self.properties.items()},
            "uses": self.uses,
            "examples": self.examples,
            "links": [[link.predicate, link.target, link.triples] for link in self.links],
        }
        return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Statistics:
        """What :meth:`as_bytes` wrote."""
        content: dict[str, Any] = json.loads(data)
        return cls(
            subjects=content["subjects"],
            entities=content["entities"],
            classes=content["classes"],
            properties={iri: PropertyUse(*use) for iri, use in content["properties"].items()},
            uses=content.get("uses", {}),  # which older releases have not counted
            examples=content["examples"],
            links=tuple(Link(*link) for link in content["links"]),
        )


def of_release(release: Release, base_iri: str) -> Statistics:
    """The counts that the build wrote, else made now; none for a large release without them."""
    if FILE in release.manifest["files"]:
        return Statistics.from_bytes((release.folder / FILE).read_bytes())
    if release.manifest["quads"] > _LARGEST:
        return Statistics()
    # The lines are in order: those of a subject follow each other, and so do equal triples.
    triples = (triple for triple, _ in groupby(q.triple for q in rdf_io.read_quads(release.store)))
    return _count(triples, base_iri)


def count(quads: Iterable[rdf_io.Quad], base_iri: str) -> Statistics:
    """The counts of these quads; ``base_iri`` is what the identifiers of our own start with."""
    return _count(sorted({quad.triple for quad in quads}, key=lambda t: str(t.subject)), base_iri)


def _count(triples: Iterable[rdf_io.Triple], base_iri: str) -> Statistics:
    counter = _Counter(base_iri)
    for subject, own in groupby(triples, key=lambda triple: triple.subject):
        counter.add(subject, own)
    return counter.result()


class _Counter:
    """Counts subject by subject."""

    def __init__(self, base_iri: str) -> None:
        self._base = base_iri
        self._subjects = 0
        self._entities = 0
        self._classes: Counter[str] = Counter()
        self._triples: Counter[str] = Counter()
        self._of_subjects: Counter[str] = Counter()
        self._uses: dict[str, Counter[str]] = {}
        self._links: Counter[tuple[str, str]] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, subject: object, triples: Iterator[rdf_io.Triple]) -> None:
        """Counts all triples of one subject."""
        own = list(triples)
        iri = subject.value if isinstance(subject, rdf_io.NamedNode) else ""
        used = Counter(triple.predicate.value for triple in own)
        classes = [
            t.object.value
            for t in own
            if t.predicate.value == _TYPE and isinstance(t.object, rdf_io.NamedNode)
        ]
        self._subjects += 1
        self._entities += _TYPE in used
        self._triples.update(used)
        self._of_subjects.update(used.keys())
        self._classes.update(classes)
        for name in classes:
            self._uses.setdefault(name, Counter()).update(used.keys())
        if iri.startswith(self._base + "id/"):
            self._links.update(filter(None, map(self._link, own)))
            if "#" not in iri:
                for name in classes:
                    self._examples[name] = min(iri, self._examples.get(name, iri))

    def _link(self, triple: rdf_io.Triple) -> tuple[str, str] | None:
        """Where a triple leads, if outwards; RDF's own properties name things and link none."""
        if not isinstance(triple.object, rdf_io.NamedNode) or triple.predicate.value.startswith(
            _RDF
        ):
            return None
        target = urlsplit(triple.object.value)
        if triple.object.value.startswith(self._base) or not target.netloc:
            return None
        return triple.predicate.value, f"{target.scheme}://{target.netloc}/"

    def result(self) -> Statistics:
        """All that was counted, in a fixed order."""
        return Statistics(
            subjects=self._subjects,
            entities=self._entities,
            classes=dict(sorted(self._classes.items())),
            properties={
                iri: PropertyUse(number, self._of_subjects[iri])
                for iri, number in sorted(self._triples.items())
            },
            uses={name: dict(sorted(own.items())) for name, own in sorted(self._uses.items())},
            examples=dict(sorted(self._examples.items())),
            links=tuple(
                Link(predicate, target, number)
                for (predicate, target), number in sorted(self._links.items())
            ),
        )
