"""Each target, path and constraint component by itself: the results are the ones written here,
and those of pySHACL."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from migkg.services.shacl.compiler import FOCUS_TESTS, VALUE_TESTS
from migkg.services.shacl.shapes import name_of
from tests.services.shacl.oracle import by_pyshacl, compiled, short


class Case(NamedTuple):
    """Shapes, data, and focus, component and value of each result."""

    shapes: str
    data: str
    expected: str


def on(path: str, constraint: str) -> str:
    """A property shape about ex:a."""
    return f"ex:S sh:targetNode ex:a ; sh:property [ sh:path {path} ; {constraint} ] ."


def node(constraint: str, target: str = "sh:targetObjectsOf ex:p") -> str:
    """A node shape about the values of ex:p."""
    return f"ex:S a sh:NodeShape ; {target} ; {constraint} ."


P = "ex:a ex:p "
TREE = "ex:a ex:p ex:b . ex:b ex:p ex:c . ex:c ex:p ex:a . ex:a ex:q ex:d . ex:d ex:q ex:b ."
ALL = "sh:nodeKind sh:Literal"  # every value node that is an IRI is a result

CASES = {
    # https://www.w3.org/TR/shacl/#targets
    "targetNode": Case(
        node("sh:class ex:C", 'sh:targetNode ex:a, ex:absent, "x"@en, 01'),
        "ex:a a ex:C .",
        "01 Class 01; absent Class absent; x Class x",
    ),
    "targetClass": Case(
        node("sh:hasValue ex:x", "sh:targetClass ex:C"),
        "ex:D rdfs:subClassOf ex:C . ex:E rdfs:subClassOf ex:D . "
        "ex:a a ex:C . ex:b a ex:E . ex:c a ex:F .",
        "a HasValue; b HasValue",
    ),
    "targetClass of a blank node": Case(
        node("sh:closed true", "sh:targetClass ex:C"), "[] a ex:C .", "_ Closed C"
    ),
    "implicit class target": Case(
        "ex:C a rdfs:Class, sh:NodeShape ; sh:nodeKind sh:Literal .",
        "ex:D rdfs:subClassOf ex:C . ex:a a ex:D .",
        "a NodeKind a",
    ),
    "a class that is no shape": Case(
        "ex:C a rdfs:Class ; sh:nodeKind sh:Literal .", "ex:a a ex:C .", ""
    ),
    "targetSubjectsOf": Case(
        node(ALL, "sh:targetSubjectsOf ex:p"), TREE, "a NodeKind a; b NodeKind b; c NodeKind c"
    ),
    "targetObjectsOf": Case(node(ALL), "ex:a ex:p ex:b, 1 .", "b NodeKind b"),
    "several targets, one focus node": Case(
        node(ALL, "sh:targetNode ex:a ; sh:targetSubjectsOf ex:p, ex:q ; sh:targetClass ex:C"),
        "ex:a a ex:C ; ex:p 1 ; ex:q 2 .",
        "a NodeKind a",
    ),
    "no target": Case("ex:S a sh:NodeShape ; sh:nodeKind sh:Literal .", TREE, ""),
    "property shape with a target": Case(
        "ex:S a sh:PropertyShape ; sh:targetNode ex:a ; sh:path ex:p ; sh:minCount 2 .",
        TREE,
        "a MinCount",
    ),
    # https://www.w3.org/TR/shacl/#property-paths
    "sequence path": Case(on("( ex:p ex:p )", ALL), TREE, "a NodeKind c"),
    "alternative path": Case(
        on("[ sh:alternativePath ( ex:p ex:q ) ]", ALL), TREE, "a NodeKind b; a NodeKind d"
    ),
    "inverse path": Case(on("[ sh:inversePath ex:p ]", ALL), TREE, "a NodeKind c"),
    "inverse of a sequence": Case(
        on("[ sh:inversePath ( ex:p ex:p ) ]", ALL), TREE, "a NodeKind b"
    ),
    "zero or more path": Case(
        on("[ sh:zeroOrMorePath ex:p ]", ALL), TREE, "a NodeKind a; a NodeKind b; a NodeKind c"
    ),
    "zero or more path of a node that is not there": Case(
        on("[ sh:zeroOrMorePath ex:p ]", ALL), "ex:b ex:p ex:c .", "a NodeKind a"
    ),
    "one or more path": Case(
        on("[ sh:oneOrMorePath ex:q ]", ALL), TREE, "a NodeKind b; a NodeKind d"
    ),
    "zero or one path": Case(
        on("[ sh:zeroOrOnePath ex:q ]", ALL), TREE, "a NodeKind a; a NodeKind d"
    ),
    "a value node that is reached twice": Case(
        on("( ex:p ex:q )", ALL),
        "ex:a ex:p ex:b, ex:c . ex:b ex:q ex:d . ex:c ex:q ex:d .",
        "a NodeKind d",
    ),
    # https://www.w3.org/TR/shacl/#core-components-value-type
    "class": Case(
        on("ex:p", "sh:class ex:C"),
        "ex:D rdfs:subClassOf ex:C . ex:a ex:p ex:b, ex:c, ex:d, 1 . ex:b a ex:C . ex:c a ex:D .",
        "a Class 1; a Class d",
    ),
    "two classes": Case(
        on("ex:p", "sh:class ex:C, ex:D"), "ex:a ex:p ex:b . ex:b a ex:C .", "a Class b"
    ),
    "class below an unnamed class": Case(
        on("ex:p", "sh:class ex:C"),
        "_:u rdfs:subClassOf ex:C . ex:D rdfs:subClassOf _:u . "
        "ex:a ex:p ex:b, ex:c . ex:b a ex:D .",
        "a Class c",
    ),
    "datatype": Case(
        on("ex:p", "sh:datatype xsd:integer"),
        P + '1, 01, "1", "1"^^xsd:int, "x"^^xsd:integer, ex:b, 99999999999999999999 .',
        "a Datatype 1; a Datatype 1; a Datatype b; a Datatype x",
    ),
    "datatype of text": Case(
        on("ex:p", "sh:datatype rdf:langString"), P + '"x"@en, "x" .', "a Datatype x"
    ),
    "datatype of derived numbers": Case(
        on("ex:p", "sh:datatype xsd:nonNegativeInteger"),
        P + '"1"^^xsd:nonNegativeInteger, 1 .',
        "a Datatype 1",
    ),
    "datatype of bounded numbers": Case(
        on("ex:p", "sh:datatype xsd:byte"),
        P + '"127"^^xsd:byte, "-128"^^xsd:byte, "128"^^xsd:byte, "x"^^xsd:byte .',
        "a Datatype 128; a Datatype x",
    ),
    "datatype of dates": Case(
        on("ex:p", "sh:datatype xsd:date"),
        P + '"2020-02-29"^^xsd:date, "2021-02-29"^^xsd:date, "2020-01-01Z"^^xsd:date .',
        "a Datatype 2021-02-29",
    ),
    "datatype that nobody knows": Case(
        on("ex:p", "sh:datatype ex:type"), P + '"x"^^ex:type, "x" .', "a Datatype x"
    ),
    **{
        f"nodeKind {kind}": Case(
            node(f"sh:nodeKind sh:{kind}"),
            'ex:a ex:p ex:b, "x", _:c .',
            "; ".join(f"{name} NodeKind {name}" for name in wrong),
        )
        for kind, wrong in {
            "IRI": ("_", "x"),
            "BlankNode": ("b", "x"),
            "Literal": ("_", "b"),
            "BlankNodeOrIRI": ("x",),
            "BlankNodeOrLiteral": ("b",),
            "IRIOrLiteral": ("_",),
        }.items()
    },
    # https://www.w3.org/TR/shacl/#core-components-count
    "minCount": Case(
        "ex:S sh:targetSubjectsOf ex:p, ex:q ; sh:property [ sh:path ex:p ; sh:minCount 2 ] .",
        "ex:a ex:p 1, 01 . ex:b ex:p 1 . ex:c ex:q 1 .",
        "b MinCount; c MinCount",
    ),
    "minCount 1": Case(on("ex:p", "sh:minCount 1"), "ex:b ex:p 1 .", "a MinCount"),
    "minCount 0": Case(on("ex:p", "sh:minCount 0"), "ex:b ex:p 1 .", ""),
    "minCount of a path": Case(
        on("[ sh:zeroOrMorePath ex:p ]", "sh:minCount 2"), "ex:b ex:p 1 .", "a MinCount"
    ),
    "maxCount": Case(
        "ex:S sh:targetSubjectsOf ex:p ; sh:property [ sh:path ex:p ; sh:maxCount 1 ] .",
        "ex:a ex:p 1, 01 . ex:b ex:p 1 .",
        "a MaxCount",
    ),
    "maxCount 0": Case(on("ex:p", "sh:maxCount 0"), P + "1 .", "a MaxCount"),
    "maxCount of a path": Case(
        on("( ex:p ex:q )", "sh:maxCount 1"),
        "ex:a ex:p ex:b, ex:c . ex:b ex:q ex:d . ex:c ex:q ex:d .",
        "",
    ),
    # https://www.w3.org/TR/shacl/#core-components-range
    **{
        f"{name} of numbers": Case(
            on("ex:p", f"sh:{name} 2"),
            P + '1, 2, 3, 1.50, "2"^^xsd:byte, 25e-1, "9"^^xsd:integer, ex:b, "2", "x"@en .',
            "; ".join(f"a {name[0].upper()}{name[1:]} {value}" for value in wrong),
        )
        for name, wrong in {
            "minInclusive": ("1", "1.50", "2", "b", "x"),
            "minExclusive": ("1", "1.50", "2", "2", "2", "b", "x"),
            "maxInclusive": ("2", "25e-1", "3", "9", "b", "x"),
            "maxExclusive": ("2", "2", "2", "25e-1", "3", "9", "b", "x"),
        }.items()
    },
    "minInclusive of strings": Case(
        on("ex:p", 'sh:minInclusive "b"'),
        P + '"a", "b", "c", 1 .',
        "a MinInclusive 1; a MinInclusive a",
    ),
    "minInclusive of dates": Case(
        on("ex:p", 'sh:minInclusive "2020-01-02"^^xsd:date'),
        P + '"2020-01-01"^^xsd:date, "2020-01-02"^^xsd:date, "2020-01-03"^^xsd:date .',
        "a MinInclusive 2020-01-01",
    ),
    "minExclusive of booleans": Case(
        on("ex:p", "sh:minExclusive false"),
        P + 'true, false, "1"^^xsd:boolean, "0"^^xsd:boolean .',
        "a MinExclusive 0; a MinExclusive false",
    ),
    "maxExclusive of moments": Case(
        on("ex:p", 'sh:maxExclusive "2020-01-01T12:00:00Z"^^xsd:dateTime'),
        P + '"2020-01-01T12:30:00+01:00"^^xsd:dateTime, "2020-01-01T12:30:00Z"^^xsd:dateTime .',
        "a MaxExclusive 2020-01-01T12:30:00Z",
    ),
    # https://www.w3.org/TR/shacl/#core-components-string
    "minLength": Case(
        on("ex:p", "sh:minLength 3"),
        P + '"ab", "abc", "äöü"@de, 12, 0012, "\U0001f600\U0001f600", ex:b, _:c .',
        "a MinLength 12; a MinLength _; a MinLength ab; a MinLength \U0001f600\U0001f600",
    ),
    "maxLength": Case(
        on("ex:p", "sh:maxLength 2"),
        P + '"ab", "abc", "\U0001f600\U0001f600", 0012, ex:b, _:c .',
        "a MaxLength 0012; a MaxLength _; a MaxLength abc; a MaxLength b",
    ),
    "pattern": Case(
        on("ex:p", 'sh:pattern "^a.c$"'),
        P + '"abc", "a\\nc", "ABC", "xabc", _:c .',
        "a Pattern ABC; a Pattern _; a Pattern a\nc; a Pattern xabc",
    ),
    "pattern with a flag": Case(
        on("ex:p", 'sh:pattern "^B" ; sh:flags "i"'), P + '"bc", "cb" .', "a Pattern cb"
    ),
    "pattern of IRIs and numbers": Case(
        on("ex:p", 'sh:pattern "^https://example|^0"'), P + "ex:b, 01, 1 .", "a Pattern 1"
    ),
    "pattern with quotes and backslashes": Case(
        on("ex:p", "sh:pattern '''^\\\\\\\\\"'\\\\d$'''"),
        P + "'''\\\\\"'1''', '1' .",
        "a Pattern 1",
    ),
    "languageIn": Case(
        on("ex:p", 'sh:languageIn ( "en" "de" )'),
        P + '"a"@en, "b"@en-GB, "c"@fr, "d", ex:b .',
        "a LanguageIn b; a LanguageIn c; a LanguageIn d",
    ),
    "uniqueLang": Case(
        on("ex:p", "sh:uniqueLang true"),
        P + '"a"@en, "b"@EN, "c"@en, "d"@de, "e"@de, "f"@en-GB, "g", "h" .',
        "a UniqueLang; a UniqueLang",
    ),
    "uniqueLang false": Case(on("ex:p", "sh:uniqueLang false"), P + '"a"@en, "b"@en .', ""),
    # https://www.w3.org/TR/shacl/#core-components-property-pairs
    "equals": Case(
        on("ex:p", "sh:equals ex:q"), "ex:a ex:p 1, 2 ; ex:q 2, 02 .", "a Equals 02; a Equals 1"
    ),
    "equals at a node shape": Case(
        "ex:S sh:targetNode ex:a ; sh:equals ex:p .", "ex:a ex:p ex:b .", "a Equals a; a Equals b"
    ),
    "equals of a path": Case(
        on("[ sh:zeroOrOnePath ex:p ]", "sh:equals ex:q"),
        "ex:a ex:p 1 ; ex:q ex:a, 2 .",
        "a Equals 1; a Equals 2",
    ),
    "disjoint": Case(
        on("ex:p", "sh:disjoint ex:q"), "ex:a ex:p 1, 2 ; ex:q 2, 01 .", "a Disjoint 2"
    ),
    "disjoint at a node shape": Case(
        "ex:S sh:targetNode ex:a ; sh:disjoint ex:p .", "ex:a ex:p ex:a .", "a Disjoint a"
    ),
    "lessThan": Case(
        on("ex:p", "sh:lessThan ex:q"),
        "ex:a ex:p 1, 2.0, 03 ; ex:q 2, 3 .",
        "a LessThan 03; a LessThan 03; a LessThan 2.0",
    ),
    "lessThan of dates": Case(
        on("ex:p", "sh:lessThan ex:q"),
        'ex:a ex:p "2020-01-01"^^xsd:date ; ex:q "2019-01-01"^^xsd:date, "2021-01-01"^^xsd:date .',
        "a LessThan 2020-01-01",
    ),
    "lessThan of booleans": Case(
        on("ex:p", "sh:lessThan ex:q"), "ex:a ex:p true, false ; ex:q true .", "a LessThan true"
    ),
    "lessThan of text and number": Case(
        on("ex:p", "sh:lessThan ex:q"), 'ex:a ex:p "a" ; ex:q 2 .', "a LessThan a"
    ),
    "lessThanOrEquals": Case(
        on("ex:p", "sh:lessThanOrEquals ex:q"),
        "ex:a ex:p 1, 2.0, 3 ; ex:q 2 .",
        "a LessThanOrEquals 3",
    ),
    # https://www.w3.org/TR/shacl/#core-components-logical
    "not": Case(on("ex:p", "sh:not [ sh:datatype xsd:string ]"), P + '"x", 1 .', "a Not x"),
    "and": Case(
        on("ex:p", "sh:and ( [ sh:minInclusive 1 ] [ sh:maxInclusive 2 ] )"),
        P + "0, 1, 3 .",
        "a And 0; a And 3",
    ),
    "or": Case(
        on("ex:p", "sh:or ( [ sh:datatype xsd:integer ] [ sh:nodeKind sh:IRI ] )"),
        P + "1, ex:b, true .",
        "a Or true",
    ),
    "xone": Case(
        on("ex:p", "sh:xone ( [ sh:minLength 2 ] [ sh:datatype xsd:string ] )"),
        P + '"x", "xx", 1, 11 .',
        "a Xone 1; a Xone xx",
    ),
    "a logical list with property shapes": Case(
        "ex:S sh:targetSubjectsOf ex:p ; sh:xone ( [ sh:path ex:p ; sh:minCount 2 ] "
        "[ sh:property [ sh:path ex:q ; sh:minCount 1 ] ] ) .",
        "ex:a ex:p 1, 2 . ex:b ex:p 1 ; ex:q 1 . ex:c ex:p 1, 2 ; ex:q 1 . ex:d ex:p 1 .",
        "c Xone c; d Xone d",
    ),
    "not of a deactivated shape": Case(
        on("ex:p", "sh:not [ sh:datatype xsd:string ; sh:deactivated true ]"), P + "1 .", "a Not 1"
    ),
    "one shape in two places": Case(
        "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:not ex:T ], "
        "[ sh:path ex:q ; sh:node ex:T ] . ex:T sh:property [ sh:path ex:r ; sh:minCount 1 ] .",
        "ex:a ex:p ex:b ; ex:q ex:c, ex:b . ex:b ex:r 1 .",
        "a Node c; a Not b",
    ),
    # https://www.w3.org/TR/shacl/#core-components-shape
    "node": Case(
        on("ex:p", "sh:node ex:T") + " ex:T sh:property [ sh:path ex:q ; sh:maxCount 1 ] .",
        "ex:a ex:p ex:b, ex:c . ex:b ex:q 1, 2 . ex:c ex:q 1 .",
        "a Node b",
    ),
    "property in property": Case(
        "ex:S sh:targetSubjectsOf ex:p ; sh:property [ sh:path ex:p ; "
        "sh:property [ sh:path ex:q ; sh:minCount 1 ] ] .",
        "ex:a ex:p ex:b, ex:c . ex:d ex:p ex:b . ex:c ex:q 1 .",
        "b MinCount; b MinCount",
    ),
    "qualified counts": Case(
        "ex:S sh:targetSubjectsOf ex:p ; sh:property [ sh:path ex:p ; sh:qualifiedValueShape "
        "[ sh:class ex:C ] ; sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 1 ] .",
        "ex:x a ex:C . ex:y a ex:C . ex:a ex:p ex:x . ex:b ex:p ex:x, ex:y . ex:c ex:p ex:z .",
        "b QualifiedMaxCount; c QualifiedMinCount",
    ),
    "qualified counts of disjoint shapes": Case(
        "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:qualifiedMinCount 1 ; "
        "sh:qualifiedValueShape [ sh:class ex:C ] ; sh:qualifiedValueShapesDisjoint true ], "
        "[ sh:path ex:p ; sh:qualifiedMinCount 1 ; sh:qualifiedValueShapesDisjoint true ; "
        "sh:qualifiedValueShape [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ] ] .",
        "ex:x a ex:C ; ex:q 1 . ex:a ex:p ex:x .",
        "a QualifiedMinCount; a QualifiedMinCount",
    ),
    # https://www.w3.org/TR/shacl/#core-components-others
    "closed": Case(
        "ex:S sh:targetNode ex:a ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ; "
        "sh:property [ sh:path ex:p ], [ sh:path ex:q ; sh:deactivated true ] .",
        "ex:a a ex:C ; ex:p 1 ; ex:q 2 ; ex:r 3, 03 .",
        "a Closed 03; a Closed 3",
    ),
    "closed at a property shape": Case(
        on("ex:p", "sh:closed true"), "ex:a ex:p ex:b, 1 . ex:b ex:q 1 .", "a Closed 1"
    ),
    "hasValue": Case(on("ex:p", "sh:hasValue 01, ex:b"), P + "1, ex:b .", "a HasValue"),
    "hasValue of a path": Case(
        on("[ sh:zeroOrMorePath ex:p ]", "sh:hasValue ex:a"), "ex:b ex:p ex:c .", ""
    ),
    "in": Case(
        on("ex:p", 'sh:in ( 1 ex:b "x"@en )'),
        P + '1, 01, ex:b, "x"@en, "x", _:c .',
        "a In 01; a In _; a In x",
    ),
    "in a list of IRIs": Case(
        on("ex:p", "sh:in ( ex:b ex:c )"), P + "ex:b, ex:d, 1 .", "a In 1; a In d"
    ),
    "in a long list": Case(
        on("ex:p", f"sh:in ( {' '.join(map(str, range(100)))} 01 )"),
        P + "1, 01, 001, 99, 100 .",
        "a In 001; a In 100",
    ),
    "in an empty list": Case(on("ex:p", "sh:in ()"), P + "1 .", "a In 1"),
    # https://www.w3.org/TR/shacl/#sparql-constraints
    "sparql": Case(
        node(
            'sh:sparql [ sh:message "M: {$this} has {?value}" ; '
            'sh:select "SELECT $this ?value { $this ex:q ?value }" ; sh:prefixes ex: ] . '
            'ex: sh:declare [ sh:prefix "ex" ; sh:namespace "https://example.org/" ]'
        ),
        "ex:a ex:p ex:b, ex:c . ex:b ex:q ex:d .",
        "b SPARQL d",
    ),
    "sparql at a property shape": Case(
        on(
            "[ sh:inversePath ex:p ]",
            'sh:sparql [ sh:select "SELECT $this ?value { $this $PATH ?value }" ]',
        ),
        "ex:b ex:p ex:a .",
        "a SPARQL b",
    ),
    "sparql below a property shape": Case(
        "ex:S sh:targetSubjectsOf ex:p ; sh:property [ sh:path ex:p ; sh:property [ sh:path ex:q ; "
        'sh:sparql [ sh:select "SELECT $this { $this $PATH ?x }" ] ] ] .',
        "ex:a ex:p ex:b . ex:c ex:p ex:b . ex:b ex:q 1 .",
        "b SPARQL; b SPARQL",
    ),
    "two queries that run once a focus node": Case(
        "ex:S sh:targetNode ex:a, ex:b ; sh:sparql [ sh:select "
        "'SELECT $this ?value { { $this <https://example.org/p> ?value FILTER($this != ?value) } }'"
        " ] . ex:T sh:targetNode ex:c, ex:d ; sh:sparql [ sh:select "
        "'SELECT $this ?value { { $this <https://example.org/q> ?value } } LIMIT 1' ] .",
        "ex:a ex:p ex:a, 1 . ex:b ex:p 2 ; ex:q 3 . ex:c ex:q 4 ; ex:p 5 .",
        "a SPARQL 1; b SPARQL 2; c SPARQL 4",
    ),
    "sparql about a blank node": Case(
        "ex:S sh:targetObjectsOf ex:p ; sh:sparql [ sh:select "
        "'SELECT $this ?value { { $this <https://example.org/q> ?value } FILTER(?value > 1) }' ] .",
        "ex:a ex:p [ ex:q 1, 2 ], [ ex:q 0 ] .",
        "_ SPARQL 2",
    ),
    "sparql with a sub-select": Case(
        "ex:S sh:targetNode ex:a, ex:b ; sh:sparql [ sh:select 'SELECT $this ?value { "
        "{ SELECT $this (COUNT(?x) AS ?value) { $this <https://example.org/p> ?x } "
        "GROUP BY $this } FILTER(?value > 1) }' ] .",
        "ex:a ex:p 1, 2 . ex:b ex:p 1 .",
        "a SPARQL 2",
    ),
    "a rule that is the shape itself": Case(
        "ex:S a sh:SPARQLConstraint ; sh:targetNode ex:a ; sh:prefixes ex: ; sh:sparql ex:S ; "
        "sh:select 'SELECT $this ?value { $this <https://example.org/p> ?value }' .",
        P + "1 .",
        "a SPARQL 1",
    ),
    "sparql that another shape negates": Case(
        'ex:S sh:targetSubjectsOf ex:p ; sh:not [ sh:sparql [ sh:select "SELECT $this { '
        '$this <https://example.org/q> ?x }" ] ] .',
        "ex:a ex:p 1 . ex:b ex:p 1 ; ex:q 1 .",
        "a Not a",
    ),
    # https://www.w3.org/TR/shacl/#characteristics-of-shapes
    "severity and message": Case(
        node('sh:class ex:C ; sh:severity sh:Info ; sh:message "M: one"@en, "M: two"'),
        P + "ex:b .",
        "b Class b",
    ),
    "deactivated": Case(node("sh:class ex:C ; sh:deactivated true"), P + "ex:b .", ""),
    "deactivated property shape": Case(
        on("ex:p", "sh:minCount 2 ; sh:deactivated true"), P + "1 .", ""
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_results_are_these_and_those_of_pyshacl(case: Case) -> None:
    found = compiled(case.shapes, case.data)
    assert (
        "; ".join(" ".join(part for part in row if part) for row in short(found)) == case.expected
    )
    assert found == by_pyshacl(case.shapes, case.data)


def test_every_component_has_a_case() -> None:
    texts = " ".join(case.shapes for case in CASES.values())
    missing = [p for p in (*VALUE_TESTS, *FOCUS_TESTS) if f"{name_of(p)} " not in texts]
    assert missing == []
