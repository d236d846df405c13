"""What strangers send is read as the RDF that it is, or refused; nothing else is read for it."""

from __future__ import annotations

import json

import pytest

from migkg.engine.rdf_io import parse_upload
from migkg.errors import BadUpload
from migkg.model import formats

BASE = "https://example.org/"
XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"{}>'
    "{}</rdf:RDF>"
)
VALUE = XML.format("", '<rdf:Description rdf:about="http://e/s"><e:p>{}</e:p></rdf:Description>')
NODE = {"@id": "http://e/s", "http://e/p": "o"}
CONTEXTS = {
    "alone": lambda url: {"@context": url, **NODE},
    "in an array": lambda url: {"@context": [{"@version": 1.1}, url], **NODE},
    "of a property": lambda url: {
        "@context": {"q": {"@id": "http://e/q", "@context": url}},
        **NODE,
        "q": {"http://e/z": 1},
    },
    "of a property, unused": lambda url: {
        "@context": {"q": {"@id": "http://e/q", "@context": url}},
        **NODE,
    },
    "of a type": lambda url: {
        "@context": {"T": {"@id": "http://e/T", "@context": url}},
        **NODE,
        "@type": "T",
    },
    "of a node inside": lambda url: {**NODE, "http://e/q": {"@context": url, "http://e/z": 1}},
    "imported": lambda url: {"@context": {"@version": 1.1, "@import": url}, **NODE},
}
URLS = ["http://127.0.0.1:9/", "file:///etc/passwd", "context.jsonld", "/context.jsonld", ""]


def parse(document: str | bytes, name: str) -> list[str]:
    data = document.encode() if isinstance(document, str) else document
    return [str(triple) for triple in parse_upload(data, formats.BY_NAME[name], BASE)]


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("document", CONTEXTS.values(), ids=list(CONTEXTS))
def test_a_context_that_stands_elsewhere_is_refused(document, url: str) -> None:
    with pytest.raises(BadUpload):
        parse(json.dumps(document(url)), "jsonld")


@pytest.mark.parametrize("name", [name for name in CONTEXTS if name != "imported"])
def test_the_same_document_with_its_context_inside_is_read(name: str) -> None:
    assert parse(json.dumps(CONTEXTS[name]({"@version": 1.1})), "jsonld")


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY e SYSTEM "http://127.0.0.1:9/">',
        '<!ENTITY e SYSTEM "file:///etc/passwd">',
        '<!ENTITY e PUBLIC "x" "file:///etc/passwd">',
        '<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;',
        "<!ENTITY % p \"<!ENTITY e 'x'>\"> %p;",
        '<!ENTITY e "&e;">',
        '<!ENTITY e "&f;"><!ENTITY f "&e;">',
    ],
)
def test_an_entity_that_is_not_a_plain_text_is_refused(declaration: str) -> None:
    with pytest.raises(BadUpload):
        parse(f"<!DOCTYPE r [{declaration}]>" + VALUE.format("&e;"), "rdf")


def test_a_plain_entity_is_read() -> None:
    document = '<!DOCTYPE r [<!ENTITY e "http://e/">]>' + VALUE.format("&e;x")
    assert parse(document, "rdf") == ['<http://e/s> <http://e/p> "http://e/x"']


@pytest.mark.parametrize("name", ["ttl", "nt", "nq", "trig", "jsonld", "rdf"])
@pytest.mark.parametrize("document", [b"", b" \r\n\t"])
def test_a_document_of_nothing_is_refused(name: str, document: bytes) -> None:
    with pytest.raises(BadUpload, match="is empty"):
        parse(document, name)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("ttl", '<a:s> <a:p> "é" .'),
        ("nt", '<a:s> <a:p> "é" .'),
        ("jsonld", '{"@id": "http://e/s", "http://e/p": "é"}'),
        ("rdf", VALUE.format("é")),
        ("rdf", '<?xml version="1.0" encoding="{}"?>' + VALUE.format("é")),
    ],
)
def test_another_encoding_is_refused(name: str, document: str, encoding: str) -> None:
    assert len(parse(document.replace("{}", "utf-8"), name)) == 1
    with pytest.raises(BadUpload):
        parse(document.replace("{}", encoding).encode(encoding), name)


@pytest.mark.parametrize("code", [0, 1, 8, 0xB, 0xC, 0x1F, 0xFFFE, 0xFFFF])
def test_a_character_that_no_xml_can_hold_is_refused(code: int) -> None:
    with pytest.raises(BadUpload, match=f"U\\+{code:04X}"):
        parse(f'<a:s> <a:p> "x\\u{code:04X}" .', "ttl")


def test_other_characters_are_read() -> None:
    assert len(parse('<a:s> <a:p> "\\t\\n\\r\\u0020\\u007F\\uFFFD\\U0001F47E" .', "ttl")) == 1


@pytest.mark.parametrize(
    ("base", "iri"),
    [("http://e/a/", "http://e/a/b"), ("http://e/a?q#f", "http://e/b"), ("urn:x:y", "urn:b")],
)
def test_a_base_is_only_joined(base: str, iri: str) -> None:
    body = '<rdf:Description rdf:about="b"><e:p>x</e:p></rdf:Description>'
    assert parse(XML.format(f' xml:base="{base}"', body), "rdf") == [f'<{iri}> <http://e/p> "x"']


@pytest.mark.parametrize(
    "base", ["../x", "//host/x", "http://[::1", "http://e/&#0;", "http://a b/"]
)
def test_a_base_that_is_no_iri_is_refused(base: str) -> None:
    body = '<rdf:Description rdf:about="b"><e:p>x</e:p></rdf:Description>'
    with pytest.raises(BadUpload):
        parse(XML.format(f' xml:base="{base}"', body), "rdf")


@pytest.mark.parametrize(
    "number", ["9" * 100_000, "0." + "9" * 100_000, "1e999999999", "-" + "0" * 100_000 + "1"]
)
def test_numbers_are_kept_as_written(number: str) -> None:
    (triple,) = parse(f"<a:s> <a:p> {number} .", "ttl")
    assert number in triple


@pytest.mark.parametrize("text", ['"\\ud800"', "NaN", '"\\ud83d\\u0041"'])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(BadUpload):
        parse(f'{{"@id": "http://e/s", "http://e/p": {text}}}', "jsonld")
