"""Pages for people: templates filled, links made safe, one content security policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from migkg import __version__
from migkg.model.namespaces import shorten
from migkg.services import shape_docs
from migkg.services.ontology_docs import Documentation
from migkg.services.profiles import PROFILES
from migkg.services.stored_queries import StoredQuery
from migkg.services.thing_view import Description
from migkg.web.problems import HTTP_KINDS, TABLE
from migkg.web.shown import Links, Shown
from migkg.web.state import State

# The bundles of the scripts; a checkout may be without them.
_BUILT = Path(__file__).parent / "static" / "built"
_ENVIRONMENT = Environment(
    loader=PackageLoader("migkg.web"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.tests["all_true"] = all


def link(state: State, iri: str) -> str:
    """Where a click on an IRI leads: our page of our own things, else the description here."""
    url = _link_now(state, iri)
    if not state.older:
        return url
    path, mark, fragment = url.partition("#")
    return f"{path}{'&' if '?' in path else '?'}release={state.release.id}{mark}{fragment}"


def _link_now(state: State, iri: str) -> str:
    base = state.settings.base_iri
    public = state.settings.public_url
    if iri.startswith(base + "id/") and "#" not in iri:
        return f"{public}/page/{quote(iri.removeprefix(base + 'id/'), safe='/')}"
    if iri.startswith((base + "ontology", base + "shapes")):
        return f"{public}/{iri.removeprefix(base)}"
    return f"{public}/describe?iri={quote(iri, safe='')}"


def short(state: State, iri: str) -> str:
    """An IRI as people read it."""
    return shorten(iri, state.schema.prefixes)


def _is_web(iri: str) -> bool:
    """True for what may become an ``href``: no ``javascript:`` and the like."""
    return iri.startswith(("http://", "https://"))


def render(state: State, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page made from a template."""
    text = fragment(state, template, **values)
    return HTMLResponse(text, status_code=status, headers={"Vary": "Accept"})


def fragment(state: State, template: str, **values: object) -> str:
    """A template filled: a page, or a part of one."""
    return _ENVIRONMENT.get_template(template).render(
        public=state.settings.public_url,
        base_iri=state.settings.base_iri,
        release=state.release,
        older=state.older,
        within=f"?release={state.release.id}" if state.older else "",
        licence=state.schema.licence,
        labels=state.schema.labels,
        most=state.settings.page_facts,
        version=__version__,
        link=lambda iri: link(state, iri),
        is_web=_is_web,
        short=lambda iri: short(state, iri),
        **values,
    )


def thing(state: State, view: Description, parts: dict[str, Any]) -> HTMLResponse:
    """The page of one thing; ``parts`` is what its template shows beside the facts."""
    return render(state, "thing.html", view=view, **parts)


def ontology(state: State, documentation: Documentation) -> HTMLResponse:
    """The documentation of the ontology."""
    return render(state, "ontology.html", documentation=documentation)


def shapes(state: State) -> HTMLResponse:
    """The documentation of the shapes."""
    return render(state, "shapes.html", documentation=shape_docs.document(state.schema))


def query_page(state: State, query: StoredQuery, answer: Shown, links: Links) -> HTMLResponse:
    """The page of a stored query with its answer."""
    scripted = _BUILT.is_dir()
    return render(state, "query.html", query=query, shown=answer, links=links, scripted=scripted)


def docs(state: State, routes: list[tuple[str, str, str]]) -> HTMLResponse:
    """The documentation of the HTTP interface."""
    problems = sorted(
        {(kind.status, kind.name, kind.advice) for kind in (*TABLE.values(), *HTTP_KINDS)}
    )
    return render(state, "docs.html", routes=routes, problems=problems, profiles=PROFILES)


def editor(
    state: State, asked: str = "", answer: Shown | None = None, links: Links | None = None
) -> HTMLResponse:
    """The page with the SPARQL form, and with the answer if one was ``asked``."""
    example = next(iter(state.queries.values()), None)
    return render(
        state,
        "sparql.html",
        text=asked or (example.text if example else "SELECT * WHERE { ?s ?p ?o } LIMIT 10"),
        deadline=state.settings.query_deadline,
        scripted=_BUILT.is_dir(),
        shown=answer,
        links=links,
    )
