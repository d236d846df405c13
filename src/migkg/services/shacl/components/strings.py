"""String-based constraints. https://www.w3.org/TR/shacl/#core-components-string"""

from __future__ import annotations

from functools import lru_cache

from rdflib import Literal
from rdflib.namespace import SH
from rdflib.term import Node

from migkg.engine.validation_store import ValidationStore
from migkg.errors import ShapeRefused
from migkg.services.shacl import terms
from migkg.services.shacl.shapes import Shape
from migkg.services.shacl.sites import Check, Scope, Site


def min_length(scope: Scope, shape: Shape, _: Node) -> str:
    """Too short, or a blank node. https://www.w3.org/TR/shacl/#MinLengthConstraintComponent"""
    return _length(scope, ">=", shape.number(SH.minLength))


def max_length(scope: Scope, shape: Shape, _: Node) -> str:
    """Too long, or a blank node. https://www.w3.org/TR/shacl/#MaxLengthConstraintComponent"""
    return _length(scope, "<=", shape.number(SH.maxLength))


def pattern(scope: Scope, shape: Shape, value: Node) -> str:
    """No match, or a blank node. https://www.w3.org/TR/shacl/#PatternConstraintComponent

    The engine matches in time linear in the text. What it has no means for, such as look-ahead and
    references back, is refused.
    """
    flags = shape.the(SH.flags)
    if not all(isinstance(node, Literal) for node in (value, flags or value)):
        raise ShapeRefused(shape.node, "sh:pattern or sh:flags is no literal")
    arguments = terms.string(str(value)) + (f", {terms.string(str(flags))}" if flags else "")
    if not _can_be_matched(arguments):
        raise ShapeRefused(shape.node, f"the engine cannot match the sh:pattern {value.n3()}")
    return f"!COALESCE(REGEX(STR({scope.variable}), {arguments}), false)"


def language_in(scope: Scope, shape: Shape, value: Node) -> str:
    """No text in these languages. https://www.w3.org/TR/shacl/#LanguageInConstraintComponent"""
    ranges = scope.compiler.shapes.members(value, shape.node)
    if not all(isinstance(node, Literal) for node in ranges):
        raise ShapeRefused(shape.node, "a member of sh:languageIn is no string")
    matches = [f"LANGMATCHES(LANG({scope.variable}), {terms.string(str(r))})" for r in ranges]
    return f"!COALESCE({' || '.join(matches)}, false)" if matches else "true"


def unique_lang(site: Site, _: Node) -> list[Check]:
    """A language of two value nodes. https://www.w3.org/TR/shacl/#UniqueLangConstraintComponent

    Nothing but ``true`` asks for it, not even ``"1"^^xsd:boolean``.
    """
    site.only_property_shape("sh:uniqueLang")
    if site.shape.the(SH.uniqueLang) != Literal(True):
        return []
    where = f'{site.values} BIND(LCASE(LANG({site.value})) AS ?lang) FILTER(?lang != "")'
    twice = f"GROUP BY {site.focus.way} ?lang HAVING(COUNT(DISTINCT {site.value}) > 1)"
    check = site.check(
        SH.UniqueLangConstraintComponent, "sh:uniqueLang true", where, value="?lang", tail=twice
    )
    return [check.showing()]


def _length(scope: Scope, operator: str, length: int | None) -> str:
    return f"!COALESCE(STRLEN(STR({scope.variable})) {operator} {length}, false)"


@lru_cache(maxsize=1024)
def _can_be_matched(arguments: str) -> bool:
    return ValidationStore([]).runs(f'SELECT (REGEX("", {arguments}) AS ?matched) {{}}')
