"""Names of things, asked of the release: for an answer that is shown, and for a list on a page."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request

from migkg.services import names
from migkg.services.names import Name
from migkg.services.results import read_table
from migkg.web import languages
from migkg.web.rows import results


async def names_of(request: Request, iris: Iterable[str]) -> dict[str, Name]:
    """The names of the first things, in the language of the page if they have one in it."""
    text = names.query(iris)
    if not text:
        return {}
    table = read_table(await results(request, text))
    return names.read(table, (languages.current().code, languages.ENGLISH))


async def translations(request: Request, iris: Iterable[str]) -> dict[str, str]:
    """The labels in the language of the page by IRI, where the data has them.

    There are none in English, which the queries for pages give themselves.
    """
    language = languages.current().code
    if language == languages.ENGLISH:
        return {}
    listed = list(dict.fromkeys(iris))
    found: dict[str, Name] = {}
    for start in range(0, len(listed), names.MOST):
        found |= await names_of(request, listed[start : start + names.MOST])
    return {iri: name.label for iri, name in found.items() if name.is_in(language)}
