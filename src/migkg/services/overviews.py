"""Overviews that a project's queries for pages make: a map, a timeline, and an outline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from migkg.services.world_map import Position, read_point

MAP, TIMELINE = "map", "timeline"
_YEAR = 4  # figures


@dataclass
class Event:
    """Something that happens at a time or in a place; planned, or held."""

    iri: str
    label: str
    date: str = ""
    place: str = ""
    planned: bool = False


@dataclass
class Place:
    """A thing on the map, and what happens there."""

    iri: str
    label: str
    position: Position
    events: list[Event] = field(default_factory=list)


@dataclass
class Item:
    """A line of an outline: what is linked to it by kind, and the lines below it."""

    iri: str
    code: str
    label: str
    links: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    below: list[Item] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How much is linked to it and to all below it."""
        return sum(map(len, self.links.values())) + sum(item.total for item in self.below)

    def iris(self) -> Iterator[str]:
        """Everything that is named in it and below it."""
        yield self.iri
        for links in self.links.values():
            yield from (iri for iri, _ in links)
        for item in self.below:
            yield from item.iris()


def places(rows: Iterable[Mapping[str, str]]) -> list[Place]:
    """What can be put on the map; what has no point is left out."""
    found: dict[str, Place] = {}
    for row in rows:
        iri, position = row["thing"], read_point(row.get("wkt", ""))
        if position is None:
            continue
        place = found.setdefault(iri, Place(iri, row.get("label", iri), position))
        if "event" in row:
            place.events.append(
                Event(
                    row["event"],
                    row.get("eventLabel", row["event"]),
                    planned=row.get("planned") == "true",
                )
            )
    return list(found.values())


def timeline(rows: Iterable[Mapping[str, str]]) -> dict[str, list[Event]]:
    """Events by year, each once, in the order of the rows."""
    years: dict[str, dict[str, Event]] = {}
    for row in rows:
        event = Event(
            row["thing"],
            row.get("label", row["thing"]),
            row.get("date", ""),
            row.get("place", ""),
            row.get("planned") == "true",
        )
        years.setdefault(event.date[:_YEAR], {}).setdefault(event.iri, event)
    return {year: list(events.values()) for year, events in years.items()}


def outline(rows: Iterable[Mapping[str, str]]) -> list[Item]:
    """The topmost items, with all others below them, in the order of the rows."""
    found: dict[str, Item] = {}
    parents: dict[str, str] = {}
    for row in rows:
        iri = row["thing"]
        item = found.setdefault(iri, Item(iri, row.get("code", ""), row.get("label", iri)))
        parents.setdefault(iri, row.get("parent", ""))
        if "linked" in row:
            links = item.links.setdefault(row.get("kindLabel", ""), [])
            link = (row["linked"], row.get("linkedLabel", row["linked"]))
            if link not in links:
                links.append(link)
    top: list[Item] = []
    for iri, item in found.items():
        parent = found.get(parents[iri])
        (top if parent is None or parent is item else parent.below).append(item)
    return top
