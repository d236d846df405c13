"""Pages for people: templates filled, links made safe, one content security policy."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.responses import HTMLResponse

from migkg import __version__
from migkg.model.namespaces import shorten
from migkg.services import shape_docs
from migkg.services.ontology_docs import Documentation
from migkg.services.profiles import PROFILES
from migkg.services.stored_queries import StoredQuery
from migkg.services.thing_view import Description
from migkg.web import languages
from migkg.web.languages import ENGLISH, Language
from migkg.web.problems import HTTP_KINDS, TABLE
from migkg.web.state import State


@cache
def _environment(language: str) -> Environment:
    """The templates in one language."""
    environment = Environment(
        loader=PackageLoader("migkg.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        languages.translations(language), newstyle=True
    )
    locale = languages.Language(language).locale
    environment.tests["all_true"] = all
    environment.filters["number"] = lambda value: languages.number(value, locale)
    environment.filters["day"] = lambda text: languages.day(text, locale)
    environment.globals["lang"] = language
    # For elements whose text comes from the data, from a query or from a table of the interface
    # for programs, which are in English.
    environment.globals["english"] = "" if language == ENGLISH else Markup(' lang="en"')
    return environment


def link(state: State, iri: str) -> str:
    """Where a click on an IRI leads: our page of our own things, else the description here."""
    return address(state, _link_now(state, iri), within=True)


def address(state: State, url: str, *, within: bool = False) -> str:
    """An address of ours in the language that was asked for; ``within`` the release, if older."""
    language = languages.current()
    kept = {}
    if within and state.older:
        kept["release"] = state.release.id
    if language.asked:
        kept["lang"] = language.code
    if not kept:
        return url
    path, mark, fragment = url.partition("#")
    return f"{path}{'&' if '?' in path else '?'}{urlencode(kept)}{mark}{fragment}"


def _link_now(state: State, iri: str) -> str:
    base = state.settings.base_iri
    public = state.settings.public_url
    if iri.startswith(base + "id/") and "#" not in iri:
        return f"{public}/page/{quote(iri.removeprefix(base + 'id/'), safe='/')}"
    if iri.startswith((base + "ontology", base + "shapes")):
        return f"{public}/{iri.removeprefix(base)}"
    return f"{public}/describe?iri={quote(iri, safe='')}"


def _is_web(iri: str) -> bool:
    """True for what may become an ``href``: no ``javascript:`` and the like."""
    return iri.startswith(("http://", "https://"))


def render(
    state: State,
    template: str,
    *,
    status: int = 200,
    names: Mapping[str, str] | None = None,
    **values: object,
) -> HTMLResponse:
    """A page made from a template; ``names`` has names of things in its language, by IRI."""
    language = languages.current()
    public = state.settings.public_url
    page = _environment(language.code).get_template(template)
    text = page.render(
        public=public,
        base_iri=state.settings.base_iri,
        release=state.release,
        older=state.older,
        within=f"?release={state.release.id}" if state.older else "",
        asked_language=language.code if language.asked else "",
        in_languages=languages.addresses(public),
        licence=state.schema.licence,
        labels=state.schema.labels,
        most=state.settings.page_facts,
        version=__version__,
        link=lambda iri: link(state, iri),
        url=lambda path, **options: address(state, public + path, **options),
        is_web=_is_web,
        short=lambda iri: shorten(iri, state.schema.prefixes),
        name=_namer(language, names or {}),
        **values,
    )
    headers = {"Vary": "Accept, Accept-Language", "Content-Language": language.code}
    return HTMLResponse(text, status_code=status, headers=headers)


def _namer(language: Language, names: Mapping[str, str]) -> Callable[[str, str], Markup]:
    """What shows a thing's name: that in the page's language, else the English one as such."""

    def name(iri: str, english: str) -> Markup:
        if language.code == ENGLISH:
            return Markup("<bdi>{}</bdi>").format(english)
        if iri in names:
            return Markup("<bdi>{}</bdi>").format(names[iri])
        return Markup('<bdi lang="en">{}</bdi>').format(english)

    return name


def thing(state: State, view: Description, parts: dict[str, Any]) -> HTMLResponse:
    """The page of one thing; ``parts`` is what its template shows beside the facts."""
    return render(state, "thing.html", view=view, **parts)


def ontology(state: State, documentation: Documentation) -> HTMLResponse:
    """The documentation of the ontology."""
    return render(state, "ontology.html", documentation=documentation)


def shapes(state: State) -> HTMLResponse:
    """The documentation of the shapes."""
    return render(state, "shapes.html", documentation=shape_docs.document(state.schema))


def query_page(state: State, query: StoredQuery, result: bytes) -> HTMLResponse:
    """The page of a stored query with its answer (SPARQL results in JSON)."""
    return render(state, "query.html", query=query, table=result_table(result))


def result_table(result: bytes) -> dict[str, Any]:
    """Variables and rows of SPARQL JSON results; an ASK has one row under 'answer'."""
    content = json.loads(result)
    if "boolean" in content:
        term = {"type": "literal", "value": str(content["boolean"]).lower()}
        return {"variables": ["answer"], "rows": [[term]]}
    variables = content["head"]["vars"]
    rows = [[row.get(name) for name in variables] for row in content["results"]["bindings"]]
    return {"variables": variables, "rows": rows}


def docs(state: State, routes: list[tuple[str, str, str]]) -> HTMLResponse:
    """The documentation of the HTTP interface."""
    problems = sorted(
        {(kind.status, kind.name, kind.advice) for kind in (*TABLE.values(), *HTTP_KINDS)}
    )
    return render(state, "docs.html", routes=routes, problems=problems, profiles=PROFILES)


def editor(state: State) -> HTMLResponse:
    """The page with the SPARQL form."""
    example = next(iter(state.queries.values()), None)
    text = example.text if example else "SELECT * WHERE { ?s ?p ?o } LIMIT 10"
    return render(state, "sparql.html", example=text, deadline=state.settings.query_deadline)
