"""Value range constraints. https://www.w3.org/TR/shacl/#core-components-range"""

from __future__ import annotations

from rdflib import Literal
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
    mine, theirs = terms.value_of(scope.variable), terms.value(bound)
    return f"!COALESCE({terms.compared(mine, operator, theirs)}, false)"
