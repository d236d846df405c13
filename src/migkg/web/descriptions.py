"""What the service says of itself in RDF: ``/.well-known/void`` and ``/catalog``.

Sources: VoID, https://www.w3.org/TR/void/#well-known, and DCAT 3,
https://www.w3.org/TR/vocab-dcat-3/.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from migkg.engine import rdf_io
from migkg.model import formats
from migkg.model.formats import Format
from migkg.services.catalogue import PREFIXES
from migkg.web import negotiation
from migkg.web.problems import not_acceptable
from migkg.web.state import state_of
from migkg.web.validators import FRESH, of_address, validated

OFFERS = tuple(item.media_type for item in formats.GRAPH_FORMATS)


async def void(request: Request) -> Response:
    """The dataset in VoID."""
    return _answer(request, state_of(request).catalogue.void(service_url(request)))


async def catalogue(request: Request) -> Response:
    """The catalogue in DCAT."""
    return _answer(request, state_of(request).catalogue.dcat(service_url(request)))


def overview(request: Request, chosen: Format) -> Response:
    """Both together, which is what the start page is to programs."""
    described = state_of(request).catalogue
    url = service_url(request)
    # What both say is said once.
    return described_in(
        request, [*dict.fromkeys([*described.dcat(url), *described.void(url)])], chosen
    )


def service_url(request: Request) -> str:
    """Where this service is: the public URL, else the address that the client is connected to.

    Never what ``Host`` says, which a client may make up and another one be sent.
    """
    host, port = request.scope["server"]
    address = f"[{host}]" if ":" in host else host
    return state_of(request).settings.public_url or f"http://{address}:{port}"


def _answer(request: Request, triples: Sequence[rdf_io.Triple]) -> Response:
    chosen = negotiation.choose(request.headers.getlist("accept"), OFFERS)
    if chosen is None:
        raise not_acceptable(OFFERS)
    return described_in(request, triples, formats.BY_MEDIA_TYPE[chosen])


def described_in(
    request: Request, triples: Sequence[rdf_io.Triple], chosen: Format, freshness: str = FRESH
) -> Response:
    """The response with these triples."""
    state = state_of(request)
    prefixes = rdf_io.used_prefixes(triples, {**state.schema.prefixes, **PREFIXES})
    body = rdf_io.write_triples(triples, chosen, prefixes=prefixes)
    response = Response(body, headers={"Content-Type": chosen.content_type, "Vary": "Accept"})
    return validated(request, response, of_address(state.settings.public_url, freshness))
