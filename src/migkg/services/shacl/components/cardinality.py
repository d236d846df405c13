"""Cardinality constraints. https://www.w3.org/TR/shacl/#core-components-count"""

from __future__ import annotations

from rdflib.namespace import SH
from rdflib.term import Node

from migkg.services.shacl.paths import Path
from migkg.services.shacl.sites import Check, Site


def min_count(site: Site, _: Node) -> list[Check]:
    """Too few value nodes. https://www.w3.org/TR/shacl/#MinCountConstraintComponent"""
    path = site.only_property_shape("sh:minCount")
    least = site.shape.number(SH.minCount) or 0
    component, text = SH.MinCountConstraintComponent, f"sh:minCount {least}"
    if least == int(path.empty):
        return []
    if least == 1:
        value = f"{site.focus.node} {path.text} {site.value}"
        where = f"{site.focus.pattern} FILTER(NOT EXISTS {{ {value} }})"
        return [site.check(component, text, where)]
    return [site.check(component, text, counted(site, path), tail=having(site, f"< {least}"))]


def max_count(site: Site, _: Node) -> list[Check]:
    """Too many value nodes. https://www.w3.org/TR/shacl/#MaxCountConstraintComponent"""
    path = site.only_property_shape("sh:maxCount")
    most = site.shape.number(SH.maxCount) or 0
    component, text = SH.MaxCountConstraintComponent, f"sh:maxCount {most}"
    if most == 1 and path.predicate:  # far quicker than counting
        second = path.between(site.focus.node, "?second")
        where = f"{site.values} {second} FILTER(!sameTerm({site.value}, ?second))"
        return [site.check(component, text, where)]
    return [site.check(component, text, site.values, tail=having(site, f"> {most}"))]


def counted(site: Site, path: Path, condition: str = "") -> str:
    """The pattern that binds each focus node, and its value nodes under a condition, if any."""
    walk = path.walk(site.focus.node, site.value)
    inner = f"OPTIONAL {{ {walk}{f' FILTER({condition})' if condition else ''} }}"
    return f"{site.focus.pattern} {inner if path.predicate else f'LATERAL {{ {inner} }}'}"


def having(site: Site, comparison: str) -> str:
    """Keeps the focus nodes whose number of value nodes compares so."""
    return f"GROUP BY {site.focus.way} HAVING(COUNT(DISTINCT {site.value}) {comparison})"
