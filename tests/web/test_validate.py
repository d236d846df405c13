"""``/validate``: a report for what is RDF, an error for what is not, and no harm from either."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, SH

from migkg.engine.release import Release
from migkg.settings import Settings
from tests.conftest import BASE, Service, serve
from tests.web.client import MEDIA_TYPES, Reply, ask

THEME = f"{BASE}id/theme/new"
GOOD = f"""
@prefix mig: <{BASE}ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix scheme: <{BASE}id/scheme/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
scheme:themes a skos:ConceptScheme ; rdfs:label "Themes"@en ; skos:definition "All of them."@en .
<{THEME}> a mig:Theme ;
  skos:definition "A theme that is new."@en ;
  skos:inScheme scheme:themes ;
  skos:prefLabel "new"@en .
"""
BAD = GOOD.replace("skos:inScheme scheme:themes ;", "")
READERS = {"ttl": "turtle", "nt": "nt", "jsonld": "json-ld", "rdf": "xml", "nq": "nt"}
BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [<!ENTITY a0 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx">%s]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e.example/">
<rdf:Description rdf:about="http://e.example/s"><e:p>&a9;</e:p></rdf:Description></rdf:RDF>
""" % b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 16) for n in range(1, 10))
QUADRATIC = b"""<!DOCTYPE rdf:RDF [<!ENTITY a "%s">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e.example/">
<rdf:Description rdf:about="http://e.example/s" e:p="%s"/></rdf:RDF>
""" % (b"x" * 100_000, b"&a;" * 100_000)
LONG_BASE = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:e="http://e.example/" xml:base="http://e.example/%s/">%s</rdf:RDF>
""" % (
    b"x" * 100_000,
    b'<rdf:Description rdf:about="s"><e:p rdf:resource="o"/></rdf:Description>' * 30_000,
)
SLOW = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:e="http://e.example/">%s%s</rdf:RDF>
""" % (b"<rdf:Description><e:p>" * 150_000, b"</e:p></rdf:Description>" * 150_000)
UPLOAD_BYTES = 100_000


def validate(service: Service, document: str | bytes, name: str = "ttl", **headers: str) -> Reply:
    body = document.encode() if isinstance(document, str) else document
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return ask(
        service,
        "/validate",
        method="POST",
        headers={"Content-Type": MEDIA_TYPES.get(name, name), **named},
        body=body,
    )


def report(reply: Reply, name: str = "ttl") -> Graph:
    assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name]), reply.text
    graph = Graph().parse(reply.body, format=READERS[name])
    assert len(list(graph.subjects(RDF.type, SH.ValidationReport))) == 1
    return graph


def conforms(graph: Graph) -> bool:
    (verdict,) = graph.objects(None, SH.conforms)
    assert isinstance(verdict, Literal)
    return bool(verdict.toPython())


@pytest.fixture(scope="module")
def narrow_service(settings: Settings, release: Release) -> Iterator[Service]:
    """A service that takes small documents for a short time."""
    limits = {"MIGKG_UPLOAD_BYTES": str(UPLOAD_BYTES)}
    with serve(settings, release, **limits) as running_service:
        yield running_service


