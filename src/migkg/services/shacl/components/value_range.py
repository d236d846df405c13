"""Value range constraints. https://www.w3.org/TR/shacl/#core-components-range"""

from __future__ import annotations

from rdflib import Literal
from rdflib.namespace import XSD
from rdflib.term import Node

from migkg.errors import ShapeRefused
from migkg.services.shacl import terms
from migkg.services.shacl.shapes import Shape
from migkg.services.shacl.sites import Scope


def min_exclusive(scope: Scope, shape: Shape, value: Node) -> str:
    """Not above. https://www.w3.org/TR/shacl/#MinExclusiveConstraintComponent"""
    return _outside(scope, shape, ">", value)


def min_inclusive(scope: Scope, shape: Shape, value: Node) -> str:
    """Below. https://www.w3.org/TR/shacl/#MinInclusiveConstraintComponent"""
    return _outside(scope, shape, ">=", value)


def max_exclusive(scope: Scope, shape: Shape, value: Node) -> str:
    """Not below. https://www.w3.org/TR/shacl/#MaxExclusiveConstraintComponent"""
    return _outside(scope, shape, "<", value)


def max_inclusive(scope: Scope, shape: Shape, value: Node) -> str:
    """Above. https://www.w3.org/TR/shacl/#MaxInclusiveConstraintComponent"""
    return _outside(scope, shape, "<=", value)


def _outside(scope: Scope, shape: Shape, operator: str, bound: Node) -> str:
    """True if the comparison does not give true, or cannot be made."""
    if not isinstance(bound, Literal):
        raise ShapeRefused(shape.node, "a bound of its range is no literal")
    if bound.datatype == XSD.boolean:
        raise ShapeRefused(shape.node, "a bound of its range is a boolean, which is not ordered")
    if bound.language:
        return "true"  # SPARQL 1.1 compares no text with a language
    same_kind = _is_string(scope.variable) if bound.datatype in (None, XSD.string) else ""
    compared = f"({terms.value_of(scope.variable)}) {operator} {terms.value(bound)}"
    return f"!COALESCE({same_kind}{compared}, false)"


def _is_string(variable: str) -> str:
    return f"DATATYPE({variable}) = {terms.iri(XSD.string)} && "
