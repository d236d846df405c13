"""What a release holds, counted: how often each class and property is used, and links outwards.

The words are those of VoID, https://www.w3.org/TR/void/#statistics and #linkset.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from migkg.engine.release import Release

FILE = "statistics.json"
_RDF = b"<http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE = _RDF + b"type>"
# Beyond that a service does not count what was not counted when the release was made.
_LARGEST = 2_000_000
_MOST_NAMES = 100_000


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

    ``uses`` says, by class and property, how many things of the class have the property; it is
    empty where there are too many such pairs, and in a release made before they were counted.
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
            uses=content.get("uses", {}),
            examples=content["examples"],
            links=tuple(Link(*link) for link in content["links"]),
        )


def of_release(release: Release, base_iri: str) -> Statistics:
    """The counts that were written with the release, else made now; none if it is large."""
    if FILE in release.manifest["files"]:
        return Statistics.from_bytes((release.folder / FILE).read_bytes())
    if release.manifest["quads"] > _LARGEST:
        return Statistics()
    return count(release.store, base_iri)


def count(quads: Path, base_iri: str) -> Statistics:
    """The counts of a file of canonical N-Quads; none if it uses a great many names.

    ``base_iri`` is what the identifiers of our own start with.
    """
    counter = _Counter(base_iri)
    with quads.open("rb") as lines:
        counter.read(lines)
    return counter.result()


class _Counter:
    """Counts what lines say; terms are as N-Quads have them."""

    def __init__(self, base_iri: str) -> None:
        self._base = base_iri
        self._own = f"<{base_iri}id/".encode()
        self._subjects = 0
        self._classes: Counter[bytes] = Counter()
        self._triples: Counter[bytes] = Counter()
        self._of_subjects: Counter[bytes] = Counter()
        self._uses: Counter[tuple[bytes, bytes]] = Counter()
        self._links: Counter[tuple[bytes, str]] = Counter()
        self._examples: dict[bytes, str] = {}

    def read(self, lines: Iterable[bytes]) -> None:
        """Counts sorted lines, all in named graphs: those that say the same follow each other."""
        last = subject = predicate = b""
        own = False
        used: list[bytes] = []  # the properties of the subject
        kinds: list[bytes] = []  # its classes
        for line in lines:
            triple = line.rsplit(b" ", 2)[0]
            if triple == last:
                continue
            last = triple
            start, name, value = triple.split(b" ", 2)
            if start != subject:
                self._count_uses(kinds, used)
                subject, predicate, used, kinds = start, b"", [], []
                own = start.startswith(self._own)
                self._subjects += 1
                if self._names > _MOST_NAMES:
                    return
            if name != predicate:
                predicate = name
                self._of_subjects[name] += 1
                used.append(name)
            self._triples[name] += 1
            if (own or name == _TYPE) and value.startswith(b"<"):
                self._count_link(subject, name, value, own=own)
                if name == _TYPE:
                    kinds.append(value)
        self._count_uses(kinds, used)

    def _count_uses(self, kinds: Iterable[bytes], used: Iterable[bytes]) -> None:
        if len(self._uses) <= _MOST_NAMES:
            self._uses.update(product(kinds, used))

    @property
    def _names(self) -> int:
        return len(self._triples) + len(self._classes) + len(self._links)

    def _count_link(self, subject: bytes, predicate: bytes, value: bytes, *, own: bool) -> None:
        """Counts a class, or where a thing of ours leads, if outwards."""
        if predicate == _TYPE:
            self._classes[value] += 1
            if own and b"#" not in subject:
                iri = _iri(subject)
                self._examples[value] = min(iri, self._examples.get(value, iri))
        elif not predicate.startswith(_RDF):  # these name things and link none
            target = _place(value)
            if target and not _iri(value).startswith(self._base):
                self._links[predicate, target] += 1

    def result(self) -> Statistics:
        """All that was counted, in a fixed order; nothing if there are too many names."""
        if self._names > _MOST_NAMES:
            return Statistics()
        return Statistics(
            subjects=self._subjects,
            entities=self._of_subjects[_TYPE],
            classes={_iri(name): number for name, number in sorted(self._classes.items())},
            properties={
                _iri(name): PropertyUse(number, self._of_subjects[name])
                for name, number in sorted(self._triples.items())
            },
            uses=self._used(),
            examples={_iri(name): iri for name, iri in sorted(self._examples.items())},
            links=tuple(
                Link(_iri(predicate), target, number)
                for (predicate, target), number in sorted(self._links.items())
            ),
        )

    def _used(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        if len(self._uses) <= _MOST_NAMES:
            for (kind, name), number in sorted(self._uses.items()):
                found.setdefault(_iri(kind), {})[_iri(name)] = number
        return found


def _iri(term: bytes) -> str:
    return term[1:-1].decode()


@lru_cache(maxsize=4096)
def _place(term: bytes) -> str:
    """The scheme and the host of an IRI; empty for one without a host."""
    parts = urlsplit(_iri(term))
    return f"{parts.scheme}://{parts.netloc}/" if parts.netloc else ""
