"""Statements that differ, side by side, from the rows of a project's queries for pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

QUERY = "disagreements"
QUERY_OF_THING = "disagreements_of"
_NEEDED = frozenset(("disagreement", "side"))


@dataclass
class Side:
    """What one statement says, where, how, and in which words."""

    iri: str
    text: str
    document: str
    document_label: str
    modality: str
    phrases: list[str] = field(default_factory=list)


@dataclass
class Disagreement:
    """Statements that do not go together, and what they differ in."""

    iri: str
    label: str
    kind: str
    explanation: str
    sides: list[Side] = field(default_factory=list)


def read(rows: Iterable[Mapping[str, str]]) -> list[Disagreement]:
    """The disagreements of the rows, in their order; a row is one phrase of one side."""
    found: dict[str, Disagreement] = {}
    sides: dict[tuple[str, str], Side] = {}
    for row in rows:
        if not row.keys() >= _NEEDED:
            continue
        iri = row["disagreement"]
        if iri not in found:
            found[iri] = Disagreement(
                iri, row.get("label", iri), row.get("kind", ""), row.get("explanation", "")
            )
        if (iri, row["side"]) not in sides:
            sides[iri, row["side"]] = _side(row)
            found[iri].sides.append(sides[iri, row["side"]])
        phrases = sides[iri, row["side"]].phrases
        if row.get("phrase", "") not in ("", *phrases):
            phrases.append(row["phrase"])
    return list(found.values())


def by_kind(listed: Iterable[Disagreement]) -> dict[str, list[Disagreement]]:
    """The disagreements by their kind, the most frequent kind first."""
    kinds: dict[str, list[Disagreement]] = {}
    for item in listed:
        kinds.setdefault(item.kind, []).append(item)
    return dict(sorted(kinds.items(), key=lambda pair: (-len(pair[1]), pair[0])))


def _side(row: Mapping[str, str]) -> Side:
    fact = f"{row.get('about', '')}, {row.get('property', '')}: {row.get('value', '')}".strip(",: ")
    return Side(
        row["side"],
        row.get("says") or fact or row["side"],
        row.get("document", ""),
        row.get("documentLabel", ""),
        row.get("modality", ""),
    )
