"""The documentation of the ontology: every term with an example from the data, and a diagram."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape

from rdflib.namespace import OWL, RDF, RDFS, SKOS

from migkg.engine.rdf_io import NamedNode
from migkg.model.messages import translatable
from migkg.model.namespaces import shorten
from migkg.services.relations import Diagram, of_properties
from migkg.services.schema import Schema

CLASS_EXAMPLES = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?term (MIN(?thing) AS ?subject) (COUNT(DISTINCT ?thing) AS ?count) WHERE {{
  ?thing a ?term .
  FILTER(STRSTARTS(STR(?term), "{terms}"))
}} GROUP BY ?term ORDER BY ?term"""
PROPERTY_EXAMPLES = """SELECT ?term ?subject (MIN(STR(?value)) AS ?object) (MAX(?n) AS ?count)
WHERE {{
  {{ SELECT ?term (MIN(?s) AS ?subject) (COUNT(*) AS ?n) WHERE {{
      ?s ?term ?o .
      FILTER(STRSTARTS(STR(?term), "{terms}"))
    }} GROUP BY ?term }}
  ?subject ?term ?value .
}} GROUP BY ?term ?subject ORDER BY ?term"""
_ROW = 26
_INDENT = 226
_BOX = 214
_SECTIONS = (
    (OWL.Class, translatable("Classes")),
    (OWL.ObjectProperty, translatable("Object properties")),
    (OWL.DatatypeProperty, translatable("Datatype properties")),
    (OWL.AnnotationProperty, translatable("Annotation properties")),
)


@dataclass(frozen=True)
class Example:
    """A triple that uses a term, and how many there are; ``object`` is empty for a class."""

    subject: str
    object: str
    count: int


@dataclass(frozen=True)
class Term:
    """One term of the ontology."""

    iri: str
    label: str
    definition: str
    kind: str
    parents: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    example: Example | None = None


@dataclass(frozen=True)
class Documentation:
    """The terms in sections, and the tree of the classes as SVG."""

    title: str
    description: str
    sections: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)
    diagram: str = ""
    relations: Diagram | None = None


def examples(rows: Iterable[Mapping[str, str]]) -> dict[str, Example]:
    """Examples by term, from the rows of the two example queries."""
    return {
        row["term"]: Example(row["subject"], row.get("object", ""), int(row["count"]))
        for row in rows
        if "term" in row
    }


def document(schema: Schema, found: Mapping[str, Example]) -> Documentation:
    """The documentation of a release's ontology."""
    facts = _facts(schema)
    sections: dict[str, tuple[Term, ...]] = {}
    for kind, title in _SECTIONS:
        terms = [
            _term(iri, facts[iri], str(kind), schema, found.get(iri))
            for iri in sorted(facts)
            if str(kind) in facts[iri].get(str(RDF.type), [])
        ]
        if terms:
            sections[title] = tuple(terms)
    classes = sections.get("Classes", ())
    return Documentation(
        schema.title,
        schema.description,
        sections,
        _diagram(classes),
        of_properties(
            ((t.iri, t.domains, t.ranges) for t in sections.get("Object properties", ())),
            schema.labels,
        ),
    )


def _facts(schema: Schema) -> dict[str, dict[str, list[str]]]:
    """Predicate to values, for every term in the ontology's own namespace."""
    facts: dict[str, dict[str, list[str]]] = {}
    for triple in schema.graphs["ontology"]:
        subject = getattr(triple.subject, "value", "")
        if isinstance(triple.subject, NamedNode) and subject.startswith(
            str(schema.vocabulary.namespace)
        ):
            values = facts.setdefault(subject, {}).setdefault(triple.predicate.value, [])
            values.append(str(getattr(triple.object, "value", "")))
    return facts


def _term(
    iri: str, facts: Mapping[str, list[str]], kind: str, schema: Schema, example: Example | None
) -> Term:
    def values(*predicates: object) -> tuple[str, ...]:
        return tuple(sorted(v for p in predicates for v in facts.get(str(p), [])))

    return Term(
        iri=iri,
        label=schema.labels.get(iri, iri),
        definition=schema.definitions.get(iri, ""),
        kind=kind,
        parents=values(RDFS.subClassOf, RDFS.subPropertyOf),
        domains=values(RDFS.domain),
        ranges=values(RDFS.range),
        notes=values(SKOS.editorialNote, SKOS.scopeNote),
        example=example,
    )


def _diagram(classes: Iterable[Term]) -> str:
    """The tree of the classes as SVG, each under the first of its own parents."""
    by_iri = {term.iri: term for term in classes}
    children: dict[str, list[str]] = {}
    for term in by_iri.values():
        parent = next((p for p in term.parents if p in by_iri), "")
        children.setdefault(parent, []).append(term.iri)
    boxes: list[str] = []
    size = [0, 0]

    def place(iri: str, depth: int, above: int | None) -> None:
        y, x = size[1] * _ROW + 4, depth * _INDENT + 4
        size[0], size[1] = max(size[0], depth), size[1] + 1
        name = iri.rpartition("#")[2]
        if above is not None:
            boxes.append(f'<path d="M{x - _INDENT + 12} {above + 20}V{y + 10}H{x}"/>')
        boxes.append(
            f'<a href="#{name}"><rect x="{x}" y="{y}" width="{_BOX}" height="20" rx="3"/>'
            f'<text x="{x + 8}" y="{y + 14}">{escape(by_iri[iri].label)}</text></a>'
        )
        for child in sorted(children.get(iri, []), key=lambda i: by_iri[i].label):
            place(child, depth + 1, y)

    for root in sorted(children.get("", []), key=lambda i: (i not in children, by_iri[i].label)):
        place(root, 0, None)
    width, height = (size[0] + 1) * _INDENT + 8, size[1] * _ROW + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'role="group" aria-label="Tree of the classes">{"".join(boxes)}</svg>'
    )


def markdown(documentation: Documentation, prefixes: Mapping[str, str]) -> str:
    """The documentation as Markdown."""
    lines = [f"# {documentation.title}", "", documentation.description, ""]
    lines += ["Made by `migkg document`; do not edit.", ""]
    for title, terms in documentation.sections.items():
        lines += [f"## {title}", ""]
        for term in terms:
            lines += [*_term_lines(term, prefixes), ""]
    return "\n".join(lines).rstrip() + "\n"


def _term_lines(term: Term, prefixes: Mapping[str, str]) -> list[str]:
    lines = [f"### {shorten(term.iri, prefixes)}", "", f"*{term.label}.* {term.definition}", ""]
    for name, iris in (("under", term.parents), ("of", term.domains), ("to", term.ranges)):
        if iris:
            lines.append(f"* {name}: " + ", ".join(f"`{shorten(i, prefixes)}`" for i in iris))
    lines += [f"* note: {note}" for note in term.notes]
    if term.example:
        subject = shorten(term.example.subject, prefixes)
        middle = "a" if not term.example.object else shorten(term.iri, prefixes)
        value = shorten(term.example.object or term.iri, prefixes)
        lines.append(f"* example, one of {term.example.count}: `{subject} {middle} {value}`")
    return lines
