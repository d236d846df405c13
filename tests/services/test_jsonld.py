"""JSON-LD documents: what a script reads, and the triples that processors of others read."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest
from pyld import jsonld as pyld

from migkg.engine import rdf_io
from migkg.model import formats
from migkg.model.namespaces import Vocabulary
from migkg.services import jsonld, schema_org
from migkg.services.context import Context
from migkg.services.schema import Schema
from tests.web.client import canonical

BASE = "https://e.example/"
ONTOLOGY = """
@prefix : <https://e.example/ontology#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:Book a owl:Class ; rdfs:subClassOf schema:Book . :Novel a owl:Class ; rdfs:subClassOf :Book .
:Claim a owl:Class . :id a owl:DatatypeProperty .
:by a owl:ObjectProperty ; skos:closeMatch schema:author .
:note a owl:DatatypeProperty ; rdfs:range rdf:langString .
:pages a owl:DatatypeProperty, owl:FunctionalProperty ; rdfs:range xsd:integer .
:weight a owl:DatatypeProperty ; rdfs:range xsd:decimal .
:sold a owl:DatatypeProperty ; rdfs:range xsd:boolean .
:text a owl:DatatypeProperty ; rdfs:range xsd:string .
:evidence a owl:ObjectProperty .
"""
PREFIXES = """
@prefix : <https://e.example/ontology#> .
@prefix id: <https://e.example/id/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
BOOK = """
id:b a :Novel ; rdfs:label "Buch"@de, "Book"@en ; :by id:ann ; :pages 12 ; :note "new"@en .
id:ann rdfs:label "Ann" . id:shelf :holds id:b . id:later :by id:b ; rdfs:label "Later"@en .
id:claim a :Claim ; rdf:subject id:b ; rdf:predicate :by ; rdf:object id:ann ; :evidence id:words .
id:words :text "by Ann" .
"""
CASES = {
    "a book": BOOK,
    "numbers that JSON keeps": "id:b :pages 0, 7, -7, 123456789012345 .",
    "numbers that it does not": "id:b :pages 007, 12345678901234567890, +1, -0 .",
    "numbers where others are expected": "id:b :pages 1.5 ; :weight 2, 1.50, 1.0E0 ; :text 4 ."
    " id:b :by 5 .",
    "truth values": 'id:b :sold true, "1"^^xsd:boolean, "x" .',
    "texts in other languages": 'id:b :note "a"@en, "b"@fr, "c", "d"@en-GB, 3 .'
    ' id:b :text "e"@en, "f" .',
    "labels of all kinds": 'id:b rdfs:label "a"@en, "b"@en, "c", 4, "d"^^<https://e.example/t> .',
    "a label that is a thing": "id:b rdfs:label id:c .",
    "unusual signs": 'id:b :text "\\u0001\\u2028 </script> \\\\ \\"" ; rdfs:label "é😀"@en .',
    "a circle": "id:b :by id:c . id:c :by id:b . id:c :evidence id:c .",
    "itself": "id:b :by id:b ; rdf:subject id:b .",
    "blank nodes": "id:b :by [ :by [ :text 'x' ], _:c ] . _:c :by _:c .",
    "what is not joined to it": "id:b :by id:c . id:x :by id:y . id:y rdfs:label 'y' .",
    "a class": "id:b a :Book . id:x a id:b . id:y a id:b ; rdfs:label 'y' .",
    "a word of JSON-LD as a property": "id:b :id 'x' .",
    "a scheme that is a word": "id:b :by <note:x>, <label:y>, <id:z>, <Book:w> .",
    "only pointed to": "id:c :by id:b .",
    "a claim about a claim": "id:b :by id:c . id:d rdf:subject id:b ; rdf:object id:b ; :by id:b .",
}


def parsed(turtle: str) -> list[ox.Triple]:
    quads = ox.parse(PREFIXES + turtle, format=ox.RdfFormat.TURTLE)
    return rdf_io.canonical_triples(quad.triple for quad in quads)


