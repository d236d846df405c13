"""Other constraints. https://www.w3.org/TR/shacl/#core-components-others"""

from __future__ import annotations

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from migkg.errors import ShapeRefused
from migkg.services.shacl import terms
from migkg.services.shacl.shapes import Shape
from migkg.services.shacl.sites import Check, Scope, Site

_SHORT = 32


def closed(site: Site, _: Node) -> list[Check]:
    """A triple with another predicate. https://www.w3.org/TR/shacl/#ClosedConstraintComponent"""
    if not site.shape.flag(SH.closed):
        return []
    allowed = [terms.iri(predicate) for predicate in _allowed(site)]
    other = f" FILTER(?predicate NOT IN ({', '.join(allowed)}))" if allowed else ""
    where = f"{site.values} {site.value} ?predicate ?object .{other}"
    values = f"{site.value} ?predicate ?object"
    check = site.check(SH.ClosedConstraintComponent, "sh:closed true", where, value=values)
    return [check.showing("?object", "?predicate")]


def has_value(site: Site, value: Node) -> list[Check]:
    """The term is not there. https://www.w3.org/TR/shacl/#HasValueConstraintComponent"""
    text = f"sh:hasValue {value}"
    missing = "true" if isinstance(value, BNode) else f"!{site.leads(terms.term(value))}"
    where = f"{site.focus.pattern} FILTER({missing})"
    return [site.check(SH.HasValueConstraintComponent, text, where)]


def in_(scope: Scope, shape: Shape, value: Node) -> str:
    """Not in the list. https://www.w3.org/TR/shacl/#InConstraintComponent

    A blank node of the shapes graph is no node of the data.
    """
    members = scope.compiler.shapes.members(value, shape.node)
    named = tuple(member for member in members if not isinstance(member, BNode))
    if not named:
        return "true"
    if len(named) > _SHORT:
        return f"!{scope.compiler.listed(named, scope)}"
    if any(isinstance(member, Literal) for member in named):
        same = (f"sameTerm({scope.variable}, {terms.term(member)})" for member in named)
        return f"!({' || '.join(same)})"
    return f"({scope.variable} NOT IN ({', '.join(map(terms.iri, named))}))"


def _allowed(site: Site) -> list[Node]:
    shapes, shape = site.compiler.shapes, site.shape
    inner = (shapes.shape(node).path for node in shape.parameters.get(URIRef(SH.property), ()))
    found: set[Node] = {path for path in inner if isinstance(path, URIRef)}
    ignored = shape.the(SH.ignoredProperties)
    if ignored is not None:
        members = shapes.members(ignored, shape.node)
        if not all(isinstance(member, URIRef) for member in members):
            raise ShapeRefused(shape.node, "a member of sh:ignoredProperties is no IRI")
        found |= set(members)
    return sorted(found, key=str)
