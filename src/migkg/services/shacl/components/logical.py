"""Logical constraints. https://www.w3.org/TR/shacl/#core-components-logical"""

from __future__ import annotations

from rdflib.term import Node

from migkg.errors import ShapeRefused
from migkg.services.shacl.shapes import Shape
from migkg.services.shacl.sites import Scope


def not_(scope: Scope, _: Shape, value: Node) -> str:
    """Conforms. https://www.w3.org/TR/shacl/#NotConstraintComponent"""
    return f"!({scope.compiler.violation(value, scope)})"


def and_(scope: Scope, shape: Shape, value: Node) -> str:
    """Does not conform to all. https://www.w3.org/TR/shacl/#AndConstraintComponent"""
    return f"({' || '.join(_violations(scope, shape, value))})"


def or_(scope: Scope, shape: Shape, value: Node) -> str:
    """Conforms to none. https://www.w3.org/TR/shacl/#OrConstraintComponent"""
    return f"({' && '.join(_violations(scope, shape, value))})"


def xone(scope: Scope, shape: Shape, value: Node) -> str:
    """Conforms to none or several. https://www.w3.org/TR/shacl/#XoneConstraintComponent"""
    terms = [f"IF({violation}, 0, 1)" for violation in _violations(scope, shape, value)]
    return f"(({' + '.join(terms)}) != 1)"


def _violations(scope: Scope, shape: Shape, value: Node) -> list[str]:
    members = scope.compiler.shapes.members(value, shape.node)
    if not members:
        raise ShapeRefused(shape.node, "a list of shapes in it is empty")
    return [f"({scope.compiler.violation(member, scope)})" for member in members]
