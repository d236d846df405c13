"""``/robots.txt`` and ``/sitemap.xml``: what crawlers may fetch, and where all pages are.

Sources: RFC 9309 (robots.txt) and https://www.sitemaps.org/protocol.html.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response

from migkg.web.descriptions import service_url
from migkg.web.problems import HttpProblem
from migkg.web.raw_path import encoded
from migkg.web.rows import rows
from migkg.web.state import state_of
from migkg.web.validators import of_address, validated

LARGEST = 50_000  # addresses in one sitemap: https://www.sitemaps.org/protocol.html#index
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# What runs queries or repeats other pages. The dumps hold everything in one request.
_CLOSED = (
    *("/sparql", "/update", "/validate", "/describe", "/rdf-graph-store", "/graph/"),
    *("/*?release=", "/*&release="),
)
_COUNT = """SELECT (COUNT(DISTINCT ?thing) AS ?things) WHERE {
  ?thing a ?class . FILTER(STRSTARTS(STR(?thing), "%s") && !CONTAINS(STR(?thing), "#")) }"""
_THINGS = """SELECT DISTINCT ?thing WHERE {
  ?thing a ?class . FILTER(STRSTARTS(STR(?thing), "%s") && !CONTAINS(STR(?thing), "#")) }
ORDER BY ?thing LIMIT %d OFFSET %d"""


async def robots(request: Request) -> Response:
    """What crawlers leave alone, and where the sitemap is."""
    url = service_url(request)
    path = urlsplit(url).path
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}{closed}" for closed in _CLOSED),
        "",
        f"Sitemap: {url}/sitemap.xml",
    ]
    body = "\n".join(lines) + "\n"
    return _of_this_host(request, Response(body, media_type="text/plain; charset=utf-8"))


async def sitemap(request: Request) -> Response:
    """All pages of things, or a list of sitemaps if they are too many for one."""
    parts = await _parts(request)
    if parts <= 1:
        return await _urls(request, 1)
    url = service_url(request)
    places = [f"{url}/sitemap/{number}.xml" for number in range(1, parts + 1)]
    return _xml(request, "sitemapindex", "sitemap", places)


async def part(request: Request) -> Response:
    """One of several sitemaps."""
    name = request.path_params["name"]
    number = name.removesuffix(".xml")
    known = await _parts(request)
    if f"{number}.xml" != name or number not in map(str, range(1, known + 1)):
        detail = f"There is no sitemap {name}."
        raise HttpProblem(404, "not-found", detail, advice="/sitemap.xml lists all.")
    return await _urls(request, int(number))


async def _parts(request: Request) -> int:
    """How many sitemaps hold all pages."""
    (row,) = await rows(request, _COUNT % _start(request))
    return -(-int(row["things"]) // LARGEST)


async def _urls(request: Request, number: int) -> Response:
    start = _start(request)
    found = await rows(request, _THINGS % (start, LARGEST, LARGEST * (number - 1)))
    url = service_url(request)
    names = (row["thing"].removeprefix(start) for row in found)
    return _xml(request, "urlset", "url", [f"{url}/page/{encoded(name)}" for name in names])


def _start(request: Request) -> str:
    return state_of(request).settings.base_iri + "id/"


def _xml(request: Request, root: str, item: str, places: list[str]) -> Response:
    listed = "".join(f"<{item}><loc>{escape(place)}</loc></{item}>\n" for place in places)
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    body = f'{head}\n<{root} xmlns="{_SITEMAP}">\n{listed}</{root}>\n'
    return _of_this_host(request, Response(body, media_type="application/xml"))


def _of_this_host(request: Request, response: Response) -> Response:
    """Without a public URL it depends on how the client addressed the service."""
    return validated(request, response, of_address(state_of(request).settings.public_url))
