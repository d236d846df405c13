"""A query to any SPARQL endpoint, through SPARQLWrapper."""

from __future__ import annotations

import ast
import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError

from SPARQLWrapper import POST, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed, SPARQLWrapperException

from migkg.engine.http_client import checked_url
from migkg.errors import BadFile, BadQuery, EngineUnavailable, MigkgError
from migkg.model.formats import Format
from migkg.model.sparql_text import QueryText

_REPEATED = "Response:\n"  # what SPARQLWrapper puts before the bytes that the endpoint sent
_READ = 100_000
_SHOWN = 300


def ask_endpoint(url: str, text: QueryText, chosen: Format) -> bytes:
    """The endpoint's answer, in the format asked for.

    Raises :class:`BadFile` and :class:`BadSetting` for what is no address, :class:`BadQuery` with
    what the endpoint says of a query that it refuses, and :class:`EngineUnavailable` for everything
    else that is no answer.
    """
    if not url.startswith(("http://", "https://")):
        raise BadFile(
            f"{url!r} is no endpoint; give an address that begins with http:// or https://."
        )
    checked_url(url)
    client = SPARQLWrapper(url)
    client.setQuery(text.text)
    client.setMethod(POST)
    client.setOnlyConneg(True)
    client.addCustomHttpHeader("Accept", chosen.media_type)
    try:
        response = client.query().response
        with response:
            data: bytes = response.read()
            given = response.headers.get_content_type()
    except (SPARQLWrapperException, HTTPException, URLError, OSError) as error:
        raise _told(url, error) from None
    if given not in chosen.media_types:
        raise EngineUnavailable(
            f"{url} answered with {given}, not {chosen.media_type}; it may be no SPARQL endpoint."
        )
    return data


def _told(url: str, error: Exception) -> MigkgError:
    """What went wrong in one sentence, in the endpoint's own words where it sent some."""
    said = _problem(_body(error))
    detail = " ".join(str(said.get("detail", "")).split())[:_SHOWN]
    if not detail:
        why = " ".join(str(error).partition(_REPEATED)[0].split())
        return EngineUnavailable(f"{url} did not answer the query: {why}")
    if isinstance(error, QueryBadFormed):
        return BadQuery(detail, line=said.get("line"), column=said.get("column"))
    return EngineUnavailable(f"{url} did not answer the query: {detail}")


def _body(error: Exception) -> bytes:
    if isinstance(error, HTTPError):
        return error.read(_READ)
    repeated = str(error).partition(_REPEATED)[2]
    return bytes(ast.literal_eval(repeated)) if repeated else b""


def _problem(body: bytes) -> dict[str, Any]:
    """The members of a problem document (RFC 9457); of plain text its first line as detail."""
    text = body.decode("utf-8", "replace").strip()
    try:
        content = json.loads(text)
    except ValueError:
        return {} if text.startswith("<") else {"detail": text.partition("\n")[0]}
    return content if isinstance(content, dict) else {}