@contextmanager
def nobody_calls() -> Iterator[str]:
    """An address on which nobody may have connected when the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_good_data_conforms(service: Service) -> None:
    graph = report(validate(service, GOOD))
    assert conforms(graph)
    assert list(graph.subjects(RDF.type, SH.ValidationResult)) == []


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # used by rdflib itself
@pytest.mark.parametrize("name", list(READERS))
def test_bad_data_gives_the_standard_report_in_the_accepted_format(
    service: Service, name: str
) -> None:
    graph = report(validate(service, BAD, Accept=MEDIA_TYPES[name]), name)
    assert not conforms(graph)
    results = list(graph.subjects(RDF.type, SH.ValidationResult))
    assert results
    for result in results:
        for predicate in (
            SH.focusNode,
            SH.resultMessage,
            SH.resultSeverity,
            SH.sourceShape,
            SH.sourceConstraintComponent,
        ):
            assert graph.value(result, predicate) is not None
    assert (None, SH.focusNode, URIRef(THEME)) in graph
    assert (None, SH.sourceShape, URIRef(f"{BASE}shapes#Theme-inScheme")) in graph


@pytest.mark.parametrize("name", ["ttl", "nt", "rdf", "jsonld", "trig", "nq"])
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # used by rdflib itself
def test_every_format_is_read(service: Service, name: str) -> None:
    written = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld", "trig": "turtle", "nq": "nt"}
    for document, expected in ((GOOD, True), (BAD, False)):
        text = (
            Graph()
            .parse(data=document, format="turtle")
            .serialize(format=written.get(name, name), encoding="utf-8")
        )
        assert conforms(report(validate(service, text, name))) is expected


def test_rules_in_sparql_are_applied(service: Service) -> None:
    sdg = "http://metadata.un.org/sdg"
    document = f"""
    @prefix o: <{sdg}/ontology#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
    <{sdg}/1> a o:Goal ; skos:prefLabel "Goal"@en .
    <{sdg}/10.7> a o:Target ; o:isTargetOf <{sdg}/1> ; skos:prefLabel "Target"@en ."""
    graph = report(validate(service, document))
    assert (None, SH.sourceConstraintComponent, SH.SPARQLConstraintComponent) in graph


def test_a_document_without_triples_conforms(service: Service) -> None:
    assert conforms(report(validate(service, "# Nothing.")))


@pytest.mark.parametrize("name", ["ttl", "rdf"])
def test_an_empty_document_is_400(service: Service, name: str) -> None:
    problem = validate(service, " \n", name).problem(400, "bad-document")
    assert problem["detail"] == "The document is empty."


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ("this is not Turtle", "ttl"),
        ("<a:a> <a:a> <a:a>", "nt"),
        (b"\xff\xfe\x00", "ttl"),
        ("{", "jsonld"),
        ("<rdf:RDF>", "rdf"),
        ("<a:s> <a:p> <<( <a:s> <a:p> <a:o> )>> .", "nt"),
    ],
)
def test_rubbish_is_400_and_says_why(service: Service, document: str | bytes, name: str) -> None:
    assert validate(service, document, name).problem(400, "bad-document")["detail"]


@pytest.mark.parametrize("name", ["text/csv", "application/json", "application/xml", ""])
def test_another_type_is_415_and_names_what_is_taken(service: Service, name: str) -> None:
    reply = validate(service, GOOD, name)
    reply.problem(415, "unsupported-media-type")
    assert "text/turtle" in reply.headers["Accept-Post"]


def test_a_compressed_document_is_415(service: Service) -> None:
    reply = validate(service, GOOD, Content_Encoding="gzip")
    reply.problem(415, "unsupported-media-type")


def test_a_compressed_document_that_does_not_say_so_is_400(service: Service) -> None:
    validate(service, gzip.compress(GOOD.encode())).problem(400, "bad-document")


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", '"UTF-7"'])
def test_another_charset_is_415(service: Service, charset: str) -> None:
    validate(service, GOOD, f"text/turtle; charset={charset}").problem(415, "bad-charset")


def test_the_charset_may_be_named(service: Service) -> None:
    assert conforms(report(validate(service, GOOD, 'Text/Turtle; x=y ;charset="UTF-8"')))


def test_a_report_in_a_format_that_is_not_there_is_406(service: Service) -> None:
    validate(service, GOOD, Accept="text/html").problem(406, "not-acceptable")


def test_get_is_405(service: Service) -> None:
    reply = ask(service, "/validate")
    reply.problem(405, "method-not-allowed")
    assert reply.headers["Allow"] == "POST, OPTIONS"


def test_a_document_that_is_too_large_is_413(narrow_service: Service) -> None:
    fitting = GOOD + "#" * (UPLOAD_BYTES - len(GOOD))
    assert conforms(report(validate(narrow_service, fitting)))
    validate(narrow_service, fitting + "#").problem(413, "too-large")


def test_a_chunked_document_that_is_too_large_is_413(narrow_service: Service) -> None:
    size = UPLOAD_BYTES + 1
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"#" * size)
    reply = ask(
        narrow_service,
        "/validate",
        method="POST",
        headers={"Content-Type": "text/turtle", "Transfer-Encoding": "chunked"},
        body=chunked,
    )
    reply.problem(413, "too-large")


def nested(opening: str, inner: str, closing: str, depth: int) -> str:
    return opening * depth + inner + closing * depth


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (BOMB, "rdf"),
        (QUADRATIC, "rdf"),
        (LONG_BASE, "rdf"),
        (nested('{"http://e.example/p":', '"x"', "}", 100_000), "jsonld"),
        (nested("[", '"x"', "]", 500_000), "jsonld"),
        ("<a:s> <a:p> " + nested("<<( <a:s> <a:p> ", "<a:o>", " )>>", 50_000) + " .", "nt"),
    ],
    ids=[
        "xml entity bomb",
        "xml entity used often",
        "xml base used often",
        "nested objects",
        "nested arrays",
        "nested triple terms",
    ],
)
def test_a_document_that_attacks_its_reader_costs_only_its_sender(
    service: Service, document: str | bytes, name: str
) -> None:
    reply = validate(service, document, name)
    assert reply.status in (400, 413), reply.text
    assert reply.json()["type"].startswith("/docs#")
    assert conforms(report(validate(service, GOOD)))


def test_a_document_that_takes_too_long_is_503(settings: Settings, release: Release) -> None:
    with serve(settings, release, MIGKG_VALIDATE_DEADLINE="8") as impatient:
        validate(impatient, SLOW, "rdf").problem(503, "validation-timeout")
        assert conforms(report(validate(impatient, GOOD)))


def test_deep_nesting_that_can_be_read_is_read(service: Service) -> None:
    document = "<a:s> <a:p> " + nested("[ <a:p> ", "1", "]", 20_000) + " ."
    assert conforms(report(validate(service, document)))


REMOTE = {
    "context": ("jsonld", lambda url: json.dumps({"@context": url, "@id": "a:s", "p": "o"})),
    "contexts": ("jsonld", lambda url: json.dumps({"@context": [{"@version": 1.1}, url]})),
    "import": ("jsonld", lambda url: json.dumps({"@context": {"@import": url}, "@id": "a:s"})),
    "scoped context": (
        "jsonld",
        lambda url: json.dumps(
            {"@context": {"p": {"@id": "a:p", "@context": url}}, "@id": "a:s", "p": {"q": "o"}}
        ),
    ),
    "file context": ("jsonld", lambda _: json.dumps({"@context": "file:///etc/passwd"})),
    "external entity": (
        "rdf",
        lambda url: (
            f'<!DOCTYPE r [<!ENTITY e SYSTEM "{url}">]>'
            '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="a:">'
            '<r:Description r:about="a:s"><e:p>&e;</e:p></r:Description></r:RDF>'
        ),
    ),
}


@pytest.mark.parametrize(("name", "document"), REMOTE.values(), ids=list(REMOTE))
def test_what_stands_elsewhere_is_not_fetched_but_refused(service, name, document) -> None:
    with nobody_calls() as url:
        problem = validate(service, document(url), name).problem(400, "bad-document")
    if name == "jsonld":
        assert "write the context into the document" in problem["detail"]


def test_imports_and_shapes_of_the_document_are_not_followed(service: Service) -> None:
    with nobody_calls() as url:
        document = f"""{GOOD}
        <{url}> a <http://www.w3.org/2002/07/owl#Ontology> ;
          <http://www.w3.org/2002/07/owl#imports> <{url}/imported> ;
          <http://www.w3.org/ns/shacl#shapesGraph> <{url}/shapes> .
        [] a <http://www.w3.org/ns/shacl#NodeShape> ;
          <http://www.w3.org/ns/shacl#targetNode> <{THEME}> ;
          <http://www.w3.org/ns/shacl#class> <{url}/Class> ."""
        graph = report(validate(service, document))
    assert (None, SH.focusNode, URIRef(THEME)) not in graph
