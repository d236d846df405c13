"""RDF files in and out, with the engine's own parsers and writers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pyoxigraph as ox
import rdflib
from rdflib import Graph
from rdflib.namespace import SH
from rdflib.term import Node

from migkg.engine.answering import RDF_FORMATS
from migkg.engine.sources import Source, opened
from migkg.errors import BadFile, BadUpload, BrokenFile
from migkg.model.formats import NOT_XML, NTRIPLES, Format

Triple = ox.Triple
Quad = ox.Quad
NamedNode = ox.NamedNode
BlankNode = ox.BlankNode
Literal = ox.Literal

_REMOTE_CONTEXT = "LoadDocumentCallback"  # the parser's way to say that a context is remote
_SYNTAX_PLACE = "{path}:{line}:{column}: {message}"


@dataclass(frozen=True)
class RdfFile:
    """The triples of one file and the prefixes that it declares."""

    path: Path
    triples: list[ox.Triple]
    prefixes: dict[str, str] = field(default_factory=dict)


def read_turtle(path: Path) -> RdfFile:
    """The content of a Turtle file; a syntax error names file, line and column."""
    try:
        content = path.read_bytes()
        parser = ox.parse(content, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
        triples = [quad.triple for quad in parser]
    except SyntaxError as error:
        raise BrokenFile(_place(path, error)) from None
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    return RdfFile(path, triples, dict(parser.prefixes))


def read_graph_file(source: Source) -> dict[str, RdfFile]:
    """The content of a file of any format by the names of its graphs.

    Raises :class:`BrokenFile` with file, line and column, and for graphs that are blank nodes.
    """
    graphs: dict[str, list[ox.Triple]] = {}
    with opened(source) as (stream, _):
        parser = ox.parse(
            stream,
            format=RDF_FORMATS[source.format.name],
            base_iri=source.base_iri,
            rename_blank_nodes=True,
        )
        try:
            for quad in parser:
                graphs.setdefault(_graph_of(quad, source), []).append(quad.triple)
        except SyntaxError as error:
            raise BrokenFile(_place(source.path, error)) from None
        prefixes = dict(parser.prefixes)
    return {graph: RdfFile(source.path, found, prefixes) for graph, found in graphs.items()}


def _graph_of(quad: ox.Quad, source: Source) -> str:
    if isinstance(quad.graph_name, ox.BlankNode):
        raise BrokenFile(f"{source.path}: a graph has no name; give it an IRI.")
    return quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else source.graph_iri


def _place(path: Path, error: SyntaxError) -> str:
    line, column = error.lineno or "?", error.offset or "?"
    return _SYNTAX_PLACE.format(path=path, line=line, column=column, message=error.msg)


def absolute_iri(text: str) -> str:
    """The text itself, if it is an absolute IRI; raises :class:`BadFile`."""
    try:
        (quad,) = ox.parse(f"<{text}> <a:a> <a:a> .", format=ox.RdfFormat.N_TRIPLES)
    except (SyntaxError, ValueError):
        raise BadFile(f"{text} is not an absolute IRI.") from None
    if quad.subject != ox.NamedNode(text):
        raise BadFile(f"{text} is not an absolute IRI.")
    return text


def bad_document(rdf_format: Format, error: SyntaxError) -> BadUpload:
    """Why a document could not be read, in the parser's words where they help."""
    if _REMOTE_CONTEXT in error.msg:
        return BadUpload(
            "The document needs a context that stands elsewhere, and nothing is fetched: "
            "write the context into the document."
        )
    return BadUpload(f"The document is not {rdf_format.label}: {error.msg}.")


def parse_upload(data: bytes, rdf_format: Format, base_iri: str) -> list[ox.Triple]:
    """The triples of an uploaded document, of all its graphs; no remote context is fetched.

    Raises :class:`BadUpload` for what is not of the format, for a document of white space alone,
    which is sent by mistake, and for characters that the report could not repeat in RDF/XML.
    """
    if not data.strip():
        raise BadUpload("The document is empty.")
    try:
        quads = ox.parse(data, format=RDF_FORMATS[rdf_format.name], base_iri=base_iri)
        triples = [quad.triple for quad in quads]
    except SyntaxError as error:
        raise bad_document(rdf_format, error) from None
    for triple in triples:
        found = isinstance(triple.object, ox.Literal) and NOT_XML.search(triple.object.value)
        if found:
            raise BadUpload(f"The document holds the character U+{ord(found.group()):04X}.")
    return triples


def parse_triples(data: bytes, rdf_format: Format) -> list[ox.Triple]:
    """The triples of an answer that an engine wrote."""
    return [quad.triple for quad in ox.parse(data, format=RDF_FORMATS[rdf_format.name])]


def named_node(iri: str) -> ox.NamedNode | None:
    """The node of an absolute IRI; None for what is none."""
    try:
        return ox.NamedNode(iri)
    except ValueError:
        return None


