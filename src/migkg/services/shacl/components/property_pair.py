"""Property pair constraints. https://www.w3.org/TR/shacl/#core-components-property-pairs"""

from __future__ import annotations

from rdflib import URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from migkg.services.shacl import terms
from migkg.services.shacl.sites import Check, Site

_OTHER = "?other"


def equals(site: Site, value: Node) -> list[Check]:
    """A value of one side only. https://www.w3.org/TR/shacl/#EqualsConstraintComponent"""
    component, text = SH.EqualsConstraintComponent, f"sh:equals {value}"
    focus, other = site.focus, f"{site.focus.node} {terms.iri(value)}"
    ours = f"{site.values} FILTER(NOT EXISTS {{ {other} {site.value} }})"
    theirs = f"{focus.pattern} {other} {_OTHER} . FILTER(!{site.leads(_OTHER)})"
    return [
        site.check(component, text, ours, value=site.value),
        site.check(component, text, theirs, value=_OTHER),
    ]


def disjoint(site: Site, value: Node) -> list[Check]:
    """A value of both sides. https://www.w3.org/TR/shacl/#DisjointConstraintComponent"""
    both = f"{site.values} FILTER(EXISTS {{ {site.focus.node} {terms.iri(value)} {site.value} }})"
    text = f"sh:disjoint {value}"
    return [site.check(SH.DisjointConstraintComponent, text, both, value=site.value)]


def less_than(site: Site, value: Node) -> list[Check]:
    """A value that is not less. https://www.w3.org/TR/shacl/#LessThanConstraintComponent"""
    return _compared(site, SH.LessThanConstraintComponent, f"sh:lessThan {value}", "<", value)


def less_than_or_equals(site: Site, value: Node) -> list[Check]:
    """A value that is greater.

    https://www.w3.org/TR/shacl/#LessThanOrEqualsConstraintComponent
    """
    text = f"sh:lessThanOrEquals {value}"
    return _compared(site, SH.LessThanOrEqualsConstraintComponent, text, "<=", value)


def _compared(
    site: Site, component: URIRef, text: str, operator: str, predicate: Node
) -> list[Check]:
    """One result for each pair of values that does not compare so, or cannot be compared."""
    site.only_property_shape(text.partition(" ")[0])
    pair = f"{site.values} {site.focus.node} {terms.iri(predicate)} {_OTHER} ."
    mine, theirs = terms.value_of(site.value), terms.value_of(_OTHER)
    compared = terms.compared(mine, operator, theirs)
    where = f"{pair} FILTER(!COALESCE({compared}, false))"
    found = site.check(component, text, where, value=f"{site.value} {_OTHER}")
    return [found.showing(site.value)]
