"""Answers as people look at them: a table, and the view that fits it or that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from starlette.requests import Request

from migkg.engine.protocol import Answer, Query
from migkg.model import formats
from migkg.model.formats import Format
from migkg.model.sparql_text import Form, QueryText
from migkg.services import names, results
from migkg.services.names import Name
from migkg.services.results import Table
from migkg.services.views import choosing
from migkg.services.views.columns import Columns
from migkg.web.names import names_of
from migkg.web.state import state_of

ROWS = 1000  # of the table of a page, and of what a view is drawn from
_LARGEST = 4 * 1024 * 1024  # bytes of an answer on a page


@dataclass(frozen=True)
class Shown:
    """An answer, or as much of it as a page has room for.

    ``more`` says that there are further rows, ``too_large`` that none is shown; ``drawing`` is what
    the view draws, None for the table and the raw answer; ``engine`` is that of :class:`Answer`.
    """

    columns: Columns
    views: tuple[str, ...]
    view: str
    drawing: object | None = None
    names: Mapping[str, Name] = field(default_factory=dict)
    raw: str = ""
    more: bool = False
    engine: str = ""
    too_large: bool = False


@dataclass(frozen=True)
class Links:
    """Where an answer can be had in another view or format: a path of ours and its parameters."""

    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    formats: tuple[Format, ...] = ()

    def to(self, name: str, value: str) -> str:
        """The same with one more parameter."""
        return f"{self.path}?{urlencode((*self.parameters, (name, value)))}"


def asked(text: QueryText, **dataset: tuple[str, ...] | None) -> Query:
    """The query for what a page can show of an answer."""
    if text.form in (Form.SELECT, Form.ASK):
        rows = ROWS if text.form is Form.SELECT else None
        return Query.of(text, formats.JSON, truncate=rows, **dataset)  # type: ignore[arg-type]
    return Query.of(text, formats.NTRIPLES, **dataset)  # type: ignore[arg-type]


async def of_answer(request: Request, answer: Answer, view: str) -> Shown:
    """What a page shows of the answer to a query that :func:`asked` has made."""
    if answer.size > _LARGEST:
        answer.close()
        return _too_large()
    content = answer.read()
    read = results.read_table if answer.format is formats.JSON else results.read_triples
    try:
        table = read(content, ROWS)
    except ValueError:
        return _too_large()
    more = answer.truncated or table.cut
    shown = await of_table(request, table, view, raw=content, more=more)
    return replace(shown, engine=answer.engine)


def _too_large() -> Shown:
    nothing = Columns(Table((), ()), {})
    return Shown(nothing, (choosing.TABLE,), choosing.TABLE, too_large=True)


async def of_table(
    request: Request, table: Table, view: str, *, raw: bytes = b"", more: bool = False
) -> Shown:
    """A table in a view: the one asked for if it fits, else the best."""
    found = names.with_terms(
        await names_of(request, names.things(table)), state_of(request).schema.labels
    )
    columns = Columns(table, found)
    choice = choosing.choose(columns)
    views = (*choice.views, choosing.RAW) if raw else choice.views
    chosen = view if view in views else choice.first
    draw = choosing.DRAWING.get(chosen)
    return Shown(
        columns=columns,
        views=views,
        view=chosen,
        drawing=draw(columns) if draw else None,
        names=found,
        raw=raw.decode() if chosen == choosing.RAW else "",
        more=more,
    )
