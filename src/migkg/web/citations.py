"""``/q``: answers that can be cited, each a query pinned to a release.

``Memento-Datetime`` is that of RFC 7089, https://www.rfc-editor.org/rfc/rfc7089.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migkg.engine import history, rdf_io
from migkg.engine.protocol import Answer, Query
from migkg.model import formats
from migkg.model.formats import Format
from migkg.model.sparql_text import QueryText, read_query
from migkg.services.citation_forms import Cited
from migkg.services.citations import Citation
from migkg.services.citations import Request as Asked
from migkg.web import negotiation, pages
from migkg.web.answers import answered, caller_of
from migkg.web.clients import client_of
from migkg.web.descriptions import service_url
from migkg.web.negotiation import HTML, JSON
from migkg.web.problems import HttpProblem, not_acceptable
from migkg.web.releases import find
from migkg.web.sparql import FORM, decode_utf8, media_type_of, parse_pairs, read_body
from migkg.web.state import State, state_of
from migkg.web.validators import of_address, validated
from migkg.web.waiting import while_connected

BIBTEX = "application/x-bibtex"
CSL = "application/vnd.citationstyles.csl+json"
CRATE = 'application/ld+json; profile="https://w3id.org/ro/crate/1.1"'
FORMS = ("bibtex", "csl", "ro-crate", "text")
_NAMES = ("query", "release", "default-graph-uri", "named-graph-uri")
_ENCODED = 3  # bytes of a form for a byte of what it says, at most
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_ORIGINAL = 2000  # characters of an address that a header may name


async def make(request: Request) -> Response:
    """Makes a query citable; 201 with its address, also if it was made before."""
    state = state_of(request)
    state.citations.check()
    state.citation_rate.count(client_of(request.scope, state.settings.proxy_hops))
    asked, text = await _asked(request, state)
    offers = [JSON, HTML]
    chosen = negotiation.choose(request.headers.getlist("accept"), offers)
    if chosen is None:
        raise not_acceptable(offers)
    citation = await asyncio.to_thread(state.citations.find, asked)
    if citation is None:
        citation = await _add(request, state, asked, text)
    headers = {
        "Location": f"{state.settings.public_url}/q/{citation.id}",
        "Cache-Control": "no-store",
    }
    cited = _cited(request, state, citation)
    if chosen == HTML:
        page = pages.render(state, "citation.html", status=201, cited=cited, formats=_names(text))
        page.headers.update(headers)
        return page
    return JSONResponse(_content(cited), status_code=201, headers={**headers, "Vary": "Accept"})


async def _add(request: Request, state: State, asked: Asked, text: QueryText) -> Citation:
    """Runs the query in the release that is named, so that what is cited can be answered."""
    query = _query(asked, text, text.form.answer_formats[0])
    if asked.release == state.release.id:
        digest = await _digest(request, state, query)
    else:
        served = await request.scope["migkg.releases"].older(asked.release)
        with served.in_use():
            digest = await _digest(request, served.state, query)
    return await asyncio.to_thread(
        state.citations.add,
        asked,
        made=history.now(),
        answer_format=query.format.name,
        sha256=digest,
    )


async def _digest(request: Request, state: State, query: Query) -> str:
    answer: Answer = await while_connected(request, state.engine.answer(query, caller_of(request)))
    digest = hashlib.sha256()
    for part in answer.chunks():
        digest.update(part)
    return digest.hexdigest()


async def _asked(request: Request, state: State) -> tuple[Asked, QueryText]:
    given = await _given(request, state.settings.citation_bytes)
    (query,) = given["query"] if len(given["query"]) == 1 else [""]
    if not query.strip():
        raise _parameter("Give exactly one 'query'.")
    if len(given["release"]) > 1:
        raise _parameter("Give one 'release', or none for the current one.")
    query = query.replace("\r\n", "\n").strip()
    text = read_query(query, state.settings.query_limits)
    if not text.repeatable:
        raise _parameter("The query asks for what differs each time; its answer cannot be cited.")
    graphs = [_graphs(given[name]) for name in _NAMES[2:]]
    named = any(graphs)
    release = find(state, given["release"][0]) if given["release"] else state.release.id
    return Asked(
        query=query,
        release=release,
        default_graphs=graphs[0] if named else None,
        named_graphs=graphs[1] if named else None,
    ), text


def _graphs(iris: list[str]) -> tuple[str, ...]:
    for iri in iris:
        if rdf_io.named_node(iri) is None:
            raise _parameter(f"The graph {iri!r} is not an absolute IRI.")
    return tuple(sorted(set(iris)))


async def _given(request: Request, limit: int) -> dict[str, list[str]]:
    """What a form or a JSON object says, each value in a list."""
    media_type = media_type_of(request)
    if media_type not in (FORM, JSON):
        raise HttpProblem(
            415,
            "unsupported-media-type",
            f"Send {FORM} or {JSON}, not {media_type or 'nothing'}.",
            headers={"Accept-Post": f"{FORM}, {JSON}"},
        )
    if media_type == FORM:
        pairs = parse_pairs(await read_body(request, _ENCODED * limit), "form")
    else:
        pairs = _pairs(await read_body(request, limit))
    if sum(len(value.encode()) for _, value in pairs) > limit:
        raise HttpProblem(413, "too-large", f"What is cited has at most {limit} bytes.")
    return {name: [value for key, value in pairs if key == name] for name in _NAMES}


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        content = json.loads(decode_utf8(body, "body"))
    except (ValueError, RecursionError):
        raise _parameter("The body is not JSON.") from None
    if not isinstance(content, dict):
        raise _parameter("The body is not a JSON object with 'query' and 'release'.")
    pairs = []
    for name in _NAMES:
        value = content.get(name, [])
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, str) or _SURROGATE.search(item):
                raise _parameter(f"The member {name!r} is no text.")
            pairs.append((name, item))
    return pairs


def _parameter(detail: str) -> HttpProblem:
    return HttpProblem(400, "bad-parameter", detail)


async def show(request: Request) -> Response:
    """The answer itself by ``Accept`` or ``?format=``, its page, or ``?cite=``."""
    state = state_of(request)
    citation = await asyncio.to_thread(state.citations.get, request.path_params["id"])
    if citation is None:
        raise HttpProblem(
            404,
            "not-found",
            "There is no citation with this id.",
            advice="An id has ten or more letters and figures, without 0, 1, 8 and 9.",
        )
    _refuse_another(request, citation)
    text = read_query(citation.request.query, state.settings.query_limits)
    form = request.query_params.get("cite")
    if form is not None:
        return _form(request, state, citation, form)
    chosen = _chosen(request, text)
    if chosen == HTML:
        cited = _cited(request, state, citation)
        page = pages.render(state, "citation.html", cited=cited, formats=_names(text))
        return validated(request, page, of_address(state.settings.public_url))
    if chosen in (BIBTEX, CSL):
        return _form(request, state, citation, "bibtex" if chosen == BIBTEX else "csl")
    return await _result(request, state, citation, _query(citation.request, text, chosen))


def _refuse_another(request: Request, citation: Citation) -> None:
    """400 for a release other than the one that is cited, and for a parameter given twice."""
    for name in ("cite", "format", "release"):
        if len(request.query_params.getlist(name)) > 1:
            raise _parameter(f"Give the parameter {name!r} once.")
    release = citation.request.release
    if not release.startswith(request.query_params.get("release", release)):
        raise _parameter(f"What is cited is of release {release}, and no other.")


def _chosen(request: Request, text: QueryText) -> Any:  # noqa: ANN401 - a format or a media type
    offers = text.form.answer_formats
    named = request.query_params.get("format")
    if named is not None:
        if formats.BY_NAME.get(named) not in offers:
            raise not_acceptable([item.media_type for item in offers])
        return formats.BY_NAME[named]
    listed = [*(item.media_type for item in offers), HTML, BIBTEX, CSL]
    chosen = negotiation.choose(request.headers.getlist("accept"), listed)
    if chosen is None:
        raise not_acceptable(listed)
    return chosen if chosen in (HTML, BIBTEX, CSL) else formats.BY_MEDIA_TYPE[chosen]


async def _result(request: Request, state: State, citation: Citation, query: Query) -> Response:
    if citation.request.release != state.release.id:
        raise HttpProblem(
            410,
            "release-gone",
            f"Release {citation.request.release}, which is cited, is not kept here.",
            advice="Ask for the page of the citation, or for ?cite=.",
        )
    response = await answered(request, query, repeatable=True)
    same = query.format.name == citation.answer_format
    if same and response.body and hashlib.sha256(response.body).hexdigest() != citation.sha256:
        raise HttpProblem(
            500,
            "answer-changed",
            "The engine gives another answer than the one that was cited.",
            advice="Take the dump of the release; the answer may depend on an order not asked for.",
        )
    for name, value in _memento(state, citation).items():
        response.raw_headers.append((name, value.encode("latin-1")))
    return response


def _memento(state: State, citation: Citation) -> dict[bytes, str]:
    """When the release came into service, and where the same is asked of the current one."""
    made = datetime.fromisoformat(history.event_of(state.release).made)
    found = {b"memento-datetime": format_datetime(made, usegmt=True)}
    asked = citation.request
    pairs = [("query", asked.query)]
    pairs += [("default-graph-uri", iri) for iri in asked.default_graphs or ()]
    pairs += [("named-graph-uri", iri) for iri in asked.named_graphs or ()]
    original = f"{state.settings.public_url}/sparql?{urlencode(pairs)}"
    if len(original) <= _LONGEST_ORIGINAL:
        found[b"link"] = f'<{original}>; rel="original"'
    return found


def _query(asked: Asked, text: QueryText, chosen: Format) -> Query:
    return Query.of(
        text, chosen, default_graphs=asked.default_graphs, named_graphs=asked.named_graphs
    )


def _form(request: Request, state: State, citation: Citation, form: str) -> Response:
    cited = _cited(request, state, citation)
    if form == "bibtex":
        response = Response(cited.bibtex(), media_type=f"{BIBTEX}; charset=utf-8")
    elif form == "csl":
        response = JSONResponse(cited.csl(), media_type=CSL)
    elif form == "ro-crate":
        response = JSONResponse(cited.ro_crate(), media_type=CRATE)
    elif form == "text":
        response = Response(cited.text() + "\n", media_type="text/plain")
    else:
        raise _parameter(f"The parameter 'cite' is one of {', '.join(FORMS)}.")
    response.headers["vary"] = "Accept"
    return validated(request, response, of_address(state.settings.public_url))


def _cited(request: Request, state: State, citation: Citation) -> Cited:
    url = service_url(request)
    return Cited(
        citation,
        f"{url}/q/{citation.id}",
        f"{url}/releases/{citation.request.release}",
        state.catalogue.title,
        state.schema.creator,
        state.schema.licence,
    )


def _content(cited: Cited) -> dict[str, Any]:
    citation = cited.citation
    return {
        "id": citation.id,
        "url": cited.url,
        "release": citation.request.release,
        "made": citation.made,
        "format": citation.answer_format,
        "sha256": citation.sha256,
        "text": cited.text(),
    }


def _names(text: QueryText) -> list[str]:
    return [item.name for item in text.form.answer_formats]
