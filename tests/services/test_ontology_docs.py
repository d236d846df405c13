"""The documentation of the ontology is complete and up to date."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT


def test_the_documentation_in_the_repository_is_the_one_that_is_made() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "migkg", "document"], capture_output=True, check=True, timeout=120
    )
    assert (ROOT / "docs" / "ontology.md").read_text("utf-8") == made.stdout.decode(), (
        "run 'migkg document --output docs/ontology.md'"
    )
