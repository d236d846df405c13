"""The views of results in a browser, with scripts and without."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import OpenPage
from tests.conftest import BASE
from tests.hostile import HOSTILE, turtle

pytestmark = pytest.mark.usefixtures("bundles")

CITIES = f"SELECT ?city {{ ?city a <{BASE}ontology#City> }} ORDER BY ?city"
COUNTRIES = f"CONSTRUCT WHERE {{ ?city <{BASE}ontology#inCountry> ?country }}"
YEARS = "SELECT ?year ?n { VALUES (?year ?n) { (2001 3) (2004 9) (2010 14.5) } }"
MANY = """SELECT ?n (CONCAT("row ", STR(?n)) AS ?text) {
  VALUES ?a { 0 1 2 3 4 5 6 7 8 9 } VALUES ?b { 0 1 2 3 4 5 6 7 8 9 }
  VALUES ?c { 0 1 2 3 4 5 6 7 8 9 } VALUES ?d { 0 1 2 3 4 5 6 7 8 9 }
  BIND(1000 * ?a + 100 * ?b + 10 * ?c + ?d AS ?n) } ORDER BY STR(?n)"""
PLACES = "[...document.querySelectorAll('.network circle')].map((c) => c.getBoundingClientRect().x)"


def run(page: Page, query: str, view: str = "") -> Locator:
    """What the query page shows of a query."""
    page.goto(f"/sparql#{urlencode({'query': query, 'view': view})}")
    answer = page.locator("#answer")
    expect(answer.locator("tbody tr").first).to_be_attached()
    return answer


def pressed(answer: Locator) -> str:
    return answer.locator("[aria-pressed=true]").inner_text()


def test_a_map_has_dots_that_lead_to_places_on_a_narrow_screen_too(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 320, "height": 900})
    answer = run(page, CITIES)
    assert pressed(answer) == "Map"
    quito = answer.locator("svg").get_by_role("link", name="Quito")
    quito.scroll_into_view_if_needed()
    box = quito.locator("path").last.bounding_box()
    assert box
    page.mouse.click(box["x"] + 2, box["y"] + 2)  # a dot has a size, though its path has none
    expect(page).to_have_url(re.compile("/page/city/quito-ec$"))


def test_views_are_chosen_with_the_keyboard_and_are_part_of_the_address(page: Page) -> None:
    answer = run(page, YEARS)
    assert pressed(answer) == "Line"
    assert answer.get_by_role("img", name="n by year").count() == 1
    answer.get_by_role("button", name="Bars").focus()
    page.keyboard.press("Enter")
    expect(answer.locator("ol.bars li")).to_have_count(3)
    expect(answer.get_by_role("button", name="Bars")).to_be_focused()
    expect(page).to_have_url(re.compile("view=bar"))
    page.reload()
    expect(answer.locator("ol.bars li")).to_have_count(3)
    expect(page.get_by_role("link", name="Line")).to_be_visible()


def test_a_graph_stands_still_and_can_be_walked(page: Page) -> None:
    answer = run(page, COUNTRIES)
    assert pressed(answer) == "Graph"
    network = answer.locator("svg.network")
    expect(network.get_by_role("link", name="Ecuador")).to_be_visible()
    before = page.evaluate(PLACES)
    page.wait_for_timeout(200)
    assert page.evaluate(PLACES) == before
    assert len(set(before)) > 40
    network.get_by_role("link", name="Ecuador").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/page/country/ECU$"))


def test_ten_thousand_rows_are_sorted_and_turned_by_page(page: Page) -> None:
    answer = run(page, MANY)
    status, first = answer.get_by_role("status"), answer.locator("tbody tr").first
    expect(status).to_have_text("Rows 1 to 100 of 10,000")
    assert answer.locator("tbody tr").count() == 100
    heading = answer.get_by_role("columnheader", name="n", exact=True)
    for order, number in (("ascending", "0"), ("descending", "9999"), ("none", "0")):
        heading.get_by_role("button").click()
        expect(heading).to_have_attribute("aria-sort", order)
        expect(first.locator("td").first).to_have_text(number)
    heading.get_by_role("button").click()
    answer.get_by_role("button", name="Next").click()
    expect(status).to_have_text("Rows 101 to 200 of 10,000")
    expect(first).to_have_text(re.compile("100.*row 100"))


def test_things_have_labels_in_the_language_of_the_page(open_page: OpenPage) -> None:
    page = open_page(locale="fr")
    answer = run(page, f"SELECT ?c {{ ?c a <{BASE}ontology#Country> }} ORDER BY ?c", "table")
    expect(answer.get_by_role("link", name="Équateur")).to_have_attribute(
        "href", "/page/country/ECU"
    )
    expect(answer.get_by_role("button", name="Tableau")).to_be_visible()


def test_hostile_values_are_text_in_every_view(page: Page) -> None:
    rows = " ".join(
        f"({turtle(text)} <javascript:alert%28{n}%29> <data:text/html,x>"
        f' {2000 + n} {n} {n * n} "POINT(1 2)")'
        for n, text in enumerate(HOSTILE.values())
    )
    names = "?text ?iri ?other ?year ?n ?m ?wkt"
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    answer = run(page, f"SELECT {names} {{ VALUES ({names}) {{ {rows} }} }}")
    buttons = answer.locator("nav.views button")
    assert buttons.count() == 8
    for number in range(buttons.count()):
        buttons.nth(number).click()
        expect(buttons.nth(number)).to_have_attribute("aria-pressed", "true")
        assert answer.locator("img, iframe, script, style").count() == 0
        links = answer.locator("a").evaluate_all("(all) => all.map((a) => a.getAttribute('href'))")
        assert all(link.startswith("/describe?iri=") for link in links)
    answer.get_by_role("button", name="Table").click()
    for text in ("script", "formula", "template", "arabic"):
        expect(answer.locator("td", has_text=HOSTILE[text])).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_views_are_accessible(open_page: OpenPage, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    for query, view in ((CITIES, "map"), (YEARS, "line"), (COUNTRIES, "graph")):
        answer = run(page, query, view)
        expect(answer.locator("figure")).to_be_visible()
        assert violations(page) == []


def test_a_stored_query_is_drawn_without_scripts_and_nothing_shifts_with_them(
    open_page: OpenPage,
) -> None:
    plain = open_page(java_script_enabled=False)
    plain.goto("/queries/cities_by_statements")
    expect(plain.locator("ol.bars li").first).to_be_visible()
    plain.get_by_role("link", name="Map").click()
    expect(plain.locator("svg.map a").first).to_be_attached()

    page = open_page()
    page.add_init_script(
        "window.shifts = 0; new PerformanceObserver((list) => { for (const e of list.getEntries())"
        " window.shifts += e.value; }).observe({ type: 'layout-shift', buffered: true });"
    )
    page.goto("/queries/cities_by_statements")
    heading = page.get_by_role("columnheader", name="city")
    expect(heading.get_by_role("button")).to_be_visible()
    assert page.evaluate("window.shifts") == 0
    heading.get_by_role("button").click()
    expect(page.locator("tbody td").first).to_have_text("Amsterdam")
