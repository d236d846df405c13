"""Identifiers are read from the path as it was sent."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from migkg.web.raw_path import encoded, names
from tests.tiny import BASE
from tests.web import asgi


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("city/quito-ec", ["city/quito-ec"]),
        ("city/%71uito%2dec", ["city/quito-ec", "city/%71uito%2Dec"]),
        ("city/s%C3%A3o-paulo", ["city/são-paulo", "city/s%C3%A3o-paulo"]),
        ("city/s%c3%a3o-paulo", ["city/são-paulo", "city/s%C3%A3o-paulo"]),
        ("city/%E4%BA%AC%F0%9F%98%80", ["city/京😀", "city/%E4%BA%AC%F0%9F%98%80"]),
        ("a%2Fb%3fc%23d%25e", ["a%2Fb%3Fc%23d%25e"]),
        ("a%20b%22%3C%3E%5C%5E%60%7B%7C%7D", ["a%20b%22%3C%3E%5C%5E%60%7B%7C%7D"]),
        ("a%00%0d%0A%7F", ["a%00%0D%0A%7F"]),
        ("a%FF%FE", ["a%FF%FE"]),
        ("a%C3%28", ["a%C3(", "a%C3%28"]),
        ("a%E2%80%AEb", ["a%E2%80%AEb"]),  # it would turn the text around
        ("a%ZZ%4", ["a%ZZ%4"]),
        ("a+b", ["a+b"]),
        ("", [""]),
    ],
)
def test_a_path_may_stand_for_these_identifiers(path: str, expected: list[str]) -> None:
    assert names(path) == expected


@pytest.mark.parametrize("name", ["city/são-paulo", "京😀", "a%2Fb", "it's,(a):b@c"])
def test_an_identifier_is_found_again_from_its_address(name: str) -> None:
    assert names(encoded(name))[0] == name


@pytest.mark.parametrize("folder", ["id", "data", "page"])
def test_the_engine_is_asked_for_both(tmp_path: Path, folder: str) -> None:
    async def run() -> list[str]:
        engine = asgi.CountingEngine(fixed=b"")
        async with asgi.application(tmp_path, engine) as app:
            reply = await asgi.ask(app, f"/{folder}/book/%C3%A9%2F1")
            assert "%C3%A9%2F1" in str(reply.problem(404, "not-found")["detail"])
            return [re.findall(f"<({BASE}id/[^>]*)>", query.text)[0] for query in engine.asked]

    assert asyncio.run(run()) == [f"{BASE}id/book/é%2F1", f"{BASE}id/book/%C3%A9%2F1"]