def parse_lines(ntriples: bytes) -> list[ox.Triple]:
    """The triples of an answer in N-Triples without repetition, in a fixed order.

    Blank nodes, if there are any, get canonical labels.
    """
    lines = b"\n".join(sorted(set(ntriples.splitlines())))
    triples = parse_triples(lines, NTRIPLES)
    terms = (term for triple in triples for term in (triple.subject, triple.object))
    if any(isinstance(term, ox.BlankNode) for term in terms):
        return canonical_triples(triples)
    return triples


def write_triples(
    triples: Iterable[ox.Triple] | Iterable[ox.Quad],
    rdf_format: Format,
    output: BinaryIO | None = None,
    *,
    prefixes: Mapping[str, str] | None = None,
) -> bytes:
    """Triples, or quads for a dataset format, as text; written to ``output`` if one is given."""
    engine_format = RDF_FORMATS[rdf_format.name]
    written = ox.serialize(
        triples, output, engine_format, prefixes=dict(prefixes) if prefixes else None
    )
    return written or b""


def used_prefixes(triples: Iterable[ox.Triple], prefixes: Mapping[str, str]) -> dict[str, str]:
    """The prefixes that shorten something in a small document."""
    terms = {term for triple in triples for term in triple}
    iris = {t.value for t in terms if isinstance(t, ox.NamedNode)}
    iris |= {t.datatype.value for t in terms if isinstance(t, ox.Literal)}
    namespaces = {iri[: max(map(iri.rfind, "#/:")) + 1] for iri in iris}
    return {prefix: ns for prefix, ns in prefixes.items() if ns in namespaces}


def canonical_quads(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """The quads with canonical blank node labels, in the order of their N-Quads lines.

    Source: RDF Dataset Canonicalization (RDFC-1.0), https://www.w3.org/TR/rdf-canon/.
    """
    data = ox.Dataset(quads)
    data.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(data, key=_line)


def canonical_triples(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """The triples with canonical blank node labels, without repetition, in a fixed order."""
    quads = canonical_quads(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    return [quad.triple for quad in quads]


def _line(quad: ox.Quad) -> bytes:
    return ox.serialize([quad], format=ox.RdfFormat.N_QUADS) or b""


def to_rdflib(triples: Iterable[ox.Triple]) -> Graph:
    """The triples as an rdflib graph, literals exactly as written."""
    graph = Graph()
    for triple in triples:
        graph.add(
            (
                rdflib_term(triple.subject),
                rdflib_term(triple.predicate),
                rdflib_term(triple.object),
            )
        )
    return graph


def rdflib_term(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Node:
    """One term for rdflib; triple terms (RDF 1.2) have no counterpart there."""
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    if isinstance(term, ox.Literal):
        if term.language:
            return rdflib.Literal(term.value, lang=term.language)
        plain = term.datatype.value == "http://www.w3.org/2001/XMLSchema#string"
        datatype = None if plain else rdflib.URIRef(term.datatype.value)
        return rdflib.Literal(term.value, datatype=datatype, normalize=False)
    raise BadUpload("Triple terms (RDF 1.2) are not supported here.")


def declared_prefixes(triples: Iterable[ox.Triple]) -> dict[str, str]:
    """The prefixes that a graph declares with ``sh:declare``
    (https://www.w3.org/TR/shacl/#sparql-prefixes)."""
    values: dict[str, dict[str, str]] = {}
    for triple in triples:
        if triple.predicate.value in (str(SH.prefix), str(SH.namespace)) and isinstance(
            triple.object, ox.Literal
        ):
            values.setdefault(str(triple.subject), {})[triple.predicate.value] = triple.object.value
    pairs = ((v.get(str(SH.prefix)), v.get(str(SH.namespace))) for v in values.values())
    return {
        prefix: namespace for prefix, namespace in sorted(pairs, key=str) if prefix and namespace
    }


def read_graph(store: Path, graph_iri: str) -> list[ox.Triple]:
    """The triples of one named graph of an N-Quads file."""
    name = ox.NamedNode(graph_iri)
    return [quad.triple for quad in read_quads(store) if quad.graph_name == name]


def read_quads(store: Path) -> Iterable[ox.Quad]:
    """The quads of an N-Quads file, as they stand there."""
    return ox.parse(path=str(store), format=ox.RdfFormat.N_QUADS)


def read_graphs(store: Path, *starts: str) -> Iterable[ox.Quad]:
    """The quads of the graphs whose names start with one of ``starts``.

    The lines of canonical N-Quads are sorted out by their last term before they are parsed, which
    spares most of the work when the graphs are a small part.
    """
    marks = tuple(f" <{start}".encode() for start in starts)
    with store.open("rb") as lines:
        wanted = b"".join(line for line in lines if line[line.rindex(b" <") :].startswith(marks))
    return ox.parse(wanted, format=ox.RdfFormat.N_QUADS)
