"""For shapes and data drawn at random, the compiler's results are those of pySHACL.

What is drawn keeps clear of the known differences, which have tests of their own.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.services.shacl.oracle import by_pyshacl, compiled

NODES = ("ex:a", "ex:b", "ex:c", "_:d", "_:e")
CLASSES = ("ex:C", "ex:D", "ex:E")
PROPERTIES = ("ex:p", "ex:q", "ex:r")
NUMBER_PROPERTIES = ("ex:m", "ex:n")
NUMBERS = ("1", "2", "5", "05", "1.5", "1.50", "2.0", '"7"^^xsd:nonNegativeInteger', "1e0")
LITERALS = (
    *NUMBERS,
    '"a"',
    '"ab"',
    '"B c"',
    '"a"@en',
    '"b"@en',
    '"b"@de',
    '"c"@en-us',
    '"abc"^^xsd:integer',
    '"2020-02-30"^^xsd:date',
    '"2020-02-03"^^xsd:date',
    '"2021-01-01"^^xsd:date',
    '"2020-01-01T00:00:00Z"^^xsd:dateTime',
    "true",
    '"1"^^xsd:boolean',
    '"x"^^ex:type',
)
NAMED = (*NODES[:3], *LITERALS)
PATHS = (
    *PROPERTIES,
    "[ sh:inversePath ex:p ]",
    "( ex:p ex:q )",
    "( ex:p [ sh:inversePath ex:q ] )",
    "[ sh:alternativePath ( ex:p ex:q ) ]",
    "[ sh:zeroOrMorePath ex:p ]",
    "[ sh:oneOrMorePath ex:p ]",
    "[ sh:zeroOrOnePath ex:q ]",
    "[ sh:zeroOrMorePath [ sh:alternativePath ( ex:p [ sh:inversePath ex:q ] ) ] ]",
    "( [ sh:zeroOrOnePath ex:p ] [ sh:oneOrMorePath ex:q ] )",
)
VALUE_TESTS = (
    *(f"sh:class {c}" for c in CLASSES),
    *(
        f"sh:datatype {t}"
        for t in (
            "xsd:integer",
            "xsd:string",
            "rdf:langString",
            "xsd:date",
            "xsd:decimal",
            "ex:type",
        )
    ),
    *(
        f"sh:nodeKind sh:{kind}"
        for kind in (
            "IRI",
            "BlankNode",
            "Literal",
            "BlankNodeOrIRI",
            "BlankNodeOrLiteral",
            "IRIOrLiteral",
        )
    ),
    "sh:minLength 2",
    "sh:maxLength 20",
    'sh:pattern "a"',
    'sh:pattern "^b" ; sh:flags "i"',
    'sh:languageIn ( "en" )',
    'sh:languageIn ( "de" "en" )',
    "sh:in ( ex:a ex:b 1 )",
    'sh:in ( ex:c "a"@en "05"^^xsd:integer )',
    f"sh:in ( {' '.join(NAMED)} {' '.join(f'ex:more{n}' for n in range(40))} )",
    "sh:hasValue ex:a",
    "sh:hasValue 1",
    "sh:equals ex:q",
    "sh:disjoint ex:r",
    "sh:closed true",
    "sh:closed true ; sh:ignoredProperties ( rdf:type ex:p )",
)
# Of values that can be compared only: what others do to them is a known difference.
COMPARISONS = (
    "sh:lessThan ex:n",
    "sh:lessThanOrEquals ex:n",
    "sh:minInclusive 2",
    "sh:maxExclusive 1.5",
    "sh:minExclusive 1",
    "sh:maxInclusive 5e0",
)
COUNTS = (
    *(f"sh:minCount {n}" for n in range(4)),
    *(f"sh:maxCount {n}" for n in range(3)),
    "sh:uniqueLang true",
    "sh:uniqueLang false",
)
TARGETS = (
    "sh:targetNode ex:a, ex:absent",
    "sh:targetNode ex:b, 1, 05",
    *(f"sh:targetClass {c}" for c in CLASSES),
    "sh:targetSubjectsOf ex:p",
    "sh:targetObjectsOf ex:p",
    "sh:targetObjectsOf ex:q",
)
EXTRAS = (
    "sh:severity sh:Warning",
    'sh:message "M: one"@en, "M: two"',
    "sh:deactivated true",
    "sh:deactivated false",
)


@st.composite
def data(draw) -> str:
    lines = [
        f"{draw(st.sampled_from(CLASSES))} rdfs:subClassOf {draw(st.sampled_from(CLASSES))} ."
        for _ in range(draw(st.integers(0, 2)))
    ]
    types = draw(st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(CLASSES)), max_size=5))
    lines += [f"{node} a {kind} ." for node, kind in types]
    links = st.tuples(
        st.sampled_from(NODES), st.sampled_from(PROPERTIES), st.sampled_from((*NODES, *LITERALS))
    )
    numbers = st.tuples(
        st.sampled_from(NODES), st.sampled_from(NUMBER_PROPERTIES), st.sampled_from(NUMBERS)
    )
    lines += [" ".join((*link, ".")) for link in draw(st.lists(links, max_size=14))]
    lines += [" ".join((*link, ".")) for link in draw(st.lists(numbers, max_size=4))]
    return "\n".join(lines)


@st.composite
def shapes(draw) -> str:
    """Shapes in a row: each may refer to those behind it."""
    count = draw(st.integers(1, 5))
    kinds = [draw(st.booleans()) for _ in range(count)]  # true: a property shape
    return "\n".join(draw(_shape(number, kinds)) for number in range(count))


@st.composite
def _shape(draw, number: int, kinds: list[bool]) -> str:
    parts = draw(st.lists(st.sampled_from(VALUE_TESTS), max_size=3, unique_by=_parameter))
    parts += draw(st.lists(st.sampled_from(EXTRAS), max_size=2, unique_by=_parameter))
    if number == 0 or draw(st.booleans()):
        parts += draw(st.lists(st.sampled_from(TARGETS), min_size=1, max_size=2, unique=True))
    if kinds[number]:
        parts += _without_doubles(parts, draw(st.lists(st.sampled_from(COUNTS), max_size=2)))
        parts += draw(_path())
    behind = range(number + 1, len(kinds))
    if behind:
        parts += draw(_references(list(behind), kinds, kinds[number]))
    return (
        f"ex:shape{number} "
        + " ;\n  ".join([f"a sh:{'Property' if kinds[number] else 'Node'}Shape", *parts])
        + " ."
    )


@st.composite
def _path(draw) -> list[str]:
    if draw(st.integers(0, 3)) == 0:
        compared = st.lists(st.sampled_from(COMPARISONS), max_size=2, unique_by=_parameter)
        return ["sh:path ex:m", *draw(compared)]
    return [f"sh:path {draw(st.sampled_from(PATHS))}"]


@st.composite
def _references(draw, behind: list[int], kinds: list[bool], has_path: bool) -> list[str]:
    found = []
    for _ in range(draw(st.integers(0, 2))):
        one = draw(st.sampled_from(behind))
        some = draw(st.lists(st.sampled_from(behind), min_size=1, max_size=3))
        members = " ".join(f"ex:shape{n}" for n in some)
        options = [f"sh:not ex:shape{one}"]
        options += [f"sh:{word} ( {members} )" for word in ("and", "or", "xone")]
        options += [f"sh:property ex:shape{one}" if kinds[one] else f"sh:node ex:shape{one}"] * 3
        if has_path:
            disjoint = draw(st.booleans())
            options.append(
                f"sh:qualifiedValueShape ex:shape{one} ; sh:qualifiedMinCount "
                f"{draw(st.integers(0, 2))} ; sh:qualifiedMaxCount {draw(st.integers(0, 2))}"
                + (" ; sh:qualifiedValueShapesDisjoint true" if disjoint else "")
            )
        found.append(draw(st.sampled_from(options)))
    qualified = [part for part in found if "qualified" in part]
    return [part for part in found if "qualified" not in part] + qualified[:1]


def _parameter(part: str) -> str:
    return part.partition(" ")[0]


def _without_doubles(parts: list[str], more: list[str]) -> list[str]:
    taken = {_parameter(part) for part in parts}
    return list({_parameter(p): p for p in more if _parameter(p) not in taken}.values())


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(shapes(), data())
def test_the_results_are_those_of_pyshacl(some_shapes: str, some_data: str) -> None:
    note(some_shapes)
    note(some_data)
    assert compiled(some_shapes, some_data) == by_pyshacl(some_shapes, some_data)