@pytest.fixture(scope="module")
def schema() -> Schema:
    graph = ox.NamedNode(f"{BASE}graph/ontology/books")
    quads = ox.parse(ONTOLOGY, format=ox.RdfFormat.TURTLE)
    return Schema(
        [ox.Quad(q.subject, q.predicate, q.object, graph) for q in quads], {}, Vocabulary(BASE)
    )


@pytest.fixture(scope="module")
def context(schema: Schema) -> Context:
    return Context.of(schema)


def read_by_pyld(document: object) -> set[ox.Triple]:
    lines = pyld.to_rdf(document, {"format": "application/n-quads"})
    return canonical(rdf_io.parse_triples(lines.encode(), formats.NTRIPLES))


def read_by_oxigraph(document: object) -> set[ox.Triple]:
    return canonical(rdf_io.parse_triples(json.dumps(document).encode(), formats.JSONLD))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("read", [read_by_pyld, read_by_oxigraph])
def test_documents_expand_to_the_triples_that_they_are_made_of(
    context: Context, case: str, read
) -> None:
    triples = parsed(CASES[case])
    framed = jsonld.framed(f"{BASE}id/b", triples, context)
    flat = jsonld.flat(triples, context)
    for document in (framed, flat):
        assert read(json.loads(json.dumps(document))) == set(triples)


def test_a_script_reads_the_thing_at_the_top_and_its_facts_under_plain_keys(
    context: Context,
) -> None:
    framed = jsonld.framed(f"{BASE}id/b", parsed(BOOK), context)
    part = framed.pop("@context")
    assert list(part) == [key for key in context.document if key in part]
    assert framed == {
        "id": f"{BASE}id/b",
        "type": ["Novel"],
        "label": {"de": "Buch", "en": "Book"},
        "by": [{"id": f"{BASE}id/ann", "label": {"@none": "Ann"}}],
        "note": ["new"],
        "pages": 12,
        "claims": [
            {
                "id": f"{BASE}id/claim",
                "type": ["Claim"],
                "predicate": [{"id": f"{BASE}ontology#by"}],
                "object": [{"id": f"{BASE}id/ann", "label": {"@none": "Ann"}}],
                "evidence": [{"id": f"{BASE}id/words", "text": ["by Ann"]}],
            }
        ],
        "byOf": [{"id": f"{BASE}id/later", "label": {"en": "Later"}}],
        "included": [{"id": f"{BASE}id/shelf", f"{BASE}ontology#holds": [{"id": f"{BASE}id/b"}]}],
    }


def test_what_is_embedded_ends_no_script(context: Context) -> None:
    hostile = {"text": "</script><!-- & --><script>"}
    embedded = jsonld.embed(hostile)
    assert not {"<", ">", "&"} & set(embedded)
    assert json.loads(embedded) == hostile


def test_the_version_of_the_context_follows_its_content(schema: Schema, context: Context) -> None:
    assert Context.of(schema).version == context.version
    assert Context(context.terms, {}).version != context.version


def test_terms_of_schema_org_are_found_through_broader_terms(schema: Schema) -> None:
    thing = ox.NamedNode(f"{BASE}id/b")
    found = schema_org.translated(thing, parsed(BOOK), schema)
    document = schema_org.document(thing.value, found)
    assert document == {
        "@context": {"@vocab": "https://schema.org/"},
        "@id": thing.value,
        "@type": ["Book"],
        "author": [{"@id": f"{BASE}id/ann", "name": ["Ann"]}],
        "name": [
            {"@value": "Book", "@language": "en"},
            {"@value": "Buch", "@language": "de"},
        ],
    }
    assert read_by_pyld(document) == set(found)


def test_a_thing_without_a_class_of_schema_org_is_a_thing(schema: Schema) -> None:
    thing = ox.NamedNode(f"{BASE}id/claim")
    found = schema_org.translated(thing, parsed(BOOK), schema)
    assert schema_org.document(thing.value, found)["@type"] == ["Thing"]
