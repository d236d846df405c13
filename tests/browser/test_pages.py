"""Every type of page as a browser shows it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import shorten, violations
from tests.browser.conftest import OpenPage
from tests.browser.kinds import PAGES

NARROW = {"width": 320, "height": 640}
PAINTED = """() => new Promise((done) => {
  new PerformanceObserver(() => done(true)).observe({type: "paint", buffered: true});
  setTimeout(() => done(false), 8000);
})"""
WIDTH = "document.documentElement.scrollWidth"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_accessible_in_light_and_dark_and_fits_a_narrow_screen(
    page: Page, kind: str
) -> None:
    page.goto(PAGES[kind])
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    light = page.evaluate(BACKGROUND)
    page.set_viewport_size(NARROW)
    assert page.evaluate(WIDTH) <= NARROW["width"]
    shorten(page)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(BACKGROUND) != light
    assert violations(page, "color-contrast") == []  # nothing else changes with the colours


def test_pages_read_without_scripts(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    for path in PAGES.values():
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert len(page.get_by_role("main").inner_text()) > 40, path


def test_a_print_has_the_facts_and_what_is_folded_but_no_navigation(page: Page) -> None:
    page.goto(PAGES["city"])
    folded = page.locator("details blockquote").first
    expect(folded).to_be_hidden()
    page.emulate_media(media="print")
    expect(folded).to_be_visible()
    expect(page.get_by_role("navigation", name="Site")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_page_is_shown_before_its_script_has_come(page: Page) -> None:
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/*.js", hold)
    page.goto("/", wait_until="commit")
    assert page.evaluate(PAINTED)
    assert waiting
    for route in waiting:
        route.continue_()


@pytest.mark.parametrize("kind", ["home", "results", "city"])
def test_the_first_view_is_light_and_stays_in_its_place(page: Page, kind: str) -> None:
    page.add_init_script(
        "window.shifts = [];"
        "new PerformanceObserver((list) => shifts.push(...list.getEntries().map((e) => e.value)))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[int] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(PAGES[kind], wait_until="networkidle")
    assert len(sizes) > 2
    assert 1_000 < sum(sizes) < 100_000
    assert page.evaluate("shifts") == []


# The tests of the tests


def test_what_breaks_the_content_security_policy_is_noticed(
    page: Page, complaints: list[str]
) -> None:
    page.goto("/")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://a.invalid/'}))")
    page.wait_for_timeout(100)
    assert [text for text in complaints if "Content Security Policy" in text]
    complaints.clear()


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.goto("/search")
    page.evaluate("document.body.append(document.createElement('button'))")
    assert [line for line in violations(page) if "button-name" in line]
