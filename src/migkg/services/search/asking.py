"""Asks the index of a release.

Three ways are tried, and the answer says which found something: things that have all words, the
last of which may be a beginning; things that have words like them, which forgives typing errors;
things that have any word like one of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Occur, Query

from migkg.errors import BadSearch
from migkg.services.search import fields
from migkg.services.search.words import words

ALL, SIMILAR, ANY = "all", "similar", "any"
PAGE = 20
DEEPEST = 1000
MOST_WORDS = 16
_VALUES = 12
_SUGGESTIONS = 8
_SHORTEST_PREFIX = 2
# How much a word counts in each field.
_EXACT = {fields.LABEL: 4.0, fields.ALIAS: 3.0, fields.TEXT: 1.0, fields.PHRASE: 0.8}
_LIKE = {fields.LABEL: 2.0, fields.ALIAS: 1.5, fields.TEXT: 0.3, fields.PHRASE: 0.2}
_NAMES = (fields.LABEL, fields.ALIAS)
_WHOLE_NAME = 12.0
_TIES = 0.1


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is searched for; ``filters`` gives the value that a facet must have.

    ``languages`` are those in which labels are wanted, best first.
    """

    text: str
    filters: Mapping[str, str] = field(default_factory=dict)
    page: int = 1
    size: int = PAGE
    languages: Sequence[str] = ("en",)


@dataclass(frozen=True)
class Hit:
    """One thing that was found, with the text that best shows why."""

    iri: str
    label: str
    language: str
    kinds: tuple[str, ...]
    excerpt: str
    is_evidence: bool
    score: float


@dataclass(frozen=True)
class FacetValue:
    """One value of a facet and how many of all hits have it."""

    iri: str
    label: str
    count: int


@dataclass(frozen=True)
class Results:
    """One page of hits; ``matched`` tells the way in which they were found."""

    total: int
    matched: str
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]


@dataclass(frozen=True)
class Suggestion:
    """A thing whose name goes on as the text begins."""

    iri: str
    label: str
    kinds: tuple[str, ...]


