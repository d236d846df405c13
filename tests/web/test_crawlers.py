"""What crawlers are told: what to leave alone, and where all pages are."""

from __future__ import annotations

import asyncio
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.robotparser import RobotFileParser

import pytest

from migkg.engine.protocol import INTERNAL, Answer, Caller, Query
from migkg.web import crawlers
from tests.conftest import Service
from tests.tiny import BASE
from tests.web import asgi
from tests.web.client import Reply, ask

PUBLIC = "https://graph.example/base"
NAMES = ["book/a", "book/b&c", "book/é"]


def places(reply: Reply, root: str) -> list[str]:
    """The addresses in a sitemap, or of the sitemaps in a list of them."""
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    document = ET.fromstring(reply.body)
    assert (reply.status, reply.media_type, document.tag) == (200, "application/xml", space + root)
    return [str(place.text) for place in document.iter(f"{space}loc")]


def test_crawlers_are_kept_off_the_endpoint_and_led_to_the_pages(service: Service) -> None:
    reply = ask(service, "/robots.txt")
    assert (reply.status, reply.media_type) == (200, "text/plain")
    robots = RobotFileParser()
    robots.parse(reply.text.splitlines())
    for path in (
        "/sparql",
        "/sparql?query=ASK%7B%7D",
        "/rdf-graph-store?default",
        "/describe?iri=a",
    ):
        assert not robots.can_fetch("*", path)
    for path in ("/", "/page/city/quito-ec", "/id/city/quito-ec", "/data/city/quito-ec.ttl"):
        assert robots.can_fetch("*", path)
    assert robots.site_maps() == [f"{service.url}/sitemap.xml"]


def test_the_sitemap_lists_the_page_of_every_thing(service: Service, things: list[str]) -> None:
    reply = ask(service, "/sitemap.xml")
    found = places(reply, "urlset")
    assert len(found) == len(set(found)) > 5000
    assert {f"{service.url}/page/{quote(thing)}" for thing in things} <= set(found)
    assert ask(service, urlsplit(found[-1]).path).status == 200
    # What depends on how the client addressed the service is nobody else's.
    assert reply.headers["Cache-Control"].startswith("private")


class Library(asgi.CountingEngine):
    """Three books, in as many parts as are asked for."""

    async def answer(self, query: Query, caller: Caller = INTERNAL) -> Answer:
        if "COUNT" in query.text:
            rows = f'{{"things":{{"type":"literal","value":"{len(NAMES)}"}}}}'
        else:
            limit, offset = map(int, re.findall(r"(?:LIMIT|OFFSET) (\d+)", query.text))
            part = NAMES[offset : offset + limit]
            iris = (f'{{"type":"uri","value":"{BASE}id/{name}"}}' for name in part)
            rows = ",".join(f'{{"thing":{iri}}}' for iri in iris)
        self.fixed = f'{{"head":{{"vars":[]}},"results":{{"bindings":[{rows}]}}}}'.encode()
        return await super().answer(query, caller)


def test_too_many_pages_are_several_sitemaps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawlers, "LARGEST", 2)

    async def run() -> None:
        async with asgi.application(tmp_path, Library(), public_url=PUBLIC) as app:
            listed = await asgi.ask(app, "/sitemap.xml")
            paths = [place.removeprefix(PUBLIC) for place in places(listed, "sitemapindex")]
            assert paths == ["/sitemap/1.xml", "/sitemap/2.xml"]
            found = [places(await asgi.ask(app, path), "urlset") for path in paths]
            pages = [f"{PUBLIC}/page/{name}" for name in ("book/a", "book/b&c", "book/%C3%A9")]
            assert found == [pages[:2], pages[2:]]
            for name in ("0.xml", "3.xml", "01.xml", "1", "x.xml", "²"):
                missing = await asgi.ask(app, f"/sitemap/{name}")
                assert missing.problem(404, "not-found")
            robots = (await asgi.ask(app, "/robots.txt")).text
            assert "Disallow: /base/sparql\n" in robots
            assert f"Sitemap: {PUBLIC}/sitemap.xml\n" in robots

    asyncio.run(run())


def test_the_index_of_the_dumps_leads_to_each(service: Service) -> None:
    link = ask(service, "/dumps/").headers["Link"]
    items = re.findall(r'<([^>]*)>; rel="item"; type="([^"]*)"', link)
    assert len(items) >= 18
    for path, media_type in items:
        reply = ask(service, path, method="HEAD")
        assert (reply.status, reply.media_type) == (200, media_type)
        assert '</dumps/>; rel="collection"' in reply.headers["Link"]
    assert 'rel="license"' in link
    assert ask(service, "/catalog").status == 200
