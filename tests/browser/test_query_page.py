"""The query page in a browser: with its editor, with the keyboard alone, and without scripts."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.usefixtures("bundles")

CITIES = "PREFIX mig: <https://w3id.org/migkg/ontology#>\nSELECT ?city { ?city a mig:City }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?d) }"
REFUSED = "the server responded with a status of 400"


def editor_of(page: Page) -> Locator:
    """The editor, as soon as it is there."""
    return page.get_by_role("textbox", name="SPARQL query")


def write(page: Page, text: str) -> None:
    """Types in place of what the editor holds; brackets close themselves."""
    editor_of(page).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def paste(page: Page, text: str) -> None:
    """Puts a text in place of what the editor holds."""
    editor_of(page).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)


def text_of(page: Page) -> str:
    """The query as it would be sent."""
    return str(page.locator("#query").input_value())


def opened(page: Page, query: str) -> Page:
    page.goto("/sparql")
    paste(page, query)
    return page


def status(page: Page) -> Locator:
    return page.locator("#status[role=status]")


def test_completion_inserts_the_prefix_and_offers_what_fits(page: Page) -> None:
    page.goto("/sparql")
    write(page, "SELECT * { ?c a cit")
    choices = page.get_by_role("option")
    expect(choices.first).to_contain_text("mig:City")
    page.wait_for_timeout(100)  # CodeMirror takes no key as meant for a list that has just come
    page.keyboard.press("Enter")
    page.keyboard.type(" ; coun")
    expect(choices.first).to_contain_text("mig:inCountry")
    page.keyboard.press("Escape")
    assert text_of(page).startswith("PREFIX mig: <https://w3id.org/migkg/ontology#>\nSELECT")
    assert "?c a mig:City ; coun" in text_of(page)
    write(page, "SELECT * { ?c ?p quit")
    expect(choices.filter(has_text="Quito").first).to_be_visible()


def test_an_error_is_shown_where_it_is_while_one_types(page: Page) -> None:
    opened(page, "SELECT * {\n  ?city rdfs:label ?name\n}")
    expect(page.locator("#problem")).to_contain_text("Line 2, column 9: The prefix rdfs:")
    expect(page.locator(".cm-lintRange-error")).to_have_text("rdfs:label")
    paste(page, "SELECT * { ?s ?p ?o }")
    expect(page.locator("#problem")).to_be_empty()


def test_an_error_of_a_run_is_announced_and_the_cursor_is_there(
    page: Page, complaints: list[str]
) -> None:
    opened(page, "ASK {\n  ?s ?p ?o\n}}")
    page.get_by_role("button", name="Run").click()
    expect(status(page)).to_contain_text("Line 3, column 2: This } closes nothing.")
    expect(editor_of(page)).to_be_focused()
    complaints[:] = [text for text in complaints if REFUSED not in text]


def test_layout_and_its_undoing(page: Page) -> None:
    opened(page, "select*{?s a ?c;?p ?o}#end")
    page.get_by_role("button", name="Format").click()
    expect(page.locator("#query")).to_have_value("select * {\n  ?s a ?c ;\n    ?p ?o\n} #end\n")
    editor_of(page).click()
    page.keyboard.press("ControlOrMeta+z")
    assert text_of(page) == "select*{?s a ?c;?p ?o}#end"


def test_a_run_is_kept_shared_and_found_again(open_page: OpenPage) -> None:
    page = opened(open_page(), CITIES)
    page.get_by_role("button", name="Run").click()
    expect(status(page)).to_contain_text(re.compile(r"\d+ rows · [\d.]+ s · release [0-9a-f]{16}"))
    page.get_by_text("Share", exact=True).click()
    address = page.get_by_label("Address of this query").input_value()
    paste(page, "ASK {}")
    page.get_by_text("History", exact=True).click()
    page.get_by_role("button", name=re.compile(r"SELECT \?city")).click()
    assert text_of(page) == CITIES
    page.get_by_text("History", exact=True).click()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()

    other = open_page()
    other.goto(address)
    editor_of(other).wait_for()
    assert text_of(other) == CITIES
    expect(other.get_by_role("region", name="Answer")).to_contain_text("Quito")


def test_a_query_that_is_too_long_for_an_address_is_shared_too(open_page: OpenPage) -> None:
    query = f"{CITIES} # {'long ' * 2000}"
    page = open_page()
    page.goto(f"/sparql#query={quote(query)}")
    expect(status(page)).to_contain_text("rows")
    assert text_of(page) == query
    assert "#query=" in page.url


def test_a_query_can_be_cancelled(page: Page) -> None:
    opened(page, ENDLESS)
    page.get_by_role("button", name="Run").click()
    expect(status(page)).to_have_text("Running …")
    page.get_by_role("button", name="Cancel").click()
    expect(status(page)).to_have_text("Cancelled.")
    expect(page.get_by_role("button", name="Run")).to_be_enabled()


def test_examples_code_and_downloads(page: Page) -> None:
    page.goto("/sparql")
    editor_of(page).wait_for()
    page.get_by_text("Examples", exact=True).click()
    page.get_by_label("Find a question").fill("cities three documents")
    page.get_by_role("button", name=re.compile("three or more documents")).first.click()
    assert "COUNT(DISTINCT" in text_of(page)
    page.get_by_text("As code", exact=True).click()
    page.get_by_label("Language").select_option("requests")
    expect(page.locator("#recipe-text")).to_contain_text("requests.post(")
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="csv").click()
    assert download.value.suggested_filename == "answer.csv"
    assert download.value.path().read_text("utf-8").startswith("city")


def test_the_keyboard_alone(page: Page) -> None:
    page.goto("/sparql")
    editor_of(page).focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("ASK { ?s ?p ?o")
    page.keyboard.press("Tab")
    expect(editor_of(page)).to_be_focused()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(status(page)).to_contain_text("1 row")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Run")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(open_page: OpenPage, scheme: str) -> None:
    page = opened(open_page(color_scheme=scheme, viewport={"width": 320, "height": 640}), CITIES)
    page.get_by_text("As code", exact=True).click()
    page.get_by_role("button", name="Run").click()
    expect(status(page)).to_contain_text("rows")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_without_scripts_the_form_works(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/sparql")
    page.get_by_label("Query", exact=True).fill(CITIES)
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("region", name="Answer")).to_contain_text("Quito")
    expect(page.get_by_label("Query", exact=True)).to_have_value(CITIES)
    expect(page.get_by_text("Examples", exact=True)).to_be_hidden()


def test_without_scripts_an_error_is_on_the_page(
    open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(f"/sparql?query={quote('SELECT * { ?s rdfs:label ?o }')}")
    expect(page.get_by_text("Line 1, column 15: The prefix rdfs: is not declared")).to_be_visible()
    complaints[:] = [text for text in complaints if REFUSED not in text]
