"""What differs between two releases, counted by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from migkg.engine.release import Release

_TYPE = b" <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "


@dataclass(frozen=True)
class Changes:
    """Triples that were added and removed, by the class of their subject; "" is of no class.

    One whose subject has several classes counts under each of them. A triple that moved from one
    graph to another counts as both.
    """

    added: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)


def between(old: Release, new: Release) -> Changes:
    """The changes that lead from one release to the other.

    Both files are canonical, their lines in order, so that one pass over each tells.
    """
    added: Counter[bytes] = Counter()
    removed: Counter[bytes] = Counter()
    with old.store.open("rb") as before, new.store.open("rb") as after:
        for is_new, line in _differences(iter(before), iter(after)):
            (added if is_new else removed)[line.partition(b" ")[0]] += 1
    return Changes(_by_class(added, new.store), _by_class(removed, old.store))


def _differences(before: Iterator[bytes], after: Iterator[bytes]) -> Iterator[tuple[bool, bytes]]:
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        if old == new:
            old, new = next(before, None), next(after, None)
        elif new is None or (old is not None and old < new):
            yield False, old or b""
            old = next(before, None)
        else:
            yield True, new
            new = next(after, None)


def _by_class(subjects: Counter[bytes], store: Path) -> dict[str, int]:
    if not subjects:
        return {}
    counted: Counter[str] = Counter()
    typed: set[bytes] = set()
    with store.open("rb") as lines:
        for subject, name in dict.fromkeys(_types(lines)):
            if subject in subjects:
                typed.add(subject)
                counted[name.decode()] += subjects[subject]
    counted[""] = sum(number for subject, number in subjects.items() if subject not in typed)
    return {name: number for name, number in sorted(counted.items()) if number}


def _types(lines: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Subject and class IRI of every ``rdf:type``."""
    for line in lines:
        subject, found, rest = line.partition(_TYPE)
        if found and b" " not in subject and rest.startswith(b"<"):
            yield subject, rest[1 : rest.index(b">")]
