"""The one table of formats, and the one of names."""

from __future__ import annotations

import pytest

from migkg.model import formats
from migkg.model.formats import Format
from migkg.model.namespaces import COMMON_PREFIXES, Vocabulary


def test_names_extensions_and_media_types_each_mean_one_format() -> None:
    media_types = [m for item in formats.FORMATS for m in item.media_types]
    assert len(formats.BY_NAME) == len(formats.BY_EXTENSION) == len(formats.FORMATS)
    assert len(formats.BY_MEDIA_TYPE) == len(media_types)
    assert all(formats.BY_MEDIA_TYPE[item.media_type] is item for item in formats.FORMATS)


def test_every_format_is_for_results_or_for_graphs() -> None:
    assert set(formats.RESULT_FORMATS).isdisjoint(formats.GRAPH_FORMATS)
    assert {*formats.RESULT_FORMATS, *formats.GRAPH_FORMATS} == set(formats.FORMATS)


@pytest.mark.parametrize("item", formats.FORMATS, ids=lambda item: item.name)
def test_text_types_and_no_others_name_their_character_set(item: Format) -> None:
    assert item.content_type.endswith("; charset=utf-8") == item.media_type.startswith("text/")


@pytest.mark.parametrize(
    ("folder", "stem", "name"),
    [
        ("data", "places", "places"),
        ("data", "document-2", "document/2"),
        ("data", "document-2-3", "document-2/3"),
        ("ontology", "terms", "ontology/terms"),
        ("shapes", "part-1", "shapes/part/1"),
    ],
)
def test_a_file_holds_the_graph_of_its_name(folder: str, stem: str, name: str) -> None:
    iri = Vocabulary("https://example.org/").graph_iri(folder, stem)
    assert iri == f"https://example.org/graph/{name}"


def test_terms_are_under_the_base() -> None:
    terms = Vocabulary("https://example.org/x/")
    assert str(terms.evidence) == "https://example.org/x/ontology#Evidence"
    assert str(terms.shapes) == "https://example.org/x/shapes"


def test_common_prefixes_end_where_a_local_name_begins() -> None:
    assert all(iri.endswith(("/", "#")) for iri in COMMON_PREFIXES.values())
    assert len(set(COMMON_PREFIXES.values())) == len(COMMON_PREFIXES)
