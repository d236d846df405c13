"""Value type constraints. https://www.w3.org/TR/shacl/#core-components-value-type"""

from __future__ import annotations

from rdflib.namespace import SH
from rdflib.term import Node

from migkg.errors import ShapeRefused
from migkg.services.shacl import lexical, terms
from migkg.services.shacl.focus import INSTANCE
from migkg.services.shacl.shapes import Shape
from migkg.services.shacl.sites import Scope

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
    return f"NOT EXISTS {{ {scope.variable} {INSTANCE} {terms.iri(value)} }}"


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
