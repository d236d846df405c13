"""Pictures of every type of page, for looking: light, dark, and on a narrow screen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import launched
from tests.browser.kinds import PAGES

SCREENS: dict[str, dict[str, object]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 640}, "color_scheme": "light"},
}
LONGEST = 4000  # pixels of a page that are shown


def shoot(browser: Browser, url: str, folder: Path, chosen: list[str], language: str) -> int:
    """Writes one picture of each page on each screen; returns how many."""
    made = 0
    for screen, options in SCREENS.items():
        context = browser.new_context(base_url=url, locale=language, **options)
        page = context.new_page()
        for kind in chosen:
            page.goto(PAGES[kind], wait_until="networkidle")
            size = page.evaluate(
                "[document.documentElement.clientWidth, document.documentElement.scrollHeight]"
            )
            clip = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], LONGEST)}
            page.screenshot(path=folder / f"{kind}-{screen}.png", full_page=True, clip=clip)
            made += 1
        context.close()
    return made


def main() -> int:
    """Takes the pictures; the service must be running."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.browser.screenshots", description=__doc__
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the service runs")
    parser.add_argument("--lang", default="en", help="what the browser accepts as language")
    parser.add_argument("pages", nargs="*", help=f"all without one: {', '.join(PAGES)}")
    options = parser.parse_args()
    if unknown := sorted(set(options.pages) - set(PAGES)):
        parser.error(f"there is no page {', '.join(unknown)}")
    options.output.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, launched(playwright) as browser:
        chosen = options.pages or list(PAGES)
        made = shoot(browser, options.url, options.output, chosen, options.lang)
    sys.stdout.write(f"{made} pictures in {options.output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
