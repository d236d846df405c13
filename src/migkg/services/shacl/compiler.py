"""Shapes compiled to queries: one for each constraint of each shape, over all its focus nodes.

A shape inside another (``sh:node``, ``sh:not``, ``sh:or``, ...) becomes a condition in the query of
the outer one if it only tests the node itself. Else its own checks run before, and mark the nodes
that do not conform; the outer query asks for the mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import count

from rdflib import Graph, URIRef
from rdflib.namespace import RDFS, SH
from rdflib.term import Node

from migkg.engine.validation_store import MARKS, has_mark
from migkg.errors import ShapeRefused
from migkg.services.shacl import focus as focuses
from migkg.services.shacl.components import (
    cardinality,
    logical,
    other,
    property_pair,
    shape_based,
    strings,
    value_range,
    value_type,
)
from migkg.services.shacl.focus import Focus
from migkg.services.shacl.paths import read_path
from migkg.services.shacl.references import refuse_recursion
from migkg.services.shacl.shapes import Shape, ShapesGraph, name_of
from migkg.services.shacl.sites import (
    Check,
    FocusTest,
    Mark,
    MarkTerms,
    Scope,
    Site,
    Step,
    ValueTest,
)
from migkg.services.shacl.sparql import sparql

# By parameter, the component and the condition under which a value node breaks it.
VALUE_TESTS: dict[Node, tuple[URIRef, ValueTest]] = {
    SH["class"]: (SH.ClassConstraintComponent, value_type.class_),
    SH.datatype: (SH.DatatypeConstraintComponent, value_type.datatype),
    SH.nodeKind: (SH.NodeKindConstraintComponent, value_type.node_kind),
    SH.minExclusive: (SH.MinExclusiveConstraintComponent, value_range.min_exclusive),
    SH.minInclusive: (SH.MinInclusiveConstraintComponent, value_range.min_inclusive),
    SH.maxExclusive: (SH.MaxExclusiveConstraintComponent, value_range.max_exclusive),
    SH.maxInclusive: (SH.MaxInclusiveConstraintComponent, value_range.max_inclusive),
    SH.minLength: (SH.MinLengthConstraintComponent, strings.min_length),
    SH.maxLength: (SH.MaxLengthConstraintComponent, strings.max_length),
    SH.pattern: (SH.PatternConstraintComponent, strings.pattern),
    SH.languageIn: (SH.LanguageInConstraintComponent, strings.language_in),
    SH["not"]: (SH.NotConstraintComponent, logical.not_),
    SH["and"]: (SH.AndConstraintComponent, logical.and_),
    SH["or"]: (SH.OrConstraintComponent, logical.or_),
    SH.xone: (SH.XoneConstraintComponent, logical.xone),
    SH.node: (SH.NodeConstraintComponent, shape_based.node),
    SH["in"]: (SH.InConstraintComponent, other.in_),
}
# By parameter, what makes the checks of a component that looks at all value nodes together.
FOCUS_TESTS: dict[Node, FocusTest] = {
    SH.minCount: cardinality.min_count,
    SH.maxCount: cardinality.max_count,
    SH.uniqueLang: strings.unique_lang,
    SH.equals: property_pair.equals,
    SH.disjoint: property_pair.disjoint,
    SH.lessThan: property_pair.less_than,
    SH.lessThanOrEquals: property_pair.less_than_or_equals,
    SH.property: shape_based.property_,
    SH.qualifiedValueShape: shape_based.qualified_value_shape,
    SH.closed: other.closed,
    SH.hasValue: other.has_value,
}
# What other parameters read; alone they constrain nothing.
# https://www.w3.org/TR/shacl/#constraints
_SECONDARY = frozenset(
    (
        SH.flags,
        SH.ignoredProperties,
        SH.qualifiedMinCount,
        SH.qualifiedMaxCount,
        SH.qualifiedValueShapesDisjoint,
    )
)
_ONE_VALUE = (
    SH.datatype,
    SH.nodeKind,
    SH.minCount,
    SH.maxCount,
    SH.minLength,
    SH.maxLength,
    SH.languageIn,
    SH.uniqueLang,
    SH["in"],
    SH.closed,
)
_LONGEST_CONDITION = 32  # tests in one condition
_MOST_CHECKS = 20_000


class ShapeCompiler:
    """Compiles the shapes of one shapes graph.

    ``prefixes`` are known to all its queries; ``classes`` is the class hierarchy of the data.
    """

    def __init__(
        self, shapes: ShapesGraph, prefixes: Mapping[str, str], classes: Graph | None = None
    ) -> None:
        self.shapes = shapes
        self._classes = Graph() if classes is None else classes
        rules: FocusTest = partial(sparql, prefixes=prefixes)
        self._focus_tests: dict[Node, FocusTest] = {**FOCUS_TESTS, SH.sparql: rules}
        self._steps: list[Step] = []
        self._marks: dict[tuple[Node, str], str] = {}
        self._made = 0  # queries of the shape that is compiled
        self._names = count()

    def compile(self, node: Node, focus: Focus | None = None) -> list[Step]:
        """The steps that find all results of a shape at its targets, or at other focus nodes.

        Raises :class:`ShapeRefused` if the shape, or one that it refers to, is not compiled.
        """
        shape = self.shapes.shape(node)
        self._steps = []
        self._marks = {}
        self._made = 0
        refuse_recursion(self.shapes, shape)
        checks = self.checks(shape, focus or focuses.targets(node, shape.targets))
        return [*self._steps, *checks]

    def subclasses(self, node: Node) -> list[Node]:
        """A class and those below it in the data. https://www.w3.org/TR/shacl/#dfn-shacl-subclass"""
        found = self._classes.transitive_subjects(RDFS.subClassOf, node)
        return sorted((below for below in found if below is not None), key=str)

    def checks(self, shape: Shape, focus: Focus) -> tuple[Check, ...]:
        """The checks of a shape at its focus nodes."""
        if shape.deactivated:
            return ()
        self._refuse_unknown(shape)
        path = None if shape.path is None else read_path(self.shapes, shape.path, shape.node)
        site = Site(self, shape, focus, path)
        found = [
            check
            for parameter, values in shape.parameters.items()
            for value in values
            for check in self._made_by(site, parameter, value)
        ]
        return tuple(found)

    def violation(self, shape: Node, scope: Scope) -> str:
        """True of a node that does not conform to a shape."""
        inner = self.shapes.shape(shape)
        if self._length(inner) <= _LONGEST_CONDITION:
            return self._condition(inner, scope)
        return _marked(self._mark(inner, scope), scope)

    def listed(self, members: tuple[Node, ...], scope: Scope) -> str:
        """True of a term that is a member of a long list."""
        name = self._new_mark()
        self._steps.append(MarkTerms(name, members))
        return _marked(name, scope)

    def _made_by(self, site: Site, parameter: URIRef, value: Node) -> list[Check]:
        self._made += 1
        if self._made > _MOST_CHECKS:
            raise ShapeRefused(site.shape.node, f"it makes more than {_MOST_CHECKS} queries")
        if parameter in self._focus_tests:
            return self._focus_tests[parameter](site, value)
        if parameter not in VALUE_TESTS:
            return []
        component, test = VALUE_TESTS[parameter]
        where = f"{site.values} FILTER({test(site.scope, site.shape, value)})"
        text = f"{name_of(parameter)} {value}"
        return [site.check(component, text, where, value=site.value)]

    def _condition(self, shape: Shape, scope: Scope) -> str:
        if shape.deactivated:
            return "false"
        self._refuse_unknown(shape)
        tests = [
            f"({VALUE_TESTS[parameter][1](scope, shape, value)})"
            for parameter, values in shape.parameters.items()
            if parameter in VALUE_TESTS
            for value in values
        ]
        return " || ".join(tests) or "false"

    def _length(self, shape: Shape) -> int:
        """How many tests the condition for a shape has; more than allowed if it cannot be one."""
        if shape.deactivated:
            return 0
        if shape.path is not None or any(p in self._focus_tests for p in shape.parameters):
            return _LONGEST_CONDITION + 1
        length = 0
        for parameter, values in shape.parameters.items():
            for value in values:
                length += self._length_of(parameter, value, shape)
                if length > _LONGEST_CONDITION:
                    return length
        return length

    def _length_of(self, parameter: URIRef, value: Node, shape: Shape) -> int:
        if parameter in (SH.node, SH["not"]):
            return self._length(self.shapes.shape(value))
        if parameter in (SH["and"], SH["or"], SH.xone):
            members = self.shapes.members(value, shape.node)
            return sum(self._length(self.shapes.shape(member)) for member in members)
        return 1

    def _mark(self, shape: Shape, scope: Scope) -> str:
        """The name of the mark on the nodes that do not conform to a shape."""
        key = (shape.node, scope.pattern)
        if key not in self._marks:
            checks = self.checks(shape, focuses.alone(scope.pattern, scope.variable, few=scope.few))
            self._marks[key] = self._new_mark()
            self._steps.append(Mark(self._marks[key], checks))
        return self._marks[key]

    def _new_mark(self) -> str:
        return f"{MARKS}:{next(self._names)}"

    def _refuse_unknown(self, shape: Shape) -> None:
        for parameter in shape.parameters:
            known = parameter in VALUE_TESTS or parameter in self._focus_tests
            if not known and parameter not in _SECONDARY:
                raise ShapeRefused(shape.node, f"it uses {name_of(parameter)}")
        for parameter in _ONE_VALUE:
            shape.the(parameter)


def _marked(name: str, scope: Scope) -> str:
    return f"EXISTS {{ {has_mark(name, scope.variable)} }}"
