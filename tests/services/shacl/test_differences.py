"""Where the compiler and pySHACL differ: each case with both verdicts, so that a change is noticed.

``docs/shacl.md`` gives the specification's sentence for each.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from migkg.errors import InvalidData
from tests.services.shacl.oracle import by_pyshacl, compiled, short

DOCUMENT = Path(__file__).parents[3] / "docs" / "shacl.md"


class Difference(NamedTuple):
    """Shapes, data, our results, pySHACL's; None if it gives up."""

    shapes: str
    data: str
    ours: list[tuple[str, str, str]]
    theirs: list[tuple[str, str, str]] | None


def on(constraint: str, path: str = "ex:p") -> str:
    return f"ex:S sh:targetNode ex:a ; sh:property [ sh:path {path} ; {constraint} ] ."


DIFFERENCES = {
    "The inverse of a sequence": Difference(
        on("sh:nodeKind sh:Literal", "[ sh:inversePath ( ex:p ex:q ) ]"),
        "ex:b ex:p ex:c . ex:c ex:q ex:a .",
        [("a", "NodeKind", "b")],
        [],
    ),
    "Pairs that cannot be compared": Difference(
        on("sh:lessThan ex:q"),
        'ex:a ex:p "2020-06-01"^^xsd:date ; ex:q "2020"^^xsd:gYear .',
        [("a", "LessThan", "2020-06-01")],
        [],
    ),
    "Pairs of IRIs": Difference(
        on("sh:lessThan ex:q"), "ex:a ex:p ex:b ; ex:q ex:c .", [("a", "LessThan", "b")], []
    ),
    "Pairs with a blank node": Difference(
        on("sh:lessThan ex:q"), "ex:a ex:p [] ; ex:q 1 .", [("a", "LessThan", "_")], None
    ),
    "Ranges of another kind of value": Difference(
        on('sh:minInclusive "2020-01-01"^^xsd:date'),
        "ex:a ex:p 1 .",
        [("a", "MinInclusive", "1")],
        [],
    ),
    "Ranges of text with a language": Difference(
        on('sh:minInclusive "a"'), 'ex:a ex:p "b"@en .', [("a", "MinInclusive", "b")], []
    ),
    "Moments with and without a time zone": Difference(
        on('sh:minInclusive "2020-01-01T00:00:00Z"^^xsd:dateTime'),
        'ex:a ex:p "2020-02-01T00:00:00"^^xsd:dateTime .',
        [],
        [("a", "MinInclusive", "2020-02-01T00:00:00")],
    ),
    "Numbers beyond 64 bits": Difference(
        on("sh:minInclusive 1"),
        "ex:a ex:p 99999999999999999999 .",
        [("a", "MinInclusive", "99999999999999999999")],
        [],
    ),
    "Space around a number": Difference(
        on("sh:datatype xsd:integer"),
        'ex:a ex:p " 5 "^^xsd:integer .',
        [("a", "Datatype", " 5 ")],
        [],
    ),
    "rdfs:Literal as a datatype": Difference(
        on("sh:datatype rdfs:Literal"), 'ex:a ex:p "x" .', [("a", "Datatype", "x")], []
    ),
    "Language ranges with a region": Difference(
        on('sh:languageIn ( "en-GB" )'),
        'ex:a ex:p "x"@en-GB-scotland .',
        [],
        [("a", "LanguageIn", "x")],
    ),
    "Blank nodes and sh:minLength 0": Difference(
        on("sh:minLength 0"), "ex:a ex:p [] .", [("a", "MinLength", "_")], []
    ),
    "The end of a line in a pattern": Difference(
        on("sh:pattern 'b$'"), 'ex:a ex:p "ab\\n" .', [("a", "Pattern", "ab\n")], []
    ),
    "The flag s": Difference(
        on("sh:pattern 'a.b' ; sh:flags 's'"), 'ex:a ex:p "a\\nb" .', [], [("a", "Pattern", "a\nb")]
    ),
    "Closed shapes and rdfs:Resource": Difference(
        "ex:S sh:targetNode ex:a ; sh:closed true .",
        "ex:a a rdfs:Resource .",
        [("a", "Closed", "http://www.w3.org/2000/01/rdf-schema#Resource")],
        [],
    ),
    "uniqueLang with the number 1": Difference(
        on('sh:uniqueLang "1"^^xsd:boolean'),
        'ex:a ex:p "a"@en, "b"@en .',
        [],
        [("a", "UniqueLang", "")],
    ),
    "Parameters alone": Difference(
        on("sh:class ex:C ; sh:qualifiedMaxCount 2"),
        "ex:a ex:p 1 .",
        [("a", "Class", "1")],
        None,
    ),
    "Classes of classes": Difference(
        "ex:C a ex:K, sh:NodeShape ; sh:nodeKind sh:Literal . "
        "ex:K rdfs:subClassOf ex:L . ex:L rdfs:subClassOf rdfs:Class .",
        "ex:a a ex:C .",
        [("a", "NodeKind", "a")],
        [],
    ),
}


@pytest.mark.parametrize("case", DIFFERENCES.values(), ids=list(DIFFERENCES))
def test_both_verdicts_are_as_written(case: Difference) -> None:
    assert short(compiled(case.shapes, case.data)) == case.ours
    if case.theirs is None:
        with pytest.raises(InvalidData, match="cannot be used"):
            by_pyshacl(case.shapes, case.data)
    else:
        assert short(by_pyshacl(case.shapes, case.data)) == case.theirs


def test_the_documentation_names_every_difference() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert [name for name in DIFFERENCES if f"**{name}.**" not in text] == []
