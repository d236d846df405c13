"""The dump in RDF 1.2: every claim is a reifier, and nothing is lost."""

from __future__ import annotations

import pyoxigraph as ox

from migkg.engine.release import Release
from migkg.services import reifiers
from migkg.services.reifiers import reified, turtle

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(name if ":" in name else f"https://example.org/{name}")


def expanded(triples: list[ox.Triple]) -> set[ox.Triple]:
    """The same with RDF 1.1 reification."""
    found = set()
    for triple in triples:
        if triple.predicate == node(f"{RDF}reifies"):
            term = triple.object
            assert isinstance(term, ox.Triple)
            for name in ("subject", "predicate", "object"):
                found.add(ox.Triple(triple.subject, node(RDF + name), getattr(term, name)))
        else:
            found.add(triple)
    return found


def test_the_dump_says_what_the_release_says(release: Release) -> None:
    path = release.folder / reifiers.FILE
    dump = [quad.triple for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)]
    claims = [t for t in dump if t.predicate == node(f"{RDF}reifies")]
    assert len(claims) > 1000
    assert not [t for t in dump if t.predicate == node(f"{RDF}subject")]
    quads = ox.parse(path=str(release.store), format=ox.RdfFormat.N_QUADS)
    same = {quad.triple for quad in quads if not _blank(quad.triple)}
    assert {triple for triple in expanded(dump) if not _blank(triple)} == same


def _blank(triple: ox.Triple) -> bool:
    return any(isinstance(term, ox.BlankNode) for term in triple)


def test_a_reification_that_lacks_a_part_stays() -> None:
    half = [
        ox.Triple(node("c"), node(f"{RDF}subject"), node("s")),
        ox.Triple(node("c"), node(f"{RDF}predicate"), node("p")),
    ]
    assert reified(half) == half
    literal = [*half[:1], ox.Triple(node("c"), node(f"{RDF}predicate"), ox.Literal("p"))]
    literal.append(ox.Triple(node("c"), node(f"{RDF}object"), node("o")))
    assert reified(literal) == literal


def test_without_claims_there_is_no_such_dump() -> None:
    assert turtle([ox.Triple(node("s"), node("p"), node("o"))], {}) is None
