"""``/rdf-graph-store``: the read side of the SPARQL 1.1 Graph Store HTTP Protocol.

Source: https://www.w3.org/TR/sparql11-http-rdf-update/. A graph is named by ``?graph=``, the union
of all graphs by ``?default``; our own graphs also by their own addresses, ``/graph/…``.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from migkg.engine import rdf_io
from migkg.engine.protocol import Query
from migkg.model import formats
from migkg.model.sparql_text import Form
from migkg.web import negotiation
from migkg.web.answers import answered
from migkg.web.problems import HttpProblem, not_acceptable
from migkg.web.sparql import parse_pairs
from migkg.web.state import state_of

_OFFERS = tuple(item for item in formats.GRAPH_FORMATS if item.kind is formats.Kind.GRAPH)
_DEFAULT = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_CLASS = "CONSTRUCT { ?s ?p ?o } WHERE { ?s a <%s> ; ?p ?o }"
_NAMED = "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH <%s> { ?s ?p ?o } }"


async def indirect(request: Request) -> Response:
    """The graph that the query string names."""
    pairs = parse_pairs(request.scope["query_string"], "query string")
    graphs = [value for name, value in pairs if name == "graph"]
    default = [value for name, value in pairs if name == "default"]
    if len(graphs) + len(default) != 1:
        raise HttpProblem(
            400, "bad-parameter", "Give exactly one of the parameters 'graph' and 'default'."
        )
    return await _graph(request, graphs[0] if graphs else None)


async def direct(request: Request) -> Response:
    """One of our own graphs, by its own address."""
    base = state_of(request).settings.base_iri
    return await _graph(request, f"{base}graph/{request.path_params['path']}")


async def _graph(request: Request, iri: str | None) -> Response:
    state = state_of(request)
    if iri is not None and rdf_io.named_node(iri) is None:
        raise HttpProblem(400, "bad-parameter", "The graph is not an absolute IRI.")
    if iri is not None and iri not in state.release.manifest["graphs"]:
        raise HttpProblem(
            404,
            "not-found",
            "There is no such graph.",
            available=list(state.release.manifest["graphs"]),
        )
    return await _answer(request, _DEFAULT if iri is None else _NAMED % iri)


async def of_class(request: Request) -> Response:
    """All that is said of the things of one of our own classes."""
    state = state_of(request)
    name = request.path_params["name"]
    iri = str(state.vocabulary.namespace[name])
    if iri not in state.schema.classes:
        known = [item.rpartition("#")[2] for item in state.schema.classes]
        raise HttpProblem(404, "not-found", "The ontology has no such class.", available=known)
    return await _answer(request, _CLASS % iri)


async def _answer(request: Request, text: str) -> Response:
    offers = [item.media_type for item in _OFFERS]
    chosen = negotiation.choose(request.headers.getlist("accept"), offers)
    if chosen is None:
        raise not_acceptable(offers)
    wanted = formats.BY_MEDIA_TYPE[chosen]
    query = Query(text=text, form=Form.CONSTRUCT, format=wanted)
    return await answered(request, query, repeatable=True)
