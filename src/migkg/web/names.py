"""Names of things in the language of a page, where the data has them."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request

from migkg.web import languages
from migkg.web.rows import rows

_NAMES = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing (MIN(STR(?label)) AS ?name) WHERE {
  VALUES ?thing { %s }
  ?thing rdfs:label|skos:prefLabel ?label .
  FILTER(LANGMATCHES(LANG(?label), "%s"))
} GROUP BY ?thing"""


async def names(request: Request, iris: Iterable[str]) -> dict[str, str]:
    """The names by IRI; none in English, which the queries for pages give themselves.

    The IRIs are those that the engine gave.
    """
    language = languages.current().code
    asked = " ".join(f"<{iri}>" for iri in dict.fromkeys(iris))
    if language == languages.ENGLISH or not asked:
        return {}
    found = await rows(request, _NAMES % (asked, language))
    return {row["thing"]: row["name"] for row in found if "name" in row}
