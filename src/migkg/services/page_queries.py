"""Queries for the pages of a project: ``pages/name.rq``, whose opening comment is a title.

Those named ``facet_…`` tell what a search can be narrowed by, with the variables ``thing`` and
``value``. docs/pages.md says which variables each of the others has. Any may be missing, and then
the page, or the part of it, is.
"""

from __future__ import annotations

from collections.abc import Mapping

from migkg.resources import Project
from migkg.services import stored_queries
from migkg.services.stored_queries import StoredQuery

_FACET = "facet_"
# Stands in a query for the thing that a page is about.
_THING = "<urn:x-migkg:thing>"


def load(project: Project) -> dict[str, StoredQuery]:
    """Every query for pages by name; raises :class:`migkg.errors.BadFile`."""
    return stored_queries.read_folder(project.pages)


def facets(queries: Mapping[str, StoredQuery]) -> dict[str, str]:
    """The text of each query for a facet, by the name of the facet."""
    return {
        name.removeprefix(_FACET): query.text
        for name, query in sorted(queries.items())
        if name.startswith(_FACET)
    }


def facet_titles(queries: Mapping[str, StoredQuery]) -> dict[str, str]:
    """What people call each facet."""
    return {name: queries[_FACET + name].question for name in facets(queries)}


def about(query: StoredQuery, iri: str) -> str:
    """The text of a query about one thing, whose IRI must be one."""
    return query.text.replace(_THING, f"<{iri}>")
