"""Pages for people: templates filled, links made safe, one content security policy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
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
from migkg.services.thing_view import Description
from migkg.web import languages
from migkg.web.languages import ENGLISH, Language
from migkg.web.problems import HTTP_KINDS, TABLE
from migkg.web.shown import Links, Shown
from migkg.web.state import State

# The bundles of the scripts; a checkout may be without them.
_BUILT = Path(__file__).parent / "static" / "built"


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


def short(state: State, iri: str) -> str:
    """An IRI as people read it."""
    return shorten(iri, state.schema.prefixes)


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
    text = fragment(state, template, name=_namer(language, names or {}), **values)
    headers = {"Vary": "Accept, Accept-Language", "Content-Language": language.code}
    return HTMLResponse(text, status_code=status, headers=headers)


def fragment(state: State, template: str, **values: object) -> str:
    """A template filled in the language that was asked for: a page, or a part of one."""
    public, language = state.settings.public_url, languages.current()
    return (
        _environment(language.code)
        .get_template(template)
        .render(
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
            short=lambda iri: short(state, iri),
            **values,
        )
    )


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
    return render(state, "ontology.html", vocabulary="ontology", documentation=documentation)


def shapes(state: State) -> HTMLResponse:
    """The documentation of the shapes."""
    documentation = shape_docs.document(state.schema)
    return render(state, "shapes.html", vocabulary="shapes", documentation=documentation)


def query_page(state: State, parts: dict[str, Any], status: int = 200) -> HTMLResponse:
    """The page of a stored query: its form, and its answer if it could be asked."""
    return render(state, "query.html", status=status, scripted=_BUILT.is_dir(), **parts)


def problem(state: State, content: Mapping[str, Any], *, status: int) -> HTMLResponse:
    """What a problem document says; whoever looks at it may go on from here."""
    members = defaultdict(str, content)
    return render(state, "problem.html", status=status, problem=members)


def docs(state: State, routes: list[tuple[str, str, str]]) -> HTMLResponse:
    """The documentation of the HTTP interface."""
    problems = sorted(
        {(kind.status, kind.name, kind.advice) for kind in (*TABLE.values(), *HTTP_KINDS)}
    )
    return render(state, "docs.html", routes=routes, problems=problems, profiles=PROFILES)


def editor(
    state: State,
    asked: str = "",
    answer: Shown | None = None,
    links: Links | None = None,
    *,
    problem: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The page with the SPARQL form; if a query was ``asked``, with it and its answer, or with the
    members of its problem document."""
    example = next(iter(state.queries.values()), None)
    return render(
        state,
        "sparql.html",
        status=status,
        text=asked or (example.text if example else "SELECT * WHERE { ?s ?p ?o } LIMIT 10"),
        deadline=state.settings.query_deadline,
        scripted=_BUILT.is_dir(),
        shown=answer,
        links=links,
        problem=defaultdict(str, problem or {}),
    )
