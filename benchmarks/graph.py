"""A graph of the project's shape, of any size, as N-Quads.

The same arguments give the same bytes on every machine: every choice comes from integer
arithmetic on the number of the block that it stands in, and nothing depends on a hash seed, a
library or the version of Python. The lines are made one block at a time, so memory does not grow
with the size.

A block is one thing with its label in one to three languages, its links, two claims with their
evidence and selectors, and an observation; every twentieth block begins with a theme of the
hierarchy. Links lead to blocks before, so every one of them is met. No triple occurs twice, not
even in two graphs, so the union of the graphs has as many triples as there are lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, count, islice
from pathlib import Path

BASE = "https://w3id.org/migkg/"
MIG = f"{BASE}ontology#"
OA = "http://www.w3.org/ns/oa#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"

KINDS = (("city", "City"), ("org", "Organisation"), ("event", "Event"), ("person", "Person"))
DOCUMENTS = 16
INDICATORS = 24
BLOCKS_PER_THEME = 20
_THEME_CHILDREN = 4
_MASK = 2**64 - 1
_TEXT = """
migration city council housing plan network region record people arrival school labour health policy
partner mayor report share figure border family return fund city-to-city São Zürich Łódź Quito Tōkyō
Αθήνα año población données exchange forum agreement target
"""
_WORDS = _TEXT.split()


class Draw:
    """Numbers that depend on the seed alone.

    Source: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    """

    def __init__(self, seed: int) -> None:
        self._state = (seed * 0xD1342543DE82EF95 + 0x2545F4914F6CDD1D) & _MASK

    def below(self, limit: int) -> int:
        """A number from 0 to ``limit`` - 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) >> 11) % limit

    def words(self, number: int) -> str:
        """That many words, with blanks between them."""
        return " ".join(_WORDS[self.below(len(_WORDS))] for _ in range(number))


def lines(triples: int, *, seed: int = 1) -> Iterator[str]:
    """The first ``triples`` lines of the graph, each an N-Quads line without its end."""
    return islice(chain.from_iterable(_block(number, seed) for number in count()), triples)


def write(path: Path, triples: int, *, seed: int = 1) -> None:
    """Writes the graph to a file, which is there only when it is complete."""
    draft = path.with_name(path.name + ".draft")
    with draft.open("w", encoding="utf-8", newline="\n") as output:
        output.writelines(f"{line}\n" for line in lines(triples, seed=seed))
    draft.replace(path)


def thing(number: int) -> str:
    """The IRI of the thing of a block."""
    kind, _ = KINDS[number % len(KINDS)]
    return f"{BASE}id/{kind}/{kind}-{number}"


def subjects(path: Path) -> list[str]:
    """The IRIs of everything that a file of this graph describes, fragments aside."""
    start = f"<{BASE}id/"
    with path.open(encoding="utf-8") as source:
        found = dict.fromkeys(
            line[1 : line.index(">")] for line in source if line.startswith(start)
        )
    return [iri for iri in found if "#" not in iri]


def things(path: Path) -> list[str]:
    """The IRIs of those among the subjects that have claims of their own."""
    mark = f"> <{RDF}subject> <"
    with path.open(encoding="utf-8") as source:
        found = (line.split(mark)[1].partition(">")[0] for line in source if mark in line)
        return list(dict.fromkeys(found))


