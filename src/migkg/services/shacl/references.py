"""Which shapes a shape refers to, and that none of them leads back to it.

Source: https://www.w3.org/TR/shacl/#shapes-recursion. What a recursive shape means is left open by
the specification.
"""

from __future__ import annotations

from rdflib.namespace import SH
from rdflib.term import Node

from migkg.errors import ShapeRefused
from migkg.services.shacl.components.shape_based import siblings
from migkg.services.shacl.shapes import Shape, ShapesGraph

_DEEPEST = 30
_SINGLE = (SH.property, SH.node, SH["not"], SH.qualifiedValueShape)
_LISTS = (SH["and"], SH["or"], SH.xone)


def refuse_recursion(shapes: ShapesGraph, shape: Shape) -> None:
    """Raises :class:`ShapeRefused` for shapes that refer to themselves or nest too deep."""
    _height(shapes, shape, (), {})


def _height(
    shapes: ShapesGraph, shape: Shape, around: tuple[Node, ...], known: dict[Node, int]
) -> int:
    """How many shapes nest in one another, from this one on."""
    if shape.node in around:
        raise ShapeRefused(shape.node, "it is recursive")
    if len(around) > _DEEPEST:
        raise ShapeRefused(around[0], f"shapes nest deeper than {_DEEPEST} in it")
    if shape.node not in known:
        inner = [shapes.shape(node) for node in _references(shapes, shape)]
        heights = [_height(shapes, other, (*around, shape.node), known) for other in inner]
        known[shape.node] = 1 + max(heights, default=0)
    return known[shape.node]


def _references(shapes: ShapesGraph, shape: Shape) -> list[Node]:
    if shape.deactivated:
        return []
    parameters = shape.parameters
    single = [node for parameter in _SINGLE for node in parameters.get(parameter, ())]
    lists = [node for parameter in _LISTS for node in parameters.get(parameter, ())]
    members = [member for node in lists for member in shapes.members(node, shape.node)]
    return list(dict.fromkeys([*single, *members, *siblings(shapes, shape)]))
