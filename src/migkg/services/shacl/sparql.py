"""SPARQL-based constraints. https://www.w3.org/TR/shacl/#sparql-constraints

The query of a constraint runs once with all focus nodes joined into it where that means the same,
else once a focus node with ``$this`` put in (https://www.w3.org/TR/shacl/#pre-binding).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import OWL, SH
from rdflib.term import Node

from migkg.engine.validation_store import has_mark
from migkg.errors import BadQuery, InvalidData
from migkg.model.sparql_text import Form, Token, read_query, tokens
from migkg.services.shacl import terms
from migkg.services.shacl.shapes import Shape
from migkg.services.shacl.sites import ONE_FOCUS, Check, Site, SparqlRule

_FORBIDDEN = frozenset(("MINUS", "VALUES", "GRAPH"))
# With these a query over all focus nodes at once means something else.
_ALONE = frozenset(
    (
        *("GROUP", "HAVING", "LIMIT", "OFFSET", "LATERAL"),
        *("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"),
    )
)


def sparql(site: Site, value: Node, prefixes: Mapping[str, str]) -> list[Check]:
    """The results of a query. https://www.w3.org/TR/shacl/#SPARQLConstraintComponent"""
    graph = site.compiler.shapes.graph
    if (value, SH.deactivated, Literal(True)) in graph:
        return []
    text = _select(site, value)
    _guard(site, text)
    _refuse(site, text)
    known = {**prefixes, **_declared(graph, value)}
    text = _with_path(site, _with_shape(site, text))
    head = _prologue(known, text)
    joined = site.focus.depth == site.focus.first == 0 and _can_be_joined(text)
    own = tuple(m for m in graph.objects(value, SH.message) if isinstance(m, Literal))
    rule = SparqlRule(
        constraint=value,
        query=head + (_join(text, site) if joined else _with_mark(text)),
        joined=joined,
        messages=own or site.shape.messages,
        prefixes=tuple(known.items()),
        prologue=head,
        text=text,
    )
    return [
        Check(
            site.shape,
            SH.SPARQLConstraintComponent,
            f"sh:sparql {value}",
            f"SELECT DISTINCT {site.focus.way} WHERE {{ {site.focus.pattern} }}",
            site.focus,
            rule=rule,
        )
    ]


@lru_cache(maxsize=8)
def _read(text: str) -> tuple[Token, ...]:
    """The tokens of a rule, of which each step here asks again."""
    return tuple(tokens(text))


def _select(site: Site, constraint: Node) -> str:
    found = list(site.compiler.shapes.graph.objects(constraint, SH.select))
    if len(found) != 1 or not isinstance(found[0], Literal):
        raise _cannot_run(site.shape, "it has not one sh:select")
    return str(found[0])


def _refuse(site: Site, text: str) -> None:
    """Refuses what a query with pre-bound variables must not hold.

    https://www.w3.org/TR/shacl/#pre-binding
    """
    words = {token.word for token in _read(text)}
    forbidden = sorted(_FORBIDDEN & words)
    if forbidden:
        raise _cannot_run(site.shape, f"it uses {forbidden[0]}")
    names = {token.text[1:] for token in _read(text) if token.kind == "variable"}
    if "shapesGraph" in names:
        raise _cannot_run(site.shape, "it uses $shapesGraph")
    if "PATH" in names and site.path is None:
        raise _cannot_run(site.shape, "it uses $PATH at a node shape")
    if any("this" not in names for names in _selected(text)[1:]):
        raise _cannot_run(site.shape, "it has a sub-select without $this")


def _guard(site: Site, text: str) -> None:
    """Refuses what no query from outside may hold, such as SERVICE."""
    try:
        if read_query(text).form is Form.SELECT:
            return
    except BadQuery as error:
        raise _cannot_run(site.shape, str(error)) from None
    raise _cannot_run(site.shape, "it is no SELECT query")


def _cannot_run(shape: Shape, why: str) -> InvalidData:
    return InvalidData(f"The rule of {shape.node} cannot run: {why}")


