"""``/browse`` and ``/quality``: what queries of the service's own find, as lists and tables."""

from __future__ import annotations

import sys

from starlette.requests import Request
from starlette.responses import Response

from migkg.services.quality import MEASURES
from migkg.services.results import read_table
from migkg.services.views.columns import Columns
from migkg.web import pages
from migkg.web.names import translations
from migkg.web.problems import HttpProblem
from migkg.web.rows import results
from migkg.web.state import state_of
from migkg.web.validators import validated

_INSTANCES = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing (SAMPLE(?l) AS ?label) WHERE {
  ?thing a <%s> .
  OPTIONAL { ?thing rdfs:label|skos:prefLabel ?l . FILTER(LANG(?l) = "en") }
} GROUP BY ?thing ORDER BY ?label ?thing LIMIT %d"""
_LISTED = 2000  # things on one page; more make it slow to read and to send


async def browse(request: Request) -> Response:
    """The things of one class; of very many the first, and where all are."""
    state = state_of(request)
    name = request.path_params["name"]
    iri = str(state.vocabulary.namespace[name])
    if iri not in state.schema.classes:
        raise HttpProblem(404, "not-found", f"The ontology has no class {name}.")
    text = _INSTANCES % (iri, _LISTED + 1)
    things = (await _select(request, text, _LISTED)).table
    label = state.schema.labels.get(iri, name)
    definition = state.schema.definitions.get(iri, "")
    page = pages.render(
        state,
        "browse.html",
        names=await translations(request, (row[0].value for row in things.rows if row[0])),
        class_name=name,
        label=label,
        definition=definition,
        things=things,
    )
    return validated(request, page)


async def _select(request: Request, text: str, most: int = sys.maxsize) -> Columns:
    return Columns(read_table(await results(request, text), most), {})


async def quality(request: Request) -> Response:
    """How the graph covers its documents."""
    state = state_of(request)
    tables = [
        (measure.title, await _select(request, measure.text(state.vocabulary)))
        for measure in MEASURES
    ]
    return validated(request, pages.render(state, "quality.html", tables=tables))
