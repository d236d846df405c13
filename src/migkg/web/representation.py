"""The typed links of a document about a thing, and the links from page to page.

Sources: RFC 8288 (Link), Signposting (https://signposting.org/FAIR/), RFC 6596 (canonical), RFC
5829 (successor-version), Content Negotiation by Profile (https://www.w3.org/TR/dx-prof-conneg/).
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from rdflib.namespace import RDF
from starlette.requests import Request

from migkg.model import formats
from migkg.services.linked_data import Document
from migkg.services.profiles import PROFILES
from migkg.web.raw_path import encoded
from migkg.web.state import State

DOCUMENT_FORMATS = (
    formats.JSONLD,
    formats.TURTLE,
    formats.NTRIPLES,
    formats.RDFXML,
    formats.TRIG,
    formats.NQUADS,
)
_PAGE_TYPE = "https://schema.org/AboutPage"


def link(target: str, relation: str, **parameters: str) -> str:
    """One typed link."""
    more = "".join(f'; {name}="{value}"' for name, value in parameters.items())
    return f'<{encoded(target)}>; rel="{relation}"{more}'


def thing_links(state: State, document: Document, *, is_page: bool) -> list[str]:
    """Where a thing of ours is described, as what, and how else."""
    path = encoded(document.iri.removeprefix(state.settings.base_iri + "id/"))
    data = f"{state.settings.public_url}/data/{path}"
    page = f"{state.settings.public_url}/page/{path}"
    links = [
        link(page if is_page else data, "canonical"),
        link(document.iri, "cite-as"),
        link(_PAGE_TYPE, "type"),
    ]
    if state.schema.licence:
        links.append(link(state.schema.licence, "license"))
    links += [link(kind, "type") for kind in sorted(document.values(str(RDF.type)))]
    links.append(link(page, "alternate", type="text/html"))
    links += [
        link(f"{data}.{item.extension}", "alternate describedby", type=item.media_type)
        for item in DOCUMENT_FORMATS
    ]
    return links


def profile_links(state: State, document: Document, url: str) -> list[str]:
    """The profile of a document at a URL, and the same thing in the others."""
    base = state.settings.base_iri
    joint = "&" if "?" in url else "?"
    others = [profile for profile in PROFILES if profile is not document.profile]
    return [
        link(document.profile.iri(base), "profile"),
        *(
            link(f"{url}{joint}profile={item.name}", "alternate", profile=item.iri(base))
            for item in others
        ),
    ]


def page_url(request: Request, state: State, number: int) -> str:
    """The address of another page of the document that a request is for."""
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    pairs = [(name, value) for name, value in query if name != "page"]
    if number > 1:
        pairs.append(("page", str(number)))
    path = request.scope["raw_path"].decode("latin-1")
    return f"{state.settings.public_url}{path}" + (f"?{urlencode(pairs)}" if pairs else "")


def page_links(request: Request, state: State, document: Document) -> dict[str, str]:
    """The pages beside that of a document, by relation: ``first``, ``prev``, ``next``."""
    found = {}
    if document.page > 1:
        found["first"] = page_url(request, state, 1)
        found["prev"] = page_url(request, state, document.page - 1)
    if document.more:
        found["next"] = page_url(request, state, document.page + 1)
    return found
