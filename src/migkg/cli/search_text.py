"""Search on the command line."""

from __future__ import annotations

import dataclasses
import json
from typing import TextIO

from migkg.engine.release import open_current
from migkg.model.namespaces import Vocabulary
from migkg.resources import find_project
from migkg.services import page_queries
from migkg.services.search.asking import Question, Results, Search
from migkg.services.search.making import ensure_index
from migkg.settings import Settings

MOST = 1000


def find(settings: Settings, text: str, kind: str | None, limit: int) -> Results:
    """What the current release has of some words; its index is made if it has none."""
    release = open_current(settings.releases)
    facets = page_queries.facets(page_queries.load(find_project(settings)))
    folder = ensure_index(release, settings.base_iri, facets)
    terms = str(Vocabulary(settings.base_iri).namespace)
    filters = {"kind": kind if ":" in kind else terms + kind} if kind else {}
    return Search(folder, facets).ask(Question(text=text, filters=filters, size=limit))


def write_lines(results: Results, output: TextIO) -> None:
    """One line a hit: its name, its kinds and its IRI, with control characters left out."""
    for hit in results.hits:
        kinds = ", ".join(kind.replace("#", "/").rpartition("/")[2] for kind in hit.kinds)
        output.write(_plain(f"{hit.label} ({kinds})") + f"\n    {hit.iri}\n")
    output.write(f"{len(results.hits)} of {results.total}\n")


def write_json(results: Results, output: TextIO) -> None:
    """The hits and the facets as JSON."""
    json.dump(dataclasses.asdict(results), output, ensure_ascii=False, indent=1)
    output.write("\n")


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
