"""The names that the graphs of one release have in an engine that holds several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What leads from a graph of the engine to the name that it stands for.
# https://www.w3.org/TR/sparql11-service-description/#sd-name
NAMES = "http://www.w3.org/ns/sparql-service-description#name"


@dataclass(frozen=True)
class GraphNames:
    """``whole`` is the graph with all triples, ``names`` the one that says what stands for what.

    ``graphs`` are the names in the engine by our own.
    """

    whole: str
    names: str
    graphs: Mapping[str, str]

    @property
    def none(self) -> str:
        """A name that no graph has."""
        return f"{self.names}/none"

    def all(self) -> list[str]:
        """Every graph that the release has in the engine."""
        return list(dict.fromkeys((*self.graphs.values(), self.whole, self.names)))
