"""Labels that try to be markup, scripts or formulas are shown as text, and nothing more."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page

from tests.browser.conftest import OpenPage
from tests.browser.test_pages import NARROW, WIDTH
from tests.conftest import Service
from tests.hostile import HOSTILE

LISTS = ["/browse/Book", "/search?kind=Book", "/queries/titles", "/disagreements"]
THINGS = [f"/page/book/{name}" for name in sorted(HOSTILE)]
FOREIGN = "/describe?iri=javascript:alert%25284%2529"


def opened(open_page: OpenPage, hostile: Service, path: str, complaints: list[str]) -> Page:
    page = open_page(base_url=hostile.url)

    def asked(dialog: Dialog) -> None:
        complaints.append(f"{path}: a script ran: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", asked)
    page.goto(path, wait_until="networkidle")
    return page


@pytest.mark.parametrize("path", [*LISTS, *THINGS, FOREIGN])
def test_a_hostile_label_stays_text(
    open_page: OpenPage, hostile: Service, complaints: list[str], path: str
) -> None:
    page = opened(open_page, hostile, path, complaints)
    assert page.locator("main img, main script, main iframe").count() == 0
    schemes = page.eval_on_selector_all("[href], [src], [action]", "all => all.map(e => e.href)")
    assert not [url for url in schemes if str(url).startswith("javascript:")]
    page.set_viewport_size(NARROW)
    assert page.evaluate(WIDTH) <= NARROW["width"]


@pytest.mark.parametrize("path", LISTS)
def test_lists_show_hostile_labels_as_they_are(
    open_page: OpenPage, hostile: Service, complaints: list[str], path: str
) -> None:
    shown = opened(open_page, hostile, path, complaints).get_by_role("main").inner_text()
    for text in HOSTILE.values():
        assert " ".join(text[:100].split()) in " ".join(shown.split())


def test_a_label_cannot_turn_the_text_around_it(
    open_page: OpenPage, hostile: Service, complaints: list[str]
) -> None:
    page = opened(open_page, hostile, "/browse/Book", complaints)
    label = page.locator("bdi", has_text="\u202eevil")
    assert label.evaluate("e => getComputedStyle(e).unicodeBidi") == "isolate"
