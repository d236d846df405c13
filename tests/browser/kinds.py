"""One address of every type of page."""

from __future__ import annotations

PAGES = {
    "home": "/",
    "search": "/search",
    "results": "/search?q=identification+cards",
    "nothing": "/search?q=zzzzzzzzzz",
    "city": "/page/city/quito-ec",
    "country": "/page/country/ECU",
    "document": "/page/document/2",
    "paragraph": "/page/document/2/p/1",
    "claim": "/page/claim/e0d80f0f009a5fa3",
    "evidence": "/page/evidence/2-10174-10244",
    "disagreement": "/page/disagreement/quito-located",
    "foreign": "/describe?iri=http%3A%2F%2Fmetadata.un.org%2Fsdg%2F10",
    "browse": "/browse/City",
    "goals": "/sdg",
    "disagreements": "/disagreements",
    "ontology": "/ontology",
    "shapes": "/shapes",
    "quality": "/quality",
    "queries": "/queries",
    "query": "/queries/cities_in_three_documents",
    "sparql": "/sparql",
    "dumps": "/dumps/",
    "releases": "/releases",
    "docs": "/docs",
    "limits": "/limits",
    "unknown": "/page/city/quito",
}
