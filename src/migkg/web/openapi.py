"""The interface for programs: OpenAPI, https://spec.openapis.org/oas/v3.1.0.html."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from migkg.web.problems import MEDIA_TYPE
from migkg.web.routing import Parameter, Route

_PARAMETER = re.compile(r"\{(\w+)\}")
_PROBLEMS = {"$ref": "#/components/responses/Problem"}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "advice": {"type": "string"},
        "line": {"type": "integer"},
        "column": {"type": "integer"},
        "available": {"type": "array", "items": {"type": "string"}},
        "similar": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "label": {"type": "string"},
                    "iri": {"type": "string"},
                    "url": {"type": "string"},
                },
            },
        },
        "successors": {"type": "array", "items": {"type": "string"}},
    },
}


def document(
    routes: Iterable[Route],
    *,
    title: str,
    version: str,
    server: str,
    licence: str = "",
    operations: Mapping[str, dict[str, Any]] = MappingProxyType({}),
) -> dict[str, Any]:
    """The description of ``routes``; ``licence`` is the IRI of the licence of the data.

    ``operations`` has GET operations by their paths, beside those of the routes.
    """
    info: dict[str, Any] = {"title": title, "version": version}
    if licence:
        info["license"] = {"name": licence, "url": licence}
    return {
        "openapi": "3.1.0",
        "info": info,
        **({"servers": [{"url": server}]} if server else {}),
        "paths": {
            **{route.template: _operations(route) for route in routes},
            **{path: {"get": operation} for path, operation in operations.items()},
        },
        "components": {
            "schemas": {"Problem": _PROBLEM},
            "responses": {
                "Problem": {
                    "description": "A problem document (RFC 9457).",
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
            },
        },
    }


def operation(
    name: str, summary: str, parameters: list[dict[str, Any]], media_types: Iterable[str]
) -> dict[str, Any]:
    """A GET operation that answers in some media types, or with a problem."""
    return {
        "operationId": f"get_{name}",
        "summary": summary,
        "parameters": parameters,
        "responses": {**_answers(summary, media_types), "default": _PROBLEMS},
    }


def _answers(summary: str, media_types: Iterable[str], status: str = "200") -> dict[str, Any]:
    content: dict[str, Any] = {name: {} for name in media_types}
    return {
        status: {"description": summary, "content": content},
        "304": {"description": "The client has it."},
    }


def _operations(route: Route) -> dict[str, Any]:
    return {method.lower(): _operation(route, method) for method in route.methods}


def _operation(route: Route, method: str) -> dict[str, Any]:
    in_path = [_in_path(route, name) for name in _PARAMETER.findall(route.template)]
    path = f"{route.path}index" if route.path.endswith("/") else route.path
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()}{re.sub('[^a-z]+', '_', path)}".rstrip("_"),
        "summary": route.summary,
        "parameters": in_path + [in_query(item) for item in route.parameters],
        "responses": {**_responses(route), "default": _PROBLEMS},
    }
    if method == "POST" and route.body:
        operation["requestBody"] = {"required": True, "content": _bodies(route.body)}
    return operation


def _responses(route: Route) -> dict[str, Any]:
    redirect = {"303": {"description": "The document is at Location."}} if route.redirects else {}
    if not route.media_types:
        return redirect
    return {**redirect, **_answers(route.summary, route.media_types, route.status)}


def _in_path(route: Route, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "in": "path", "required": True}
    found["schema"] = {"type": "string", "minLength": 1}
    if route.example:
        found["example"] = route.example
    return found


def in_query(item: Parameter) -> dict[str, Any]:
    """A parameter of the query string."""
    found: dict[str, Any] = {
        "name": item.name,
        "in": "query",
        "description": item.meaning,
        "required": item.required,
        "schema": {"type": item.type},
    }
    if item.values:
        found["schema"]["enum"] = list(item.values)
    if item.example:
        found["example"] = item.example
    return found


def _bodies(bodies: Iterable[tuple[str, tuple[Parameter, ...]]]) -> dict[str, Any]:
    return {
        media_type: {"schema": _form(fields) if fields else {"type": "string"}}
        for media_type, fields in bodies
    }


def _form(fields: tuple[Parameter, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [item.name for item in fields if item.required],
        "properties": {
            item.name: {
                "type": item.type,
                "description": item.meaning,
                **({"examples": [item.example]} if item.example else {}),
            }
            for item in fields
        },
    }
