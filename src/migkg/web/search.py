"""``/search`` and ``/search/suggestions``: words in, things out, for people and for programs."""

from __future__ import annotations

from itertools import islice
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migkg.model.messages import translatable
from migkg.model.namespaces import expand, shorten
from migkg.services.page_queries import facet_titles
from migkg.services.search.asking import ANY, DEEPEST, PAGE, SIMILAR, Question, Results
from migkg.services.stored_queries import StoredQuery
from migkg.web import negotiation, pages
from migkg.web.highlight import marker
from migkg.web.problems import HttpProblem, not_acceptable
from migkg.web.state import State, state_of
from migkg.web.validators import validated

_LARGEST_PAGE = 100
_QUESTIONS = 3  # above the results
_VARY = "Accept, Accept-Language"
NOTES = {
    SIMILAR: translatable("Nothing has all of these words; this has words like them."),
    ANY: translatable("Nothing has all of these words; this has some of them."),
}


async def search(request: Request) -> Response:
    """The things that have some words, ranked; a form where there are none."""
    state = state_of(request)
    offers = [negotiation.JSON, negotiation.HTML]
    chosen = negotiation.choose(request.headers.getlist("accept"), offers)
    if chosen is None:
        raise not_acceptable(offers)
    text = _one(request, "q").strip()
    filters = _filters(request, state)
    if not text and not filters and chosen == negotiation.HTML:
        return _private(request, _page(state, request, "", None))
    question = _question(request, state, text, filters)
    results = await state.searching.ask(question)
    if chosen == negotiation.HTML:
        return _private(request, _page(state, request, text, results, question))
    return _private(request, JSONResponse(_document(state, request, question, results)))


async def suggestions(request: Request) -> Response:
    """Things whose names go on as the words begin, as JSON."""
    state = state_of(request)
    text = _text(state, _one(request, "q"))
    found = await state.searching.suggest(text, _languages(request)) if text.strip() else ()
    listed = [
        {
            "label": item.label,
            "kind": _kind(state, item.kinds),
            "iri": item.iri,
            "url": pages.link(state, item.iri),
        }
        for item in found
    ]
    return _private(request, JSONResponse({"suggestions": listed}))


def _private(request: Request, response: Response) -> Response:
    response.headers["Vary"] = _VARY
    return validated(request, response)


def _one(request: Request, name: str) -> str:
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise HttpProblem(400, "bad-parameter", f"Give '{name}' once.")
    return str(values[0]) if values else ""


def _text(state: State, text: str) -> str:
    limit = state.settings.search_text
    if len(text) > limit:
        detail = f"'q' has {len(text)} characters; a search takes at most {limit}."
        raise HttpProblem(400, "bad-parameter", detail)
    return text


def _question(request: Request, state: State, text: str, filters: dict[str, str]) -> Question:
    if not text and not filters:
        raise HttpProblem(400, "bad-parameter", "Say in 'q' what to search for.")
    size = _number(request, "limit", PAGE, _LARGEST_PAGE)
    return Question(
        text=_text(state, text),
        filters=filters,
        page=_number(request, "page", 1, max(1, DEEPEST // size)),
        size=size,
        languages=_languages(request),
    )


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = _one(request, name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        detail = f"'{name}' is a whole number from 1 to {most}."
        raise HttpProblem(400, "bad-parameter", detail)
    return int(text)


def _languages(request: Request) -> tuple[str, ...]:
    """The languages of ``lang=``, else those that the browser asks for."""
    wanted = _one(request, "lang")
    if wanted:
        return (wanted.lower(),)
    return negotiation.languages(request.headers.getlist("accept-language"))


def _filters(request: Request, state: State) -> dict[str, str]:
    """The IRI that each facet must have; it may be given short, as the facets have it."""
    given = {name: _one(request, name) for name in state.searching.facets}
    return {name: _iri(state, name, value) for name, value in given.items() if value}


def _iri(state: State, facet: str, value: str) -> str:
    if facet == "kind" and ":" not in value:
        return str(state.vocabulary.namespace) + value
    return expand(value, state.schema.prefixes)


def _value(state: State, iri: str) -> str:
    """The short form of an IRI in the address of a search."""
    own = str(state.vocabulary.namespace)
    return iri.removeprefix(own) if iri.startswith(own) else shorten(iri, state.schema.prefixes)


def _kind(state: State, kinds: tuple[str, ...]) -> str:
    names = [kind_label(state, iri) for iri in kinds]
    return ", ".join(names)


def kind_label(state: State, iri: str) -> str:
    """What people call a class."""
    return state.schema.labels.get(iri) or iri.replace("#", "/").rpartition("/")[2]


def _document(
    state: State, request: Request, question: Question, results: Results
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "q": question.text,
        "release": state.release.id,
        "total": results.total,
        "matched": results.matched,
        "page": question.page,
        "results": [
            {
                "iri": hit.iri,
                "url": pages.link(state, hit.iri),
                "label": hit.label,
                "language": hit.language,
                "kinds": list(hit.kinds),
                "excerpt": hit.excerpt,
                "evidence": hit.is_evidence,
                "score": hit.score,
            }
            for hit in results.hits
        ],
        "facets": _facets(state, request, question, results),
    }
    if _has_next(question, results):
        document["next"] = _address(state, request, page=str(question.page + 1))
    return document


def _facets(
    state: State, request: Request, question: Question, results: Results
) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [
            {
                "value": _value(state, item.iri),
                "iri": item.iri,
                "label": kind_label(state, item.iri) if name == "kind" else item.label,
                "count": item.count,
                "url": _address(state, request, **{name: _value(state, item.iri)}),
                "chosen": question.filters.get(name) == item.iri,
            }
            for item in values
        ]
        for name, values in results.facets.items()
    }


def _address(state: State, request: Request, **changes: str | None) -> str:
    """This search with other parameters; from its first page, unless another one is named."""
    known = ("q", *state.searching.facets, "lang", "limit")
    values = {name: _one(request, name) for name in known} | changes
    if state.older:
        values["release"] = state.release.id
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{state.settings.public_url}/search?{query}"


def _has_next(question: Question, results: Results) -> bool:
    end = question.page * question.size
    return end < results.total and end + question.size <= DEEPEST


def _questions(state: State, text: str) -> list[StoredQuery]:
    """The first stored questions that have all words, for whom no thing but an answer helps."""
    return list(islice((q for q in state.queries.values() if q.has_words(text)), _QUESTIONS))


def _page(
    state: State,
    request: Request,
    text: str,
    results: Results | None,
    question: Question | None = None,
) -> Response:
    values: dict[str, Any] = {"text": text, "results": results, "chosen": []}
    values["questions"] = _questions(state, text) if results is not None and text else []
    if results is not None and question is not None:
        titles = {"kind": "Kind", **facet_titles(state.page_queries)}
        facets = _facets(state, request, question, results)
        values |= {
            "titles": titles,
            "facets": facets,
            "kind": lambda kinds: _kind(state, kinds),
            "note": NOTES.get(results.matched, "") if results.total else "",
            "first": (question.page - 1) * question.size + 1,
            "chosen": [
                {
                    "name": name,
                    "title": titles[name],
                    "label": next((v["label"] for v in facets[name] if v["chosen"]), iri),
                    "without": _address(state, request, **{name: None}),
                }
                for name, iri in question.filters.items()
            ],
            "next": _address(state, request, page=str(question.page + 1))
            if _has_next(question, results)
            else "",
            "previous": _address(state, request, page=str(question.page - 1))
            if question.page > 1
            else "",
            "marked": marker(text),
        }
    return pages.render(state, "search.html", **values)
