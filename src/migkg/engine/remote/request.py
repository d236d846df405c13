"""A query as a request of the SPARQL 1.1 Protocol, section 2.1.

Source: https://www.w3.org/TR/sparql11-protocol/#query-operation. What is sent is the query, its
dataset and nothing else: no parameter and no field of the client goes any further.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, urlencode

from migkg import __version__
from migkg.engine.protocol import Query
from migkg.engine.remote.address import Address
from migkg.engine.remote.kinds import Kind
from migkg.model.formats import JSON, Format
from migkg.model.sparql_dataset import has_relative_iri, named_dataset
from migkg.model.sparql_text import Form

_FORM = "application/x-www-form-urlencoded"
_DIRECT = "application/sparql-query"
_AGENT = f"migkg/{__version__}"
# A graph that there is not. With a default graph alone some engines let GRAPH reach all graphs.
_NO_GRAPH = "urn:x-migkg:none"

Dataset = list[tuple[str, str]]


def asked_format(query: Query, kind: Kind) -> Format:
    """The format in which the engine is asked to answer."""
    return JSON if query.form in (Form.SELECT, Form.ASK) else kind.graph


def dataset_of(query: Query, kind: Kind, base_iri: str, graphs: tuple[str, ...]) -> Dataset:
    """The dataset as parameters, that of the text too.

    An endpoint whose default graph is the union of all graphs may take it even where the text
    has ``FROM``, as the Oxigraph server does; a dataset in the request it always keeps. An engine
    that holds graphs of its own is told ours where the query names none.
    """
    default, named = query.default_graphs or (), query.named_graphs or ()
    if query.names_dataset and not (default or named):
        default, named = named_dataset(query.text, base_iri)
    if kind.own_graphs:
        default, named = _told(query, tuple(default), tuple(named), graphs)
    return [
        *(("default-graph-uri", iri) for iri in default),
        *(("named-graph-uri", iri) for iri in named),
    ]


def _told(
    query: Query, default: tuple[str, ...], named: tuple[str, ...], graphs: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The dataset for an engine that is to see no graph but ours.

    Each graph costs such an engine time, so those that GRAPH could reach are told only to a query
    that has that word.
    """
    reaches = "GRAPH" in query.text.upper() or "\\" in query.text
    if not (default or named):
        return graphs, graphs if reaches else ()
    return default, named or ((_NO_GRAPH,) if reaches else ())


def absolute(text: str, base_iri: str) -> str:
    """The query, its relative IRIs resolved against our base and not the endpoint's."""
    return f"BASE <{base_iri}> {text}" if has_relative_iri(text) else text


@lru_cache(maxsize=64)
def _encoded(dataset: tuple[tuple[str, str], ...]) -> str:
    """A dataset in a form; that of the release is the same for most queries."""
    return urlencode(dataset)


class Requests:
    """Makes the requests to one endpoint."""

    def __init__(self, address: Address, authorization: str | None) -> None:
        self._target = address.target
        self._fields = f"Host: {address.authority}\r\nUser-Agent: {_AGENT}\r\n"
        if authorization:
            self._fields += f"Authorization: {authorization}\r\n"

    def query(self, text: str, dataset: Dataset, answer: Format, *, by_form: bool) -> bytes:
        """The bytes of a query operation by POST, in a form or directly."""
        target, body, media_type = self._target, text.encode(), _DIRECT
        if by_form:
            fields = f"&{_encoded(tuple(dataset))}" if dataset else ""
            body, media_type = (urlencode({"query": text}) + fields).encode(), _FORM
        elif dataset:
            target += ("&" if "?" in target else "?") + urlencode(
                dataset, quote_via=quote, safe=":/"
            )
        head = (
            f"POST {target} HTTP/1.1\r\n{self._fields}Accept: {answer.media_type}\r\n"
            f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode("ascii") + body
