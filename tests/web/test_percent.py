"""What is written with per cent signs is read as the standard library reads it."""

from __future__ import annotations

from urllib.parse import quote_from_bytes, unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st

from migkg.web.sparql import percent_decoded

PIECES = st.sampled_from(
    [
        *b"% %4 %41 %c3%A9 = == =41 %3D %25 _ . a %0a %0D %00 \xff".split(b" "),
        *(b" ", b"\t", b"\n", b"\r\n", b"=\n", b"=\r\n", b"%\n", b"%20\n"),
    ]
)


@given(st.lists(PIECES).map(b"".join) | st.binary())
def test_any_bytes(data: bytes) -> None:
    assert percent_decoded(data) == unquote_to_bytes(data)


@given(st.binary())
def test_what_was_encoded_comes_back(data: bytes) -> None:
    assert percent_decoded(quote_from_bytes(data, safe="").encode()) == data
