"""The typed links of a document about a thing.

Sources: RFC 8288 (Link) and Signposting (https://signposting.org/FAIR/).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from migkg.model import formats
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
_IRI_SAFE = "/:@!$&'()*+,;=~-._?#[]%"


def thing_links(state: State, iri: str, path: str, types: Iterable[str]) -> str:
    """The ``Link`` header of a document about a thing of ours; ``path`` is below ``/data/``."""
    data = f"{state.settings.public_url}/data/{path}"
    page = f"{state.settings.public_url}/page/{path}"
    links = [_link(iri, "cite-as"), _link(_PAGE_TYPE, "type")]
    if state.schema.licence:
        links.append(_link(state.schema.licence, "license"))
    links += [_link(kind, "type") for kind in types]
    links.append(_link(page, "alternate", type="text/html"))
    links += [
        _link(f"{data}.{item.extension}", "alternate describedby", type=item.media_type)
        for item in DOCUMENT_FORMATS
    ]
    return ", ".join(links)


def _link(target: str, relation: str, **parameters: str) -> str:
    more = "".join(f'; {name}="{value}"' for name, value in parameters.items())
    return f'<{quote(target, safe=_IRI_SAFE)}>; rel="{relation}"{more}'
