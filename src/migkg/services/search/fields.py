"""The fields of the index, and how an entry becomes a document of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tantivy

from migkg.services.search.entries import Entry
from migkg.services.search.words import fold, words

IRI, LABEL, ALIAS, TEXT, PHRASE = "iri", "label", "alias", "text", "phrase"
NAME, FACETS, WEIGHT, SHOWN = "name", "facets", "weight", "shown"
_WORDS = "words"
_LONGEST_TEXT = 20_000  # characters of one text that are looked at
_LONGEST_SHOWN = 300
_MOST_SHOWN = 40
_LONGEST_NAME = 200
# What nothing leads to still counts for something: a score is multiplied by log2(1 + weight).
_LEAST_WEIGHT = 16


def schema() -> tantivy.Schema:
    """The fields."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(IRI, stored=True, tokenizer_name="raw", index_option="basic")
    for name in (LABEL, ALIAS, TEXT, PHRASE):
        builder.add_text_field(name, tokenizer_name=_WORDS, index_option="freq")
    builder.add_text_field(NAME, tokenizer_name="raw", index_option="basic")
    builder.add_json_field(
        FACETS, fast=True, tokenizer_name="raw", index_option="basic", expand_dots_enabled=False
    )
    builder.add_unsigned_field(WEIGHT, fast=True)
    builder.add_text_field(SHOWN, stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def new_index(folder: Path) -> tantivy.Index:
    """An empty index in a folder."""
    return _with_words(tantivy.Index(schema(), path=str(folder)))


def open_index(folder: Path) -> tantivy.Index:
    """The index in a folder; it is never read again, as it never changes."""
    index = _with_words(tantivy.Index.open(str(folder)))
    index.config_reader(reload_policy="manual")
    index.reload()
    return index


def _with_words(index: tantivy.Index) -> tantivy.Index:
    # Texts are folded before, so only blanks are left to cut at.
    blanks = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_WORDS, blanks)
    return index


def document(entry: Entry) -> tantivy.Document:
    """An entry as a document of the index."""
    made = tantivy.Document()
    made.add_text(IRI, entry.iri)
    texts = {LABEL: entry.labels, ALIAS: entry.aliases, TEXT: entry.texts}
    for name, pairs in texts.items():
        for text, _ in pairs:
            made.add_text(name, " ".join(words(text[:_LONGEST_TEXT])))
    for phrase in entry.phrases:
        made.add_text(PHRASE, " ".join(words(phrase[:_LONGEST_TEXT])))
    for text, _ in (*entry.labels, *entry.aliases):
        made.add_text(NAME, name_of(text))
    made.add_json(FACETS, entry.facets)
    made.add_unsigned(WEIGHT, _LEAST_WEIGHT + entry.links)
    made.add_text(SHOWN, json.dumps(_shown(entry), ensure_ascii=False, separators=(",", ":")))
    return made


def name_of(text: str) -> str:
    """A whole name in the form in which names are compared."""
    return " ".join(words(fold(text[:_LONGEST_NAME])))


def _shown(entry: Entry) -> dict[str, Any]:
    """What a list of results needs of an entry."""
    return {
        "labels": _cut(entry.labels),
        "aliases": _cut(entry.aliases),
        "texts": _cut(entry.texts),
        "phrases": [phrase[:_LONGEST_SHOWN] for phrase in entry.phrases[:_MOST_SHOWN]],
        "kinds": entry.facets.get("kind", []),
    }


def _cut(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…", language)
        for text, language in pairs[:_MOST_SHOWN]
    ]
