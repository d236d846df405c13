"""Value type constraints. https://www.w3.org/TR/shacl/#core-components-value-type"""

from __future__ import annotations

from rdflib import BNode
from rdflib.namespace import SH
from rdflib.term import Node

from migkg.errors import ShapeRefused
from migkg.services.shacl import lexical, terms
from migkg.services.shacl.focus import INSTANCE, TYPE
from migkg.services.shacl.shapes import Shape
from migkg.services.shacl.sites import Scope

# A list of so many classes is looked through faster than the path to the class.
_FEW = 32
_KINDS: dict[Node, tuple[str, ...]] = {
    SH.IRI: ("isIRI",),
    SH.BlankNode: ("isBlank",),
    SH.Literal: ("isLiteral",),
    SH.BlankNodeOrIRI: ("isBlank", "isIRI"),
    SH.BlankNodeOrLiteral: ("isBlank", "isLiteral"),
    SH.IRIOrLiteral: ("isIRI", "isLiteral"),
}


def class_(scope: Scope, _: Shape, value: Node) -> str:
    """No instance of the class. https://www.w3.org/TR/shacl/#ClassConstraintComponent"""
    classes = scope.compiler.subclasses(value)
    if len(classes) > _FEW or any(isinstance(node, BNode) for node in classes):
        return f"NOT EXISTS {{ {scope.variable} {INSTANCE} {terms.iri(value)} }}"
    names = ", ".join(map(terms.iri, classes))
    kinds = f"{scope.variable} {TYPE} ?kind . FILTER(?kind IN ({names}))"
    return f"NOT EXISTS {{ {kinds} }}"


def datatype(scope: Scope, _: Shape, value: Node) -> str:
    """No literal of the datatype, or an ill-typed one.

    https://www.w3.org/TR/shacl/#DatatypeConstraintComponent
    """
    names = f"{terms.iri(value)}, {terms.written_datatype(value)}"
    named = f"DATATYPE({scope.variable}) IN ({names})"
    formed = lexical.well_formed(value, scope.variable)
    return f"!COALESCE({named}{f' && {formed}' if formed else ''}, false)"


def node_kind(scope: Scope, shape: Shape, value: Node) -> str:
    """Another kind of node. https://www.w3.org/TR/shacl/#NodeKindConstraintComponent"""
    if value not in _KINDS:
        raise ShapeRefused(shape.node, f"sh:nodeKind is {value}")
    return f"!({' || '.join(f'{kind}({scope.variable})' for kind in _KINDS[value])})"
