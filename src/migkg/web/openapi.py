"""The interface for programs: OpenAPI, https://spec.openapis.org/oas/v3.1.0.html."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from migkg.web.problems import MEDIA_TYPE

_PARAMETER = re.compile(r"\{(\w+)(?::path)?\}")


def document(
    routes: Iterable[tuple[str, tuple[str, ...], str]], *, title: str, version: str, server: str
) -> dict[str, Any]:
    """The description of ``routes``, each a path, its methods and what it is."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        **({"servers": [{"url": server}]} if server else {}),
        "paths": {
            _PARAMETER.sub(r"{\1}", path): _operations(path, methods, summary)
            for path, methods, summary in routes
        },
    }


def _operations(path: str, methods: tuple[str, ...], summary: str) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(path)
    ]
    problem = {"description": "A problem document (RFC 9457).", "content": {MEDIA_TYPE: {}}}
    operation = {
        "summary": summary,
        "parameters": parameters,
        "responses": {"2XX": {"description": summary}, "default": problem},
    }
    return {method.lower(): operation for method in methods}
