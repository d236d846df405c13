"""Ways through the pages, by clicks and by keys."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

FOCUSED = "[document.activeElement.tagName, document.activeElement.textContent.trim()]"


def test_from_the_search_to_the_words_of_a_document_by_clicks(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox").or_(page.get_by_role("combobox")).fill("Quito")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Quito", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Quito")
    statement = page.locator("details", has=page.locator("blockquote")).first
    statement.locator("summary").click()
    expect(statement.locator("mark")).to_be_visible()
    phrase = statement.locator("mark").inner_text()
    statement.get_by_role("link", name="paragraph").click()
    expect(page.get_by_role("main")).to_contain_text(phrase)
    page.go_back()
    statement.locator("summary").click()
    statement.get_by_role("link", name="document", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("paragraphs support a fact")


def test_keys_alone_lead_past_the_navigation_to_a_result(page: Page) -> None:
    page.goto("/search?q=Quito")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="To the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    order = []
    for _ in range(3):
        page.keyboard.press("Tab")
        order.append(page.evaluate(FOCUSED)[1])
    assert order == ["migkg", "Questions", "SPARQL"]
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    skip.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#q")).to_be_focused()
    page.get_by_role("link", name="Quito", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Quito")
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details").first).to_have_attribute("open", "")


def test_suggestions_are_chosen_by_keys(page: Page) -> None:
    page.goto("/")
    page.locator("#q").press_sequentially("quit")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/page/"))


def test_a_language_is_chosen_and_stays(open_page: OpenPage) -> None:
    page = open_page(locale="fr-FR")
    page.goto("/")
    expect(page.get_by_role("button", name="Rechercher")).to_be_visible()
    page.get_by_role("link", name="Español").click()
    page.locator("#q").fill("Ecuador")
    page.get_by_role("button", name="Buscar").click()
    page.get_by_role("link", name="Ecuador", exact=True).first.click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_role("link", name="Preguntas")).to_be_visible()
