"""``/validate``: an RDF document held against the shapes of the release."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from migkg.engine import rdf_io
from migkg.model import formats
from migkg.web import negotiation
from migkg.web.problems import HttpProblem, not_acceptable
from migkg.web.sparql import media_type_of, read_body, refuse_charset
from migkg.web.state import State, state_of
from migkg.web.waiting import while_connected


async def validate(request: Request) -> Response:
    """The SHACL report on the RDF document in the body."""
    state = state_of(request)
    media_type = media_type_of(request)
    uploaded = formats.BY_MEDIA_TYPE.get(media_type)
    if uploaded not in formats.GRAPH_FORMATS or "content-encoding" in request.headers:
        known = [item.media_type for item in formats.GRAPH_FORMATS]
        raise HttpProblem(
            415,
            "unsupported-media-type",
            f"Send RDF as one of {', '.join(known)}, not compressed.",
            headers={"Accept-Post": ", ".join(known)},
        )
    refuse_charset(request)
    offers = [item.media_type for item in formats.GRAPH_FORMATS]
    chosen = negotiation.choose(request.headers.getlist("accept"), offers)
    if chosen is None:
        raise not_acceptable(offers)
    data = await read_body(request, state.settings.upload_bytes)
    report = await while_connected(request, state.validator.validate(data, uploaded))
    return _report(state, report, formats.BY_MEDIA_TYPE[chosen])


def _report(state: State, ntriples: bytes, chosen: formats.Format) -> Response:
    triples = rdf_io.canonical_triples(rdf_io.parse_triples(ntriples, formats.NTRIPLES))
    prefixes = rdf_io.used_prefixes(triples, state.schema.prefixes)
    body = rdf_io.write_triples(triples, chosen, prefixes=prefixes)
    return Response(body, headers={"Content-Type": chosen.content_type, "Vary": "Accept"})
