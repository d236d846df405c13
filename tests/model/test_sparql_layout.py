"""A laid out query is the same query, and laid out as itself."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migkg.errors import BadQuery, QueryRefused
from migkg.model.sparql_text import laid_out, tokens
from migkg.resources import Project
from migkg.services import stored_queries
from migkg.settings import Limits
from tests.conftest import ROOT

W3C = ROOT.parent / "shared" / "testdata"
STORED = sorted(
    path for name in ("queries", "pages", "tables") for path in ROOT.glob(f"{name}/*.rq")
)


DOUBLE = re.compile(r"([0-9]\.[eE][0-9]+)(?=[A-Za-z_:])")


def words(text: str) -> list[tuple[str, str]]:
    """The tokens, where a number such as ``1.e5`` ends although a word follows it at once."""
    return [(token.kind, token.text) for token in tokens(DOUBLE.sub(r"\1 ", text))]


def comments(text: str) -> list[str]:
    """The comments of a text, found by taking the tokens away."""
    left = list(text)
    for token in tokens(text):
        left[token.offset : token.offset + len(token.text)] = " " * len(token.text)
    rest = "".join(left).replace("\r", "\n").splitlines()
    return [line[line.index("#") :].rstrip() for line in rest if "#" in line]


def is_query(text: str) -> bool:
    try:
        ox.Store().query(text, base_iri="http://example.org/")
    except SyntaxError:
        return False
    except (ValueError, RuntimeError):  # it can be read and does not run
        return True
    return True


def check(text: str, path: Path | None = None) -> None:
    out = laid_out(text)
    assert words(out) == words(text), path
    assert comments(out) == comments(text), path
    assert laid_out(out) == out, path
    assert not any(line.endswith(" ") for line in out.splitlines() if '"' not in line), path


def test_stored_queries() -> None:
    assert len(STORED) > 131
    for path in STORED:
        text = path.read_text("utf-8")
        check(text, path)
    for query in stored_queries.load(Project(ROOT)).values():
        assert is_query(laid_out(query.text)), query.name


@pytest.mark.skipif(not W3C.is_dir(), reason="the W3C's tests are not beside the checkout")
def test_queries_of_the_w3c() -> None:
    seen = 0
    for path in sorted(W3C.glob("sparql1[12]/*/*.rq")):
        text = path.read_bytes().decode("utf-8")
        try:
            check(text, path)
        except BadQuery:
            assert not is_query(text), path
            continue
        assert is_query(laid_out(text)) == is_query(text), path
        seen += 1
    assert seen > 300


SIGNS = """SELECT ASK CONSTRUCT WHERE FILTER OPTIONAL UNION VALUES PREFIX LIMIT BIND EXISTS a
    { } ( ) [ ] . ; , { } ( ) {| |} = < > >> != && || ! * / | ^ ^^ + - ? ~ ?x $y <http://e/> e:a :
    :b _:b 1 .5 1.5 2. 1.e5 1e5 "x" 'y' @en"""
SPACES = (" ", "\n", "\n\n", "\n\n\n", "# c\n", "#d#e\r", '"""a\n b"""', "\t")
PIECES = st.lists(st.sampled_from((*SIGNS.split(), *SPACES)), max_size=30)


@given(PIECES, st.booleans())
def test_whatever_looks_like_tokens(pieces: list[str], spaced: bool) -> None:
    text = (" " if spaced else "").join(pieces)
    if any(token.kind == "unclosed" for token in tokens(text)):
        with pytest.raises(BadQuery, match="no end"):
            laid_out(text)
    else:
        check(text)


def test_layout() -> None:
    text = """# Who?
select*{?s a<x>;:p 1.5,.5,-1 ;# one
 # own line
 :q [ :r 2 ; :s (1 2) ] , "x" @en . # end


 # filter
 FILTER ( ?a<?b&&regex(?x , "y" ) ) OPTIONAL{?s :p/:q* ?x
 }{?a ?b ?c} union {?c ?b ?a}
 FILTER NOT EXISTS {?a ?b ?c} values (?a ?b) {(1 2)
 (3 4)} BIND(?a+?b AS ?c) ?x ?y "1" ^^ :z
} group by(?x)having(count(*)>1) limit 10
# tail"""
    assert (
        laid_out(text)
        == """# Who?
select * {
  ?s a <x> ;
    :p 1.5, .5, -1 ; # one
    # own line
    :q [ :r 2 ; :s (1 2) ], "x"@en . # end

  # filter
  FILTER(?a < ?b && regex(?x, "y"))
  OPTIONAL {
    ?s :p/:q* ?x
  }
  { ?a ?b ?c } union { ?c ?b ?a }
  FILTER NOT EXISTS { ?a ?b ?c }
  values (?a ?b) {
    (1 2)
    (3 4)
  }
  BIND(?a+?b AS ?c)
  ?x ?y "1"^^:z
}
group by (?x)
having (count(*) > 1)
limit 10
# tail
"""
    )


def test_nothing_stays_nothing() -> None:
    assert laid_out("") == ""
    assert laid_out(" \n") == ""
    assert laid_out("# only this") == "# only this\n"


def test_limits() -> None:
    with pytest.raises(QueryRefused, match="deeper than 3"):
        laid_out("ASK {{{{}}}}", Limits(depth=3))
    with pytest.raises(QueryRefused, match="more than 4 tokens"):
        laid_out("ASK { ?s ?p ?o }", Limits(tokens=4))


def test_a_string_without_end_is_refused_at_its_place() -> None:
    with pytest.raises(BadQuery) as caught:
        laid_out('ASK {\n  ?s ?p "x\n}')
    assert (caught.value.line, caught.value.column) == (2, 9)
