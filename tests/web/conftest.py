"""What tests of the web interface share: the release's triples, and things to ask for."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from migkg.engine.release import Release
from tests.conftest import BASE


@pytest.fixture(scope="session")
def dataset(release: Release) -> ox.Store:
    """The release as the tests read it, past the service."""
    store = ox.Store()
    store.bulk_load(path=str(release.store), format=ox.RdfFormat.N_QUADS)
    return store


@pytest.fixture(scope="session")
def things(dataset: ox.Store) -> list[str]:
    """The path below ``/id/`` of one thing of every class."""
    rows = dataset.query(
        f"""SELECT (MIN(STR(?thing)) AS ?first) WHERE {{ ?thing a ?class .
        FILTER(STRSTARTS(STR(?thing), "{BASE}id/") && !CONTAINS(STR(?thing), "#")) }}
        GROUP BY ?class ORDER BY ?class""",
        use_default_graph_as_union=True,
    )
    found = sorted({row["first"].value.removeprefix(f"{BASE}id/") for row in rows})
    assert len(found) > 12
    return found


@pytest.fixture(scope="session")
def claimed_thing(dataset: ox.Store) -> str:
    """The path of a city of which several documents claim something."""
    rows = dataset.query(
        f"""PREFIX mig: <{BASE}ontology#>
        PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
        SELECT ?city WHERE {{ ?claim rdf:subject ?city ; mig:claimedIn ?document ;
          mig:evidence ?evidence . ?city a mig:City . ?document a mig:SourceDocument }}
        GROUP BY ?city ORDER BY DESC(COUNT(DISTINCT ?document)) ?city LIMIT 1""",
        use_default_graph_as_union=True,
    )
    return str(next(iter(rows))["city"].value.removeprefix(f"{BASE}id/"))
