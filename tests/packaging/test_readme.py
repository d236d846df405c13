"""README and documentation: short, with links that lead somewhere and commands that work."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from migkg import __version__
from tests.conftest import ROOT, Service

README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors that a forge makes of the headings of a page."""
    headings = HEADING.findall(page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def relative_links() -> list[tuple[Path, str]]:
    found = [(page, link) for page in PAGES for link in LINK.findall(page.read_text("utf-8"))]
    return [(page, link) for page, link in found if not re.match(r"[a-z]+:", link)]


def test_readme_is_short_and_starts_with_the_two_commands() -> None:
    lines = README.read_text("utf-8").splitlines()
    assert len(lines) <= 90
    opening = "\n".join(lines[:14])
    assert "make run" in opening
    assert "make test" in opening


@pytest.mark.parametrize(
    ("page", "link"),
    relative_links(),
    ids=[f"{page.relative_to(ROOT)}-{link}" for page, link in relative_links()],
)
def test_link_leads_somewhere(page: Path, link: str) -> None:
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    assert target.exists()
    if anchor:
        assert anchor in anchors(target)


def test_every_page_of_the_documentation_can_be_reached() -> None:
    reached = {(page.parent / link.partition("#")[0]).resolve() for page, link in relative_links()}
    for page in PAGES[2:]:
        assert page.resolve() in reached or page.parent.resolve() in reached


def test_changelog_names_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE)


EXAMPLES = re.findall(r"^```sh\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_readme_has_three_examples() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_answers(example: str, service: Service) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = example.replace("http://127.0.0.1:8000", service.url).replace("curl ", "curl --fail ")
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) > 3
