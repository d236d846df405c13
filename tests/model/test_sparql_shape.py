"""What is said of a query by its shape is what is said when it is read as a whole."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from migkg.errors import BadQuery
from migkg.model.sparql_text import read_query
from migkg.model.sparql_text.shape import LONGEST, shape_of
from migkg.settings import Limits
from tests.conftest import ROOT

W3C = ROOT.parent / "shared" / "testdata"
LIMITS = Limits(depth=3, patterns=3, operators=4, tokens=25)
# Behind a comment nothing follows, and with one a text has no shape.
WITHOUT_SHAPE = " #"

SIGNS = """SELECT ASK CONSTRUCT INSERT FROM SERVICE UNION VALUES BASE LIMIT NOW() RAND() _:b a
    { } ( ) [ ] . ; , < > <= = ?x < 5 >?y <http://e/> <e#f> <'> <"> <a b> :p e:1 1 23 1.5 4e5 0x1
    "x" 'y' "" '' \"\"\" \'\'\' " ' "a'b" 'a"b' "#" '#' # @en ^^ \\u0041 \\n \\"""
SPACES = (" ", " ", "\n", "\r", "# c\n", "# it's\n", "\t")
PIECES = st.lists(st.sampled_from((*SIGNS.split(), *SPACES)), max_size=25)


def outcome(text: str, limits: Limits) -> object:
    try:
        found = read_query(text, limits)
    except BadQuery as error:
        return type(error), str(error), error.line, error.column
    return found.form, found.names_dataset, found.repeatable


def check(text: str, limits: Limits) -> None:
    assert shape_of(text + WITHOUT_SHAPE) is None
    assert outcome(text, limits) == outcome(text + WITHOUT_SHAPE, limits)


@given(PIECES, st.booleans())
@example(["ASK", "<a", "#", "'>"], False)
@example(["SELECT", "?x", "<", "'a", "#", "b'", "SERVICE", ">"], True)
def test_whatever_looks_like_tokens(pieces: list[str], spaced: bool) -> None:
    text = (" " if spaced else "").join(pieces)
    check(f"{text}\n", LIMITS)
    check(f"SELECT * {{ {text}\n", LIMITS)


@pytest.mark.skipif(not W3C.is_dir(), reason="the W3C's tests are not beside the checkout")
def test_queries_of_the_w3c() -> None:
    with_shape = 0
    for path in sorted(W3C.glob("sparql1[12]/*/*.rq")):
        text = path.read_bytes().decode("utf-8") + "\n"
        check(text, Limits())
        with_shape += shape_of(text) is not None
    assert with_shape > 100


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ASK { <a> ?p 1 }", "ASK { <http://e/b#c> ?p 234 }"),
        ("SELECT * { ?s ?p 'x' } LIMIT 5", 'SELECT * { ?s ?p "it\'s # one" } LIMIT 60'),
    ],
)
def test_queries_that_differ_in_constants_have_one_shape(first: str, second: str) -> None:
    assert shape_of(first) == shape_of(second) is not None


@pytest.mark.parametrize(
    "text",
    [
        "ASK { ?s ?p 'x\\'' }",
        "ASK { ?s ?p '''x''' }",
        "ASK {} # it's",
        "ASK { ?s ?p 'x }",
        "ASK { ?s <\\u0041> 5 }",
        f"ASK {{ {'?s ?p ?o . ' * LONGEST} }}",
    ],
)
def test_texts_without_a_shape(text: str) -> None:
    assert shape_of(text) is None


def test_refusals_say_the_place_in_the_text_itself() -> None:
    for iri in ("a", "http://example.org/longer"):
        text = f"ASK {{ <{iri}> ?p ?o SERVICE <b> {{}} }}"
        with pytest.raises(BadQuery) as refused:
            read_query(text)
        assert refused.value.column == text.index("SERVICE") + 1
