"""``/views``: which views fit an answer that a client has, the drawing of one, and names."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from migkg.errors import BadUpload
from migkg.model import formats
from migkg.services import names, results
from migkg.services.results import Table
from migkg.services.views.columns import Holds
from migkg.services.views.graphs import Graph
from migkg.web import pages, shown
from migkg.web.problems import HttpProblem
from migkg.web.sparql import media_type_of, read_body
from migkg.web.state import State, state_of

LARGEST = 2 * 1024 * 1024  # bytes of the results


async def views(request: Request) -> Response:
    """The views that fit SPARQL results in JSON, one of them drawn, and what things are called."""
    state = state_of(request)
    table = await _read(request)
    found = await shown.of_table(request, table, request.query_params.get("view", ""))
    content = {
        "views": found.views,
        "view": found.view,
        "figure": pages.fragment(state, "figure.html", shown=found) if found.drawing else "",
        "graph": _graph(state, found.drawing) if isinstance(found.drawing, Graph) else None,
        "names": _names(state, found),
        "columns": [
            {
                "variable": column.variable,
                "numbers": column.holds is Holds.NUMBERS,
                "label": found.columns.labelled_by(column),
            }
            for column in found.columns.all
        ],
    }
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


async def _read(request: Request) -> Table:
    media_type = media_type_of(request)
    if media_type not in formats.JSON.media_types:
        raise HttpProblem(
            415,
            "unsupported-media-type",
            f"Send SPARQL results as {formats.JSON.media_type}.",
            headers={"Accept-Post": formats.JSON.media_type},
        )
    try:
        return results.read_table(await read_body(request, LARGEST), shown.ROWS)
    except ValueError as error:
        raise BadUpload(f"This is not an answer to SELECT or ASK in JSON: {error}") from None


def _names(state: State, found: shown.Shown) -> dict[str, dict[str, str]]:
    """Where each thing leads, its IRI as people read it, and its label if it has one."""
    listed = {}
    for iri in names.things(found.columns.table):
        name = found.names.get(iri)
        listed[iri] = {"url": pages.link(state, iri), "short": pages.short(state, iri)}
        if name and name.label:
            listed[iri] |= {"label": name.label, "language": name.language}
    return listed


def _graph(state: State, drawn: Graph) -> dict[str, Any]:
    """Nodes and edges for a script that lays them out."""
    captions = dict.fromkeys(end for edge in drawn.edges for end in (edge.source, edge.target))
    places = {caption: index for index, caption in enumerate(captions)}
    return {
        "nodes": [
            {**asdict(caption), "url": pages.link(state, caption.iri) if caption.iri else ""}
            for caption in captions
        ],
        "edges": [
            {
                "source": places[edge.source],
                "target": places[edge.target],
                "text": edge.property.text,
            }
            for edge in drawn.edges
        ],
        "left_out": drawn.left_out,
    }
