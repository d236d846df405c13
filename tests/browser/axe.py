"""Accessibility as axe-core judges it."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe()
_SHORTEN = """() => {
  const parents = "main, main section, main :is(ul, ol, dl, tbody, svg)";
  for (const parent of document.querySelectorAll(parents))
    [...parent.children]
      .filter((child) => /^(section|li|dt|dd|tr|path|a|text)$/i.test(child.tagName))
      .slice(8).forEach((child) => child.remove());
}"""
# What scrolls in the editor holds its text, which has the focus, but axe-core knows no
# contenteditable element as such.
_EDITOR = ".cm-scroller"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def shorten(page: Page) -> None:
    """Removes what repeats: of many sections, items, rows or terms beside each other the first."""
    page.evaluate(_SHORTEN)


def violations(page: Page, *rules: str) -> list[str]:
    """What breaks WCAG 2.2 at level A or AA in the page as it is shown, one line for each place.

    With ``rules`` only what breaks these.
    """
    asked = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": _TAGS}
    found = _AXE.run(page, options={"runOnly": asked, "resultTypes": ["violations"]})
    return [
        f"{page.url}: {rule['id']}: {place['target']}: {place['failureSummary']}"
        for rule in found.response["violations"]
        for place in rule["nodes"]
        if not (rule["id"] == "scrollable-region-focusable" and _EDITOR in str(place["target"]))
    ]
