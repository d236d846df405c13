"""Shape-based constraints. https://www.w3.org/TR/shacl/#core-components-shape"""

from __future__ import annotations

from rdflib import URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from migkg.errors import ShapeRefused
from migkg.services.shacl.components.cardinality import having, too_few
from migkg.services.shacl.shapes import Shape, ShapesGraph
from migkg.services.shacl.sites import Check, Scope, Site


def node(scope: Scope, shape: Shape, value: Node) -> str:
    """Does not conform. https://www.w3.org/TR/shacl/#NodeConstraintComponent"""
    if scope.compiler.shapes.shape(value).path is not None:
        raise ShapeRefused(shape.node, "sh:node leads to a property shape")
    return scope.compiler.violation(value, scope)


def property_(site: Site, value: Node) -> list[Check]:
    """The results of the property shape. https://www.w3.org/TR/shacl/#PropertyConstraintComponent

    It has no result of its own.
    """
    inner = site.compiler.shapes.shape(value)
    if inner.path is None:
        raise ShapeRefused(site.shape.node, "sh:property leads to a shape without sh:path")
    focus = site.focus.below(site.path) if site.path else site.focus
    return list(site.compiler.checks(inner, focus))


def qualified_value_shape(site: Site, value: Node) -> list[Check]:
    """Too few or too many value nodes that conform to the shape, and to none of its siblings.

    https://www.w3.org/TR/shacl/#QualifiedValueShapeConstraintComponent
    """
    shape = site.shape
    site.only_property_shape("sh:qualifiedValueShape")
    least, most = shape.number(SH.qualifiedMinCount), shape.number(SH.qualifiedMaxCount)
    violation = site.compiler.violation
    others = [f"({violation(o, site.scope)})" for o in siblings(site.compiler.shapes, shape)]
    condition = " && ".join([f"!({violation(value, site.scope)})", *others])
    checks = []
    if least:
        component, text = SH.QualifiedMinCountConstraintComponent, f"sh:qualifiedMinCount {least}"
        checks.append(too_few(site, component, text, least=least, condition=condition))
    if most is not None:
        component, text = SH.QualifiedMaxCountConstraintComponent, f"sh:qualifiedMaxCount {most}"
        where, tail = f"{site.values} FILTER({condition})", having(site, f"> {most}")
        checks.append(site.check(component, text, where, tail=tail))
    return checks


def siblings(shapes: ShapesGraph, shape: Shape) -> list[Node]:
    """The sibling shapes. https://www.w3.org/TR/shacl/#dfn-sibling-shapes"""
    if not shape.flag(SH.qualifiedValueShapesDisjoint):
        return []
    parents = shapes.graph.subjects(SH.property, shape.node)
    found = {
        sibling
        for parent in parents
        for beside in shapes.graph.objects(parent, SH.property)
        for sibling in shapes.graph.objects(beside, SH.qualifiedValueShape)
    }
    own = shape.parameters.get(URIRef(SH.qualifiedValueShape), ())
    return sorted(found - set(own), key=str)
