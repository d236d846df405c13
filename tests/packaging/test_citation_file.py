"""CITATION.cff names the version that is here."""

from __future__ import annotations

import re

from migkg import __version__
from tests.conftest import ROOT


def test_the_citation_file_names_this_version_and_its_licence() -> None:
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    fields = dict(re.findall(r"^([a-z-]+): *(.+)$", text, re.MULTILINE))
    assert fields["cff-version"] == "1.2.0"
    assert fields["version"] == __version__
    assert fields["license"] == "CC-BY-4.0"
    assert "CC BY 4.0" in (ROOT / "README.md").read_text("utf-8")
    assert f"## [{__version__}] - {fields['date-released']}" in (ROOT / "CHANGELOG.md").read_text(
        "utf-8"
    )
