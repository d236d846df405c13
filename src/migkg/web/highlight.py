"""Words marked in a text, as HTML."""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup, escape

from migkg.services.search.words import words

_WORDS = re.compile(r"([^\W_]+)")


def marker(asked: str) -> Callable[[str], Markup]:
    """What marks the words of ``asked`` in a text, in whatever case and with whatever accents."""
    wanted = set(words(asked))

    def marked(text: str) -> Markup:
        parts = (
            Markup("<mark>{}</mark>").format(part)
            if wanted.intersection(words(part))
            else escape(part)
            for part in _WORDS.split(text)
        )
        return Markup("").join(parts)

    return marked
