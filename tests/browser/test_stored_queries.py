"""The form of a stored query as a browser shows it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.conftest import OpenPage

EVENTS = "/queries/events_in_time"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_with_an_error_is_accessible(
    open_page: OpenPage, complaints: list[str], scheme: str
) -> None:
    page = open_page(color_scheme=scheme, viewport={"width": 320, "height": 640})
    page.goto(f"{EVENTS}?from=soon&status=code:planned")
    expect(page.get_by_label("From the year")).to_have_value("soon")
    expect(page.get_by_label("From the year")).to_have_accessible_description(
        "The parameter 'from' ('soon') is no year with four figures from 1900 to 2100."
    )
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    complaints[:] = [text for text in complaints if "400" not in text]


def test_a_form_is_sent_without_scripts(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(EVENTS)
    page.get_by_label("From the year").fill("2016")
    page.get_by_label("Status").select_option("planned")
    page.get_by_role("button", name="Ask").click()
    expect(page).to_have_url(
        f"{page.url.partition('/queries')[0]}{EVENTS}?from=2016&until=&status=code%3Aplanned"
    )
    expect(page.get_by_role("link", name="Habitat III").first).to_be_visible()
    expect(page.get_by_label("Status")).to_have_value("code:planned")
    page.get_by_role("button", name="Cite this answer").click()
    expect(page.get_by_text("BibTeX").first).to_be_visible()
