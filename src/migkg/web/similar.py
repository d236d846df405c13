"""What an identifier that names nothing may have meant: things of ours with names like it."""

from __future__ import annotations

import asyncio
import re

from starlette.requests import Request

from migkg.errors import MigkgError
from migkg.services.search.asking import ANY, Hit, Question
from migkg.web import pages
from migkg.web.state import State, state_of

_PATIENCE = 1.0  # seconds; a 404 does not wait longer for help
_SHOWN = 5
_LOOKED_AT = 20
_WORDS = 8
_CHARACTERS = 100
_WORD = re.compile(r"[^\W_]+")


async def things(request: Request, iri: str) -> list[dict[str, str]]:
    """The label, IRI and address of some things, the likeliest first.

    Empty if that takes long, or if it would take a place from those who search.
    """
    state = state_of(request)
    folder, _, name = iri.rpartition("/")
    words = _WORD.findall(name.rpartition("#")[2][:_CHARACTERS])[:_WORDS]
    if not words or state.searching.is_full:
        return []
    question = Question(text=" ".join(words), size=_LOOKED_AT)  # problems are in English
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await state.searching.ask(question)
    except (TimeoutError, MigkgError):
        return []
    alike = [hit for hit in found.hits if hit.iri.startswith(f"{folder}/")]
    others = [] if found.matched == ANY else [hit for hit in found.hits if hit not in alike]
    return [_shown(state, hit) for hit in (*alike, *others)[:_SHOWN]]


def _shown(state: State, hit: Hit) -> dict[str, str]:
    return {"label": hit.label, "iri": hit.iri, "url": pages.link(state, hit.iri)}
