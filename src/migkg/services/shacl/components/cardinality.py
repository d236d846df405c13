"""Cardinality constraints. https://www.w3.org/TR/shacl/#core-components-count"""

from __future__ import annotations

from rdflib import URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from migkg.services.shacl.sites import Check, Site


def min_count(site: Site, _: Node) -> list[Check]:
    """Too few value nodes. https://www.w3.org/TR/shacl/#MinCountConstraintComponent"""
    path = site.only_property_shape("sh:minCount")
    least = site.shape.number(SH.minCount) or 0
    component, text = SH.MinCountConstraintComponent, f"sh:minCount {least}"
    if least == int(path.empty):
        return []
    return [too_few(site, component, text, least=least)]


def max_count(site: Site, _: Node) -> list[Check]:
    """Too many value nodes. https://www.w3.org/TR/shacl/#MaxCountConstraintComponent"""
    path = site.only_property_shape("sh:maxCount")
    most = site.shape.number(SH.maxCount) or 0
    component, text = SH.MaxCountConstraintComponent, f"sh:maxCount {most}"
    if path.predicate and not site.focus.few:  # no triple stands there twice
        beyond = f"GROUP BY {site.focus.node} HAVING(COUNT(*) > {most})"
        all_nodes = f"SELECT {site.focus.node} WHERE {{ {site.reach(site.value)} }} {beyond}"
        return [site.check(component, text, f"{site.focus.pattern} {{ {all_nodes} }}")]
    if path.predicate and most == 1:  # far quicker than counting
        second = path.between(site.focus.node, "?second")
        where = f"{site.values} {second} FILTER(!sameTerm({site.value}, ?second))"
        return [site.check(component, text, where)]
    return [site.check(component, text, site.values, tail=having(site, f"> {most}"))]


def too_few(site: Site, component: URIRef, text: str, *, least: int, condition: str = "") -> Check:
    """The focus nodes with fewer value nodes, of those under a condition, if there is one."""
    path = site.only_property_shape(text)
    walk = path.walk(site.focus.node, site.value)
    inner = f"{{ {walk}{f' FILTER({condition})' if condition else ''} }}"
    if least == 1 and not path.empty:  # far quicker than counting
        return site.check(component, text, f"{site.focus.pattern} FILTER(NOT EXISTS {inner})")
    optional = f"OPTIONAL {inner}"
    where = f"{site.focus.pattern} {optional if path.predicate else f'LATERAL {{ {optional} }}'}"
    return site.check(component, text, where, tail=having(site, f"< {least}"))


def having(site: Site, comparison: str) -> str:
    """Keeps the focus nodes whose number of value nodes compares so."""
    return f"GROUP BY {site.focus.way} HAVING(COUNT(DISTINCT {site.value}) {comparison})"
