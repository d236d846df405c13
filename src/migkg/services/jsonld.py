"""JSON-LD documents in the release's own context."""

from __future__ import annotations

import json
from typing import Any

from rdflib import Graph

from migkg.services.schema import Schema


def compact(graph: Graph, thing: str, schema: Schema, context_url: str) -> dict[str, Any]:
    """The graph as compact JSON-LD: the thing first, all else it speaks of beside it.

    ``context_url`` is what the document names as its context; it must serve ``schema.context``.
    """
    text = graph.serialize(format="json-ld", context=schema.context, auto_compact=False)
    document = json.loads(text)
    nodes = document.get("@graph")
    if nodes is None:
        nodes = [{key: value for key, value in document.items() if key != "@context"}]
    short = _names(thing, schema.prefixes)
    nodes.sort(key=lambda node: (node.get("@id") not in short, str(node.get("@id"))))
    return {"@context": context_url, "@graph": nodes}


def _names(iri: str, prefixes: dict[str, str]) -> set[str]:
    compacts = {
        f"{prefix}:{iri.removeprefix(namespace)}"
        for prefix, namespace in prefixes.items()
        if iri.startswith(namespace)
    }
    return {iri, *compacts}


def embed(document: dict[str, Any]) -> str:
    """The document as text that is safe inside an HTML ``script`` element."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
