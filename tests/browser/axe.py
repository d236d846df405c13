"""Accessibility as axe-core judges it."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe()
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page: Page) -> list[str]:
    """What breaks WCAG 2.2 at level A or AA in the page as it is shown, one line for each place."""
    found = _AXE.run(page, options={"runOnly": _TAGS, "resultTypes": ["violations"]})
    return [
        f"{page.url}: {rule['id']}: {' '.join(place['target'])}: {place['failureSummary']}"
        for rule in found.response["violations"]
        for place in rule["nodes"]
    ]
