"""A query to any SPARQL endpoint, through SPARQLWrapper."""

from __future__ import annotations

from urllib.error import URLError

from SPARQLWrapper import POST, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

from migkg.errors import EngineUnavailable
from migkg.model.formats import Format
from migkg.model.sparql_text import QueryText


def ask_endpoint(url: str, text: QueryText, chosen: Format) -> bytes:
    """The endpoint's answer, in the format asked for."""
    client = SPARQLWrapper(url)
    client.setQuery(text.text)
    client.setMethod(POST)
    client.setOnlyConneg(True)
    client.addCustomHttpHeader("Accept", chosen.media_type)
    try:
        response = client.query().response
        with response:
            data: bytes = response.read()
    except (SPARQLWrapperException, URLError, OSError) as error:
        raise EngineUnavailable(f"{url} did not answer the query: {error}") from None
    return data