class Search:
    """The index in a folder, opened on first need; it starts no thread before."""

    def __init__(self, folder: Path, facets: Iterable[str]) -> None:
        self._folder = folder
        self._facets = ("kind", *facets)

    @property
    def facets(self) -> tuple[str, ...]:
        """The names of the facets; the kind is the first."""
        return self._facets

    @cached_property
    def _index(self) -> tantivy.Index:
        return fields.open_index(self._folder)

    @cached_property
    def _searcher(self) -> tantivy.Searcher:
        return self._index.searcher()

    def ask(self, question: Question) -> Results:
        """The hits for a question; raises :class:`BadSearch` if there is no word in its text.

        Without a text it is all things that the filters leave, those first to which most leads.
        """
        asked = _asked_words(question.text) if question.text else []
        whole = self._all_words(asked, question.text) if asked else Query.all_query()
        matched, query = ALL, self._filtered(whole, question)
        found = self._page(query, question)
        for way, occur in ((SIMILAR, Occur.Must), (ANY, Occur.Should)):
            if found.count or not asked:
                break
            like = self._like(asked, question.text, occur)
            matched, query = way, self._filtered(like, question)
            found = self._page(query, question)
        hits = tuple(self._hit(address, score, asked, question) for score, address in found.hits)
        return Results(found.count or 0, matched, hits, self._counts(query, question))

    def suggest(self, text: str, languages: Sequence[str]) -> tuple[Suggestion, ...]:
        """Things whose names have the words, the last of which may be a beginning."""
        asked = _asked_words(text)
        begins = _boosted(self._name(text, may_go_on=True), _WHOLE_NAME)
        query = self._all_words(asked, text, only=_NAMES)
        hits = self._suggested(Query.boolean_query([(Occur.Must, query), (Occur.Should, begins)]))
        if not hits:
            hits = self._suggested(self._names_like(asked))
        return tuple(self._suggestion(address, languages) for _, address in hits)

    def _suggested(self, query: Query) -> list[tuple[Any, tantivy.DocAddress]]:
        return self._searcher.search(
            query, _SUGGESTIONS, count=False, weight_by_field=fields.WEIGHT
        ).hits

    def _names_like(self, asked: Sequence[str]) -> Query:
        """Names with words that begin nearly like these."""
        schema = self._index.schema
        near = [
            Query.fuzzy_term_query(schema, fields.LABEL, word, min(1, _distance(word)), prefix=True)
            for word in asked
        ]
        return Query.boolean_query([(Occur.Must, part) for part in near])

    def _page(self, query: Query, question: Question) -> Any:  # noqa: ANN401 - the library's type
        start = (question.page - 1) * question.size
        return self._searcher.search(
            query, question.size, offset=start, weight_by_field=fields.WEIGHT
        )

    def _all_words(
        self, asked: Sequence[str], text: str, *, only: Iterable[str] | None = None
    ) -> Query:
        searched = tuple(only or _EXACT)
        parts = [self._word(word, searched) for word in asked[:-1]]
        parts.append(self._word(asked[-1], searched, may_go_on=True))
        whole = (Occur.Should, self._whole_name(text, 0))
        return Query.boolean_query([*((Occur.Must, part) for part in parts), whole])

    def _whole_name(self, text: str, distance: int) -> Query:
        """Things whose whole name this is, but for so many letters."""
        return _boosted(self._name(text, distance), _WHOLE_NAME)

    def _name(self, text: str, distance: int = 0, *, may_go_on: bool = False) -> Query:
        name = fields.name_of(text)
        query = Query.fuzzy_term_query(
            self._index.schema, fields.NAME, name, distance, prefix=may_go_on
        )
        return Query.const_score_query(query, 1.0)

    def _word(self, word: str, searched: Iterable[str], *, may_go_on: bool = False) -> Query:
        """A word in the field where it counts most."""
        schema = self._index.schema
        ways = [_boosted(Query.term_query(schema, name, word), _EXACT[name]) for name in searched]
        if may_go_on and len(word) >= _SHORTEST_PREFIX:
            ways += [
                _boosted(Query.fuzzy_term_query(schema, name, word, 0, prefix=True), _LIKE[name])
                for name in searched
            ]
        return Query.disjunction_max_query(ways, _TIES)

    def _like(self, asked: Sequence[str], text: str, occur: Occur) -> Query:
        whole = (Occur.Should, self._whole_name(text, max(map(_distance, asked))))
        return Query.boolean_query([*((occur, self._like_word(word)) for word in asked), whole])

    def _like_word(self, word: str) -> Query:
        schema, distance = self._index.schema, _distance(word)
        ways = [_boosted(Query.term_query(schema, name, word), _EXACT[name]) for name in _EXACT]
        ways += [
            _boosted(Query.fuzzy_term_query(schema, name, word, nearness), _LIKE[name] / nearness)
            for name in _LIKE
            for nearness in range(1, distance + 1)
        ]
        return Query.disjunction_max_query(ways, _TIES)

    def _filtered(self, query: Query, question: Question) -> Query:
        filters = [
            (Occur.Must, Query.const_score_query(self._has(name, value), 0.0))
            for name, value in question.filters.items()
        ]
        return Query.boolean_query([(Occur.Must, query), *filters]) if filters else query

    def _has(self, facet: str, value: str) -> Query:
        return Query.term_query(self._index.schema, f"{fields.FACETS}.{facet}", value)

    def _counts(self, query: Query, question: Question) -> dict[str, tuple[FacetValue, ...]]:
        wanted = {
            name: {"terms": {"field": f"{fields.FACETS}.{name}", "size": _VALUES}}
            for name in self._facets
        }
        found = self._searcher.aggregate(query, wanted)
        return {
            name: tuple(
                FacetValue(
                    bucket["key"], self._label(bucket["key"], question), int(bucket["doc_count"])
                )
                for bucket in found[name]["buckets"]
            )
            for name in self._facets
        }

    def _label(self, iri: str, question: Question) -> str:
        """The label of a thing that the index knows, else nothing."""
        query = Query.term_query(self._index.schema, fields.IRI, iri)
        for _, address in self._searcher.search(query, 1, count=False).hits:
            return _best(self._shown(address)["labels"], question.languages)[0]
        return ""

    def _shown(self, address: tantivy.DocAddress) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(
            str(self._searcher.doc(address).get_first(fields.SHOWN))
        )
        return content

    def _iri(self, address: tantivy.DocAddress) -> str:
        return str(self._searcher.doc(address).get_first(fields.IRI))

    def _suggestion(self, address: tantivy.DocAddress, languages: Sequence[str]) -> Suggestion:
        shown, iri = self._shown(address), self._iri(address)
        label, _ = _best(shown["labels"], languages)
        return Suggestion(iri, label or _end(iri), tuple(shown["kinds"]))

    def _hit(
        self, address: tantivy.DocAddress, score: float, asked: Sequence[str], question: Question
    ) -> Hit:
        shown, iri = self._shown(address), self._iri(address)
        label, language = _best(shown["labels"], question.languages)
        excerpt, is_evidence = _excerpt(shown, label, asked)
        kinds = tuple(shown["kinds"])
        return Hit(iri, label or _end(iri), language, kinds, excerpt, is_evidence, round(score, 3))


def _boosted(query: Query, boost: float) -> Query:
    return Query.boost_query(query, boost)


def _asked_words(text: str) -> list[str]:
    """The different words of a question; raises :class:`BadSearch`."""
    found = list(dict.fromkeys(words(text)))
    if not found:
        raise BadSearch("There is no word to search for; give letters or figures.")
    if len(found) > MOST_WORDS:
        raise BadSearch(f"There are {len(found)} words; a search takes at most {MOST_WORDS}.")
    return found


def _distance(word: str) -> int:
    """How many letters may be wrong; figures and short words are as they are."""
    if len(word) < 4 or word.isdigit():
        return 0
    return 1 if len(word) < 8 else 2


def _best(labels: Sequence[Sequence[str]], languages: Sequence[str]) -> tuple[str, str]:
    """The label in the language that is wanted most, else in English, else any."""
    order = [*languages, "en", ""]

    def place(label: Sequence[str]) -> int:
        language = label[1].partition("-")[0].lower()
        return order.index(language) if language in order else len(order)

    text, language = min(labels, key=place, default=("", ""))
    return text, language


def _end(iri: str) -> str:
    return iri.rstrip("/#").replace("#", "/").rpartition("/")[2] or iri


def _excerpt(shown: Mapping[str, Any], label: str, asked: Sequence[str]) -> tuple[str, bool]:
    """The text with most of the words that is not the label, and whether it is evidence."""
    best, most = ("", False), 0
    for text, is_evidence in _texts(shown):
        number = len(set(asked).intersection(words(text))) if text != label else 0
        if number > most:
            best, most = (text, is_evidence), number
    return best


def _texts(shown: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    for name in ("aliases", "texts", "labels"):
        for text, _ in shown[name]:
            yield text, False
    for phrase in shown["phrases"]:
        yield phrase, True
