"""A query as a request of the SPARQL 1.1 Protocol, section 2.1.

Source: https://www.w3.org/TR/sparql11-protocol/#query-operation. What is sent is the query, its
dataset and nothing else: no parameter and no field of the client goes any further.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar
from functools import lru_cache
from urllib.parse import quote, urlencode

from migkg import __version__
from migkg.engine.protocol import Query
from migkg.engine.remote.address import Address
from migkg.engine.remote.confined import EMPTY, Confined
from migkg.engine.remote.kinds import Kind
from migkg.model.formats import JSON, Format
from migkg.model.sparql_dataset import has_relative_iri, named_dataset
from migkg.model.sparql_text import Form, tokens

# Without the character set some servers take what was encoded for ISO-8859-1.
_FORM = "application/x-www-form-urlencoded; charset=utf-8"
_DIRECT = "application/sparql-query"
_LONGEST_ADDRESS = 4096  # bytes; many servers take no head of more than 8 KiB
_AGENT = f"migkg/{__version__}"
_ABSOLUTE_BASE = re.compile(r"BASE\s*<[A-Za-z][A-Za-z0-9+.-]*:", re.IGNORECASE)

Dataset = list[tuple[str, str]]


def asked_format(query: Query, kind: Kind) -> Format:
    """The format in which the engine is asked to answer."""
    return JSON if query.form in (Form.SELECT, Form.ASK) else kind.graph


def dataset_of(query: Query, base_iri: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The default and the named graphs of a query, of the request or of the text."""
    default, named = query.default_graphs or (), query.named_graphs or ()
    if query.names_dataset and not (default or named):
        return named_dataset(query.text, base_iri)
    return default, named


def as_parameters(default: Iterable[str], named: Iterable[str]) -> Dataset:
    """A dataset as the protocol has it.

    That of the text goes this way too: an endpoint whose default graph is the union of all graphs
    may take it even where the text has ``FROM``, as the Oxigraph server does.
    """
    return [
        *(("default-graph-uri", iri) for iri in default),
        *(("named-graph-uri", iri) for iri in named),
    ]


def confined(
    query: Query, text: str, base_iri: str, graphs: tuple[str, ...], own: tuple[str, ...]
) -> tuple[str, Dataset]:
    """Text and dataset for an engine that holds graphs of its own, ``own``, beside ours."""
    default, named = dataset_of(query, base_iri)
    if default or named:
        within = Confined(text, named, None, base_iri, several=len(default) > 1)
        # One graph alone where there is one: with two Virtuoso 7.2.5 joins a property path that
        # repeats with the first row only.
        return within.text, as_parameters(default or (EMPTY,), within.listed)
    within = Confined(text, graphs, own, base_iri, several=len(graphs) > 1)
    return within.text, as_parameters((*graphs, EMPTY), within.listed)


def absolute(text: str, base_iri: str) -> str:
    """The query, its relative IRIs resolved against our base and not the endpoint's.

    A base of its own wins, and some engines take no second one.
    """
    if not has_relative_iri(text):
        return text
    first = next(tokens(text), None)
    if first and _ABSOLUTE_BASE.match(text, first.offset):
        return text
    return f"BASE <{base_iri}> {text}"


@lru_cache(maxsize=64)
def _encoded(dataset: tuple[tuple[str, str], ...]) -> str:
    """A dataset in a form; that of the release is the same for most queries."""
    return urlencode(dataset)


# The place in a trace (https://www.w3.org/TR/trace-context/#traceparent-header) of what is asked.
TRACE: ContextVar[str] = ContextVar("trace", default="")


class Requests:
    """Makes the requests to one endpoint."""

    def __init__(self, address: Address, authorization: str | None) -> None:
        self._target = address.target
        self._fields = f"Host: {address.authority}\r\nUser-Agent: {_AGENT}\r\n"
        if authorization:
            self._fields += f"Authorization: {authorization}\r\n"

    def query(self, text: str, dataset: Dataset, answer: Format, kind: Kind) -> bytes:
        """The bytes of a query operation by POST, in a form or directly.

        Whatever the engine, a form takes a dataset that is too long for an address.
        """
        target, body, media_type = self._target, text.encode(), _DIRECT
        parameters = (*dataset, *kind.parameters)
        if parameters and not kind.by_form:
            target += ("&" if "?" in target else "?") + urlencode(
                parameters, quote_via=quote, safe=":/"
            )
        if kind.by_form or len(target) > _LONGEST_ADDRESS:
            target = self._target
            fields = f"&{_encoded(parameters)}" if parameters else ""
            body, media_type = (urlencode({"query": text}) + fields).encode(), _FORM
        trace = TRACE.get()
        traced = f"traceparent: {trace}\r\n" if trace else ""
        if kind.trailers:  # RFC 9110, section 6.5.1
            traced += "TE: trailers\r\nConnection: TE\r\n"
        head = (
            f"POST {target} HTTP/1.1\r\n{self._fields}{traced}Accept: {answer.media_type}\r\n"
            f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode("ascii") + body