def _declared(graph: Graph, constraint: Node) -> dict[str, str]:
    """The prefixes of a constraint. https://www.w3.org/TR/shacl/#sparql-prefixes"""
    found: dict[str, str] = {}
    for source in graph.objects(constraint, SH.prefixes):
        for ontology in graph.transitive_objects(source, OWL.imports):
            for declaration in graph.objects(ontology, SH.declare):
                prefix = graph.value(declaration, SH.prefix)
                namespace = graph.value(declaration, SH.namespace)
                if prefix is not None and namespace is not None:
                    found[str(prefix)] = str(namespace)
    return found


def _prologue(prefixes: Mapping[str, str], text: str) -> str:
    """The declarations that a query needs; in one with escapes that is not certain.

    All are looked at, whether they are needed or not.
    """
    used = {token.text.partition(":")[0] for token in _read(text) if token.kind == "name"}
    lines = {
        name: f"PREFIX {terms.prefix(name)}: {terms.iri(URIRef(namespace))}\n"
        for name, namespace in sorted(prefixes.items())
    }
    return "".join(line for name, line in lines.items() if name in used or "\\" in text)


def _with_path(site: Site, text: str) -> str:
    """The text in which ``$PATH`` is the path of the shape."""
    return _replaced(text, "PATH", site.path.text) if site.path else text


def _with_shape(site: Site, text: str) -> str:
    """The text in which ``$currentShape`` is the shape, if it has a name."""
    node = site.shape.node
    return _replaced(text, "currentShape", terms.iri(node)) if isinstance(node, URIRef) else text


def _replaced(text: str, name: str, value: str) -> str:
    parts, end = [], 0
    for token in _read(text):
        if token.kind == "variable" and token.text[1:] == name:
            parts += [text[end : token.offset], value]
            end = token.offset + len(token.text)
    return "".join([*parts, text[end:]])


def _selected(text: str) -> list[set[str]]:
    """The names after each SELECT, before the group that follows it."""
    found: list[set[str]] = []
    heading = False
    for token in _read(text):
        if token.word == "SELECT":
            found.append(set())
        heading = token.text != "{" and (heading or token.word == "SELECT")
        if heading and token.kind == "variable":
            found[-1].add(token.text[1:])
    return found


def _with_mark(text: str) -> str:
    """The text in which every group finds ``$this`` under the mark of one focus node.

    But a group that is a sub-select holds nothing else.
    """
    parts, end = [], 0
    for token, following in pairwise(_read(text)):
        if token.text == "{" and following.word != "SELECT":
            parts += [text[end : token.offset + 1], f" {has_mark(ONE_FOCUS, '$this')} "]
            end = token.offset + 1
    return "".join([*parts, text[end:]])


def _join(text: str, site: Site) -> str:
    """The text with the focus nodes at the beginning of its outermost group."""
    start = next(token.offset + 1 for token in _read(text) if token.text == "{")
    node = site.focus.node
    focus = f"{{ SELECT ({node} AS $this) WHERE {{ {site.focus.pattern} }} }}"
    return f"{text[:start]} {focus}{text[start:]}"


def _can_be_joined(text: str) -> bool:
    """True if ``$this`` need not be put in: it is bound wherever the query speaks of it."""
    reading = _read(text)
    words = [token.word for token in reading]
    if words.count("SELECT") != 1 or not _ALONE.isdisjoint(words):
        return False
    return any(token.text == "{" for token in reading) and _is_bound(reading)


def _is_bound(reading: Sequence[Token]) -> bool:
    """True if ``$this`` stands only in the outermost group and in conditions inside it.

    An OPTIONAL is such a condition too, as long as it computes nothing.
    """
    around: list[str] = []
    last = ""
    for token in reading:
        if token.text == "{":
            around.append(last)
        elif token.text == "}" and around:
            around.pop()
        elif token.word == "BIND" and "OPTIONAL" in around:
            return False
        elif token.kind == "variable" and token.text[1:] == "this":
            optional = around[1:2] == ["OPTIONAL"]
            if any(opener != "EXISTS" for opener in around[2 if optional else 1 :]):
                return False
        last = token.word
    return True