def _block(number: int, seed: int) -> Iterator[str]:
    draw = Draw(seed * 0x100000000 + number)
    if number % BLOCKS_PER_THEME == 0:
        yield from _theme(number // BLOCKS_PER_THEME, draw)
    yield from _thing(number, draw)
    for claim in range(2):
        yield from _claim(number, claim, draw)
    yield from _observation(number, draw)


def _theme(number: int, draw: Draw) -> Iterator[str]:
    iri = _theme_iri(number)
    yield _quad(iri, f"{RDF}type", _iri(f"{MIG}Theme"), "themes")
    yield _quad(iri, f"{SKOS}inScheme", _iri(f"{BASE}id/scheme/themes"), "themes")
    yield _quad(iri, f"{SKOS}prefLabel", _text(f"{draw.words(2)} {number}", "en"), "themes")
    yield _quad(iri, f"{SKOS}prefLabel", _text(f"{draw.words(2)} {number}", "fr"), "themes")
    if number:
        parent = _theme_iri((number - 1) // _THEME_CHILDREN)
        yield _quad(iri, f"{SKOS}broader", _iri(parent), "themes")


def _thing(number: int, draw: Draw) -> Iterator[str]:
    iri, graph = thing(number), KINDS[number % len(KINDS)][0]
    yield _quad(iri, f"{RDF}type", _iri(f"{MIG}{KINDS[number % len(KINDS)][1]}"), graph)
    for language in ("en", "es", "fr")[: 1 + draw.below(3)]:
        label = _text(f"{draw.words(3)} {number}", language)
        yield _quad(iri, f"{RDFS}label", label, graph)
    theme = _theme_iri(draw.below(number // BLOCKS_PER_THEME + 1))
    yield _quad(iri, f"{MIG}hasTheme", _iri(theme), graph)
    yield _quad(iri, f"{MIG}mentionedIn", _iri(_document_iri(number % DOCUMENTS)), graph)
    if number:
        yield _quad(iri, f"{MIG}locatedIn", _iri(thing(draw.below(number))), graph)


def _claim(number: int, which: int, draw: Draw) -> Iterator[str]:
    document = (number + which) % DOCUMENTS
    graph = f"document/{document}"
    iri = f"{BASE}id/claim/{number:08x}{which}"
    start = draw.below(90_000)
    end = start + 10 + draw.below(60)
    evidence = f"{BASE}id/evidence/{document}-{number}-{which}"
    predicate, value = (
        (f"{MIG}mentionedIn", _iri(_document_iri(number % DOCUMENTS))),
        (f"{MIG}locatedIn", _iri(thing(draw.below(number + 1)))),
    )[which]
    yield _quad(iri, f"{RDF}type", _iri(f"{MIG}Claim"), graph)
    yield _quad(iri, f"{RDF}subject", _iri(thing(number)), graph)
    yield _quad(iri, f"{RDF}predicate", _iri(predicate), graph)
    yield _quad(iri, f"{RDF}object", value, graph)
    yield _quad(iri, f"{MIG}claimedIn", _iri(_document_iri(document)), graph)
    yield _quad(iri, f"{MIG}modality", _iri(f"{BASE}id/code/reported"), graph)
    yield _quad(iri, f"{MIG}assessment", _iri(f"{BASE}id/code/accepted"), graph)
    yield _quad(iri, f"{MIG}evidence", _iri(evidence), graph)
    yield _quad(evidence, f"{RDF}type", _iri(f"{MIG}Evidence"), graph)
    yield _quad(evidence, f"{OA}hasSource", _iri(_document_iri(document)), graph)
    passage = f"{_document_iri(document)}/p/{start // 300}"
    yield _quad(evidence, f"{MIG}inPassage", _iri(passage), graph)
    yield from _selectors(evidence, graph, draw, (start, end))


def _selectors(evidence: str, graph: str, draw: Draw, place: tuple[int, int]) -> Iterator[str]:
    quote, position = f"{evidence}#quote", f"{evidence}#position"
    yield _quad(evidence, f"{OA}hasSelector", _iri(quote), graph)
    yield _quad(evidence, f"{OA}hasSelector", _iri(position), graph)
    yield _quad(quote, f"{RDF}type", _iri(f"{OA}TextQuoteSelector"), graph)
    yield _quad(quote, f"{OA}exact", _text(draw.words(4 + draw.below(6))), graph)
    yield _quad(quote, f"{OA}prefix", _text(draw.words(4)), graph)
    yield _quad(quote, f"{OA}suffix", _text(draw.words(4)), graph)
    yield _quad(position, f"{RDF}type", _iri(f"{OA}TextPositionSelector"), graph)
    for name, value in zip(("start", "end"), place, strict=True):
        yield _quad(position, f"{OA}{name}", _number(value, "integer"), graph)


def _observation(number: int, draw: Draw) -> Iterator[str]:
    iri = f"{BASE}id/observation/{number}"
    indicator = draw.below(INDICATORS)
    value = f"{draw.below(100)}.{1 + draw.below(9)}"
    yield _quad(iri, f"{RDF}type", _iri(f"{MIG}Observation"), "figures")
    yield _quad(iri, f"{RDFS}label", _text(f"{draw.words(4)} {number}", "en"), "figures")
    yield _quad(iri, f"{MIG}indicator", _iri(f"{BASE}id/indicator/{indicator}"), "figures")
    yield _quad(iri, f"{MIG}refArea", _iri(thing(number)), "figures")
    yield _quad(iri, f"{MIG}number", _number(value, "decimal"), "figures")
    yield _quad(iri, f"{MIG}year", _number(1990 + draw.below(36), "integer"), "figures")
    document = _iri(_document_iri(number % DOCUMENTS))
    yield _quad(iri, f"{MIG}claimedIn", document, "figures")


def _theme_iri(number: int) -> str:
    return f"{BASE}id/theme/theme-{number}"


def _document_iri(number: int) -> str:
    return f"{BASE}id/document/{number}"


def _quad(subject: str, predicate: str, value: str, graph: str) -> str:
    return f"<{subject}> <{predicate}> {value} <{BASE}graph/{graph}> ."


def _iri(iri: str) -> str:
    return f"<{iri}>"


def _text(text: str, language: str = "") -> str:
    return f'"{text}"@{language}' if language else f'"{text}"'


def _number(value: int | str, datatype: str) -> str:
    return f'"{value}"^^<{XSD}{datatype}>'
