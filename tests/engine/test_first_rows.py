"""Results are cut behind a row, whatever their values look like and wherever pieces end."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migkg.engine.remote import first_rows
from migkg.engine.remote.first_rows import FirstRows

TEXTS = st.text(alphabet='a"\\{}[],:é', max_size=6)
TERMS = st.recursive(
    st.fixed_dictionaries({"type": st.just("literal"), "value": TEXTS}),
    lambda inner: st.fixed_dictionaries(
        {"type": st.just("triple"), "value": st.fixed_dictionaries({"subject": inner})}
    ),
    max_leaves=2,
)
ROWS = st.lists(st.dictionaries(TEXTS, TERMS, max_size=2), min_size=1, max_size=5)


def document(rows: list[object], *, head_last: bool, indent: int | None) -> bytes:
    head = {"head": {"link": ["bindings: [ {"], "vars": ["bindings"]}}
    results = {"results": {"distinct": False, "bindings": rows, "ordered": [[1]]}}
    whole = {**results, **head} if head_last else {**head, **results}
    return json.dumps(whole, indent=indent).encode()


@given(ROWS, st.integers(1, 6), st.booleans(), st.sampled_from([None, 1]), st.integers(1, 50))
def test_what_is_left_is_the_document_with_the_first_rows(
    rows: list[object], first: int, head_last: bool, indent: int | None, frame: int
) -> None:
    whole = document(rows, head_last=head_last, indent=indent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(first_rows, "_FRAME", frame)
        source = FirstRows(io.BytesIO(whole), first)
        parts = iter(lambda: source.read(7), b"")
        cut = json.loads(b"".join(parts))
    assert cut == json.loads(document(rows[:first], head_last=head_last, indent=indent))
