"""The canonical Turtle text of a graph: same triples, same text, one fact a line.

Subjects, predicates and objects are sorted, so that a change of one fact is a change of its own
lines. What has no single canonical place is refused: blank nodes that are shared, cyclic or stand
at the top. Source: RDF 1.1 Turtle, https://www.w3.org/TR/turtle/.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, XSD
from rdflib.term import Node

from migkg.errors import BadFile

_LOCAL_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_BARE = {
    XSD.integer: re.compile(r"[+-]?[0-9]+"),
    XSD.decimal: re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD.boolean: re.compile(r"true|false"),
}
_ESCAPES = {
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}
_OPENING_COMMENTS = re.compile(r"(?:#[^\n\r]*(?:\r\n|[\n\r]|\Z))*")
_SHOWN = 80  # characters of a fact in a message
_IRI_FORBIDDEN = re.compile(r'[\x00-\x20<>"{}|^`\\]')


def comment_block(text: str) -> str:
    """The comment lines before the first statement; they are kept, with one blank line after."""
    lines: list[str] = []
    for line in re.split(r"\r\n|[\n\r]", text):
        if not line.startswith("#"):
            break
        lines.append(line.rstrip())
    return "".join(f"{line}\n" for line in lines) + ("\n" if lines else "")


def inner_comment(text: str) -> int | None:
    """The line of the first comment after the opening block, or None.

    Such a comment would be lost in canonical text; a note belongs in a triple.
    """
    token = re.compile(
        r'"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\''
        r'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|<[^<>\s]*>|\\.|(#)',
        re.DOTALL,
    )
    opening = _OPENING_COMMENTS.match(text)
    for match in token.finditer(text, opening.end() if opening else 0):
        if match.group(1):
            return text.count("\n", 0, match.start()) + 1
    return None


def write_turtle(graph: Graph, prefixes: Mapping[str, str]) -> str:
    """The canonical Turtle text of ``graph``; only prefixes that are used are declared.

    Raises :class:`BadFile` where a blank node has no canonical place.
    """
    return _Writer(graph, prefixes).text()


class _Writer:
    def __init__(self, graph: Graph, prefixes: Mapping[str, str]) -> None:
        self._graph = graph
        self._namespaces = sorted(
            ((namespace, prefix) for prefix, namespace in prefixes.items()),
            key=lambda pair: (-len(pair[0]), pair[1]),
        )
        self._used: dict[str, str] = {}
        self._written: set[Node] = set()
        self._references = Counter(o for _, _, o in graph if isinstance(o, BNode))

    def text(self) -> str:
        for node, count in self._references.items():
            if count > 1:
                raise BadFile(self._refusal("is the object of more than one triple", node))
        subjects = {s for s in self._graph.subjects() if isinstance(s, URIRef)}
        blocks = [self._block(subject) for subject in sorted(subjects, key=str)]
        self._refuse_unwritten()
        head = "".join(
            f"@prefix {prefix}: <{namespace}> .\n"
            for prefix, namespace in sorted(self._used.items())
        )
        return "\n".join([head, *blocks]) if head else "\n".join(blocks)

    def _refuse_unwritten(self) -> None:
        for node in {s for s in self._graph.subjects() if isinstance(s, BNode)} - self._written:
            raise BadFile(self._refusal("is not reached from a named subject", node))

    def _refusal(self, why: str, node: BNode) -> str:
        """Why a blank node cannot be written; it is known by the first fact that has no other."""
        facts = sorted(
            f"{self._verb(p)} {self._object(o, indent=0)}"
            for p, o in self._graph.predicate_objects(node)
            if not isinstance(o, BNode)
        )
        which = f"with '{facts[0][:_SHOWN]}' " if facts else ""
        return f"A blank node {which}{why}; give it an IRI, so that it has one place in the text."

    def _block(self, subject: URIRef) -> str:
        """A subject and its facts, each on a line of its own, the full stop too."""
        return f"{self._iri(subject)}\n{self._facts(subject, indent=1)}  .\n"

    def _facts(self, subject: Node, *, indent: int) -> str:
        pad = "  " * indent
        lines = []
        for predicate in sorted(set(self._graph.predicates(subject)), key=_predicate_order):
            name = self._verb(predicate)
            objects = (
                self._object(o, indent=indent) for o in self._graph.objects(subject, predicate)
            )
            lines += [f"{pad}{name} {written} ;\n" for written in sorted(objects)]
        return "".join(lines)

    def _verb(self, predicate: Node) -> str:
        return "a" if predicate == RDF.type else self._iri(predicate)

    def _object(self, node: Node, *, indent: int) -> str:
        if isinstance(node, Literal):
            return self._literal(node)
        if isinstance(node, BNode):
            return self._blank(node, indent=indent)
        return self._iri(node)

    def _blank(self, node: BNode, *, indent: int) -> str:
        if node in self._written:
            raise BadFile(self._refusal("is part of a cycle", node))
        members = self._list(node)
        if members is not None:
            return "( " + " ".join(self._object(m, indent=indent + 1) for m in members) + " )"
        self._written.add(node)
        if not any(self._graph.predicates(node)):
            return "[]"
        inner = self._facts(node, indent=indent + 1)
        return f"[\n{inner}{'  ' * indent}]"

    def _list(self, node: Node) -> list[Node] | None:
        """The members of a well-formed list that starts at ``node``, else None."""
        members: list[Node] = []
        seen: list[Node] = []
        while node != RDF.nil:
            triples = list(self._graph.predicate_objects(node))
            if {p for p, _ in triples} != {RDF.first, RDF.rest} or len(triples) != 2:
                return None
            if not isinstance(node, BNode) or node in seen:
                return None
            seen.append(node)
            first, rest = self._graph.value(node, RDF.first), self._graph.value(node, RDF.rest)
            if first is None or rest is None:
                return None
            members.append(first)
            node = rest
        self._written.update(seen)
        return members

    def _iri(self, node: Node) -> str:
        iri = str(node)
        if _IRI_FORBIDDEN.search(iri):
            raise BadFile(f"<{iri}> holds a character that an IRI may not have.")
        for namespace, prefix in self._namespaces:
            if iri.startswith(namespace) and _LOCAL_NAME.fullmatch(iri[len(namespace) :]):
                self._used[prefix] = namespace
                return f"{prefix}:{iri[len(namespace) :]}"
        return f"<{iri}>"

    def _literal(self, literal: Literal) -> str:
        text = str(literal)
        if literal.language:
            return f"{_quote(text)}@{literal.language}"
        datatype = literal.datatype
        if datatype is None or datatype == XSD.string:
            return _quote(text)
        bare = _BARE.get(datatype)
        if bare and bare.fullmatch(text):
            return text
        return f"{_quote(text)}^^{self._iri(datatype)}"


def _predicate_order(predicate: Node) -> tuple[bool, str]:
    return (predicate != RDF.type, str(predicate))


def _quote(text: str) -> str:
    if "\n" in text and "\r" not in text:
        body = text.replace("\\", "\\\\").replace('"', '\\"')
        return '"""' + body + '"""'
    return (
        '"' + "".join(_ESCAPES.get(c) or (f"\\u{ord(c):04X}" if c < " " else c) for c in text) + '"'
    )
