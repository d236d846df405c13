"""A real browser in front of the running service: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

import migkg.web
from tests.conftest import Service

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BUILT = Path(migkg.web.__file__).parent / "static" / "built" / "results.js"
PATIENCE = 60_000  # milliseconds until something counts as failed, on a busy machine too

NOT_LOADED = "Failed to load resource:"

OpenPage = Callable[..., Page]

expect.set_options(timeout=PATIENCE)


def chromium() -> str:
    """The program; without it tests are skipped, but not where ``CI`` is set."""
    found = shutil.which("chromium")
    if found is None:
        missing = "Chromium is not here; get it with: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def launched(playwright: Playwright) -> Browser:
    """A browser with a new, empty folder of user data, which goes when it is closed."""
    return playwright.chromium.launch(executable_path=chromium(), args=OPTIONS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests in this folder.

    Not for the whole session: while it runs, Playwright has an event loop in this thread, and no
    other test could run one.
    """
    chromium()
    with sync_playwright() as playwright:
        running = launched(playwright)
        yield running
        running.close()


@pytest.fixture
def bundles() -> None:
    """The scripts of the pages; without them tests are skipped, but not where ``CI`` is set."""
    if not BUILT.is_file():
        missing = "the scripts of the pages are not built; run: python frontend/build.py"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What went wrong in the pages of a test: what is left in the list when it ends, fails it.

    A test that makes something go wrong on purpose removes what it expects.
    """
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def open_page(browser: Browser, service: Service, complaints: list[str]) -> Iterator[OpenPage]:
    """Opens tabs, each with cookies, cache and settings of its own.

    Takes Playwright's options of a context, such as ``color_scheme="dark"``, ``locale="fr"``,
    ``java_script_enabled=False``, ``viewport={"width": 320, "height": 640}``, and another
    ``base_url`` than that of the service that the tests share.
    """
    contexts = []

    def open_(**options: object) -> Page:
        values = {"base_url": service.url, "locale": "en-GB", **options}
        context = browser.new_context(**values)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        _watch(page, str(values["base_url"]), complaints)
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A tab that is 1280 by 720 pixels large."""
    return open_page()


def _watch(page: Page, home: str, complaints: list[str]) -> None:
    """Notes errors in the console, which has violations of the CSP too, and foreign requests.

    The status of the page itself is none: Chromium writes that of a problem there.
    """

    def heard(message: ConsoleMessage) -> None:
        of_itself = message.location["url"] == page.url and message.text.startswith(NOT_LOADED)
        if message.type == "error" and not of_itself:
            complaints.append(f"{page.url}: {message.text}")

    def asked(request: Request) -> None:
        if not request.url.startswith((f"{home}/", "data:", "blob:")):
            complaints.append(f"{page.url}: asked for {request.url}")

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("request", asked)
