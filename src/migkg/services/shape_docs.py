"""The documentation of the shapes: what each demands, in words, and a diagram of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rdflib.namespace import RDF, RDFS, SH

from migkg.engine.rdf_io import NamedNode, Triple
from migkg.model.messages import translatable
from migkg.services.relations import Diagram, Name, Relation, diagram, named
from migkg.services.schema import Schema

_TARGETS = {
    str(SH.targetClass): translatable("things of the class"),
    str(SH.targetSubjectsOf): translatable("what has"),
    str(SH.targetObjectsOf): translatable("values of"),
    str(SH.targetNode): translatable("the thing"),
}
_PARTS = (str(SH.property), str(SH.sparql))
_TOLD = frozenset(
    (
        str(RDF.type),
        str(RDFS.label),
        str(SH.name),
        str(SH.path),
        str(SH.prefixes),
        *_PARTS,
        *_TARGETS,
    )
)
_WORDS = frozenset(map(str, (SH.message, SH.description, RDFS.comment)))


@dataclass(frozen=True)
class Value:
    """A value of a constraint; ``iri`` is empty for a literal."""

    text: str
    iri: str = ""


@dataclass(frozen=True)
class Rule:
    """What one shape demands: in words, and each constraint with its values."""

    iri: str
    label: str
    path: str
    messages: tuple[str, ...]
    constraints: tuple[tuple[str, tuple[Value, ...]], ...]


@dataclass(frozen=True)
class ShapeDocs:
    """A shape that stands by itself: what it is for, and its rules, its own first."""

    iri: str
    label: str
    targets: tuple[tuple[str, str], ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class ShapesDocumentation:
    """All shapes, and the diagram of the classes that they are for."""

    shapes: tuple[ShapeDocs, ...]
    diagram: Diagram


def document(schema: Schema) -> ShapesDocumentation:
    """The documentation of a release's shapes."""
    reader = _Reader(schema)
    return ShapesDocumentation(tuple(reader.shapes()), diagram(reader.relations()))


class _Reader:
    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._facts = _by_subject(schema.graphs["shapes"])
        self._own = [
            iri for iri in sorted(self._facts) if iri.startswith(schema.vocabulary.base_iri)
        ]

    def shapes(self) -> Iterator[ShapeDocs]:
        """Those that are no part of another."""
        parts = {part for iri in self._own for part in self._parts(iri)}
        for iri in self._own:
            if iri not in parts and "#" in iri:
                rules = (self._rule(iri), *map(self._rule, sorted(self._parts(iri))))
                yield ShapeDocs(
                    iri,
                    self._label(iri),
                    tuple(
                        (words, value.iri)
                        for target, words in _TARGETS.items()
                        for value in self._values(iri, target)
                    ),
                    tuple(rule for rule in rules if rule.messages or rule.constraints or rule.path),
                )

    def relations(self) -> Iterator[Relation]:
        """From each targeted class by a path to what its values must be."""
        for iri in self._own:
            for target in self._values(iri, str(SH.targetClass)):
                source = named(target.iri, self._schema.labels)
                for part in self._parts(iri):
                    path = self._path(part)
                    if path:
                        name = named(path, self._schema.labels)
                        counted = Name(f"{name.text} {self._count(part)}".strip(), path)
                        yield from (Relation(source, counted, kind) for kind in self._kinds(part))

    def _kinds(self, part: str) -> list[Name]:
        found = [
            named(value.iri, self._schema.labels)
            for constraint in (SH["class"], SH.datatype, SH.node)
            for value in self._values(part, str(constraint))
        ]
        return found or [Name("see the rule")]

    def _count(self, part: str) -> str:
        least, most = (
            next((value.text for value in self._values(part, str(constraint))), "")
            for constraint in (SH.minCount, SH.maxCount)
        )
        if not least and not most:
            return ""
        return least if least == most else f"{least or '0'}–{most or '∞'}"

    def _rule(self, iri: str) -> Rule:
        facts = self._facts.get(iri, {})
        return Rule(
            iri,
            self._label(iri),
            self._path(iri),
            tuple(value.text for name in sorted(_WORDS) for value in facts.get(name, [])),
            tuple(
                (name.rpartition("#")[2], tuple(values))
                for name, values in sorted(facts.items())
                if name not in _TOLD and name not in _WORDS
            ),
        )

    def _path(self, iri: str) -> str:
        return next((value.iri for value in self._values(iri, str(SH.path))), "")

    def _parts(self, iri: str) -> list[str]:
        return [value.iri for name in _PARTS for value in self._values(iri, name) if value.iri]

    def _values(self, iri: str, predicate: str) -> list[Value]:
        return self._facts.get(iri, {}).get(predicate, [])

    def _label(self, iri: str) -> str:
        labels = [*self._values(iri, str(RDFS.label)), *self._values(iri, str(SH.name))]
        return labels[0].text if labels else named(iri, {}).text


def _by_subject(triples: Iterable[Triple]) -> Mapping[str, dict[str, list[Value]]]:
    facts: dict[str, dict[str, list[Value]]] = {}
    for triple in triples:
        if isinstance(triple.subject, NamedNode):
            values = facts.setdefault(triple.subject.value, {})
            values.setdefault(triple.predicate.value, []).append(_value(triple.object))
    return facts


def _value(term: object) -> Value:
    if isinstance(term, NamedNode):
        return Value(term.value, term.value)
    # A blank node stands for a list or a shape without a name, which the RDF shows whole.
    text = str(getattr(term, "value", ""))
    return Value(text if type(term).__name__ == "Literal" else "…")
