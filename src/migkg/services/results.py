"""SPARQL results in JSON, read."""

from __future__ import annotations

import json


def result_rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a SELECT answer, the value of every bound variable as text."""
    bindings = json.loads(content)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in bindings]
