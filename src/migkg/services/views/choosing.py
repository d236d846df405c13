"""Which views fit an answer, the best first; a table fits every answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from migkg.services.views import bars, graphs, maps, plots, timelines
from migkg.services.views.columns import Columns

MAP, TIMELINE, BAR, LINE, SCATTER, GRAPH = "map", "timeline", "bar", "line", "scatter", "graph"
TABLE, RAW = "table", "raw"
VIEWS = (MAP, TIMELINE, BAR, LINE, SCATTER, GRAPH, TABLE, RAW)
DRAWING: dict[str, Callable[[Columns], object]] = {
    MAP: maps.draw,
    TIMELINE: timelines.draw,
    BAR: bars.draw,
    LINE: plots.draw_line,
    SCATTER: plots.draw_scatter,
    GRAPH: graphs.draw,
}
_FITS: dict[str, Callable[[Columns], bool]] = {
    MAP: maps.fits,
    TIMELINE: timelines.fits,
    BAR: bars.fits,
    LINE: plots.fits_line,
    SCATTER: plots.fits_scatter,
    GRAPH: graphs.fits,
}
# What says more than the table alone, the best first.
_SPEAKS: tuple[tuple[str, Callable[[Columns], bool]], ...] = (
    (GRAPH, lambda columns: graphs.are_triples(columns.table)),
    (MAP, maps.has_points),
    (LINE, plots.tells_of_time),
    (TIMELINE, timelines.speaks),
    (BAR, bars.speaks),
    (SCATTER, plots.is_cloud),
    (MAP, maps.speaks),
)


@dataclass(frozen=True)
class Choice:
    """The views that fit, the best first, and the one to begin with."""

    views: tuple[str, ...]
    first: str


def choose(columns: Columns) -> Choice:
    """The views for an answer; where none says more than the table, it begins with that."""
    fitting = [view for view, fits in _FITS.items() if fits(columns)]
    speaking = [view for view, speaks in _SPEAKS if view in fitting and speaks(columns)]
    views = dict.fromkeys((*speaking, *fitting, TABLE))
    return Choice(tuple(views), speaking[0] if speaking else TABLE)
