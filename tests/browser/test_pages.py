"""Pages as a browser shows them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import OpenPage


def test_the_home_page_opens_without_a_complaint(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_what_breaks_the_content_security_policy_is_noticed(
    page: Page, complaints: list[str]
) -> None:
    page.goto("/")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://a.invalid/'}))")
    page.wait_for_timeout(100)
    assert [text for text in complaints if "Content Security Policy" in text]
    complaints.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_home_page_is_accessible(open_page: OpenPage, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    page.goto("/")
    assert violations(page) == []


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.goto("/")
    page.evaluate("document.body.append(document.createElement('button'))")
    assert [line for line in violations(page) if "button-name" in line]
