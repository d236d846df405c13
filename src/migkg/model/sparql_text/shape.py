"""The shape of a query: what is left when its IRIs, strings and numbers all look alike.

Most queries that a service gets differ in these alone, and what the guard says of a query does not
depend on them. So it is said once for each shape. A text in which an IRI, a string or a comment
could be told from its surroundings in more than one way has no shape.
"""

from __future__ import annotations

import re

LONGEST = 2000  # characters of a shape that is worth remembering
_CONSTANT = re.compile(
    r"""<[^<>"{}|^`\\\x00-\x20]*+>|"[^"\\\n\r]*+"|'[^'\\\n\r]*+'|(?<=[\s(])[0-9]++(?=[\s)]|$)""",
    re.ASCII,
)
_SAME = "<>"  # an IRI, so that the shape is the text of a query too
# What begins a comment, a string without an end or an escape, where one is left.
_AMBIGUOUS = re.compile(r"""[#\\"']""")


def shape_of(text: str) -> str | None:
    """The shape of a query; None if it has none, or none that is worth remembering."""
    if len(text) > 4 * LONGEST or '"""' in text or "'''" in text:
        return None
    shape = _CONSTANT.sub(_SAME, text)
    if len(shape) > LONGEST or _AMBIGUOUS.search(shape):
        return None
    return shape
