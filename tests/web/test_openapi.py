"""OpenAPI describes every route, and requests made from it meet no error of the service."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from migkg.web.routes import ROUTES
from tests.conftest import Service
from tests.web.client import ask

EXAMPLES = 4
# Of the stored queries, which are all described alike, these have parameters of every type used.
STORED = {
    "/queries/{name}",
    "/queries/cities_in_three_documents",
    "/queries/events_in_time",
    "/queries/recommendations_by_addressee",
}


def test_every_answer_is_of_a_type_that_is_described(service: Service) -> None:
    described = ask(service, "/openapi.json").json()["paths"]
    for route in ROUTES:
        if "{" in route.path or "GET" not in route.methods or route.path == "/rdf-graph-store":
            continue
        stated = described[route.path]["get"]["responses"]["200"]["content"]
        needed = [(p.name, p.example) for p in route.parameters if p.required]
        query = "&".join(f"{name}={value}" for name, value in needed)
        for media_type in stated:
            reply = ask(service, f"{route.path}?{query}", headers={"Accept": media_type})
            if reply.status == 200:
                assert reply.media_type in stated, (route.path, media_type)
            else:  # such as results of a query, where none is asked
                assert reply.status == 406, (route.path, media_type)


def test_each_operation_has_a_name_of_its_own(service: Service) -> None:
    described = ask(service, "/openapi.json").json()["paths"].values()
    names = Counter(item["operationId"] for methods in described for item in methods.values())
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_requests_made_from_it_meet_no_server_error(service: Service) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="install the extra 'dev'")
    from hypothesis import HealthCheck, Phase, given, settings

    schema = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    checks = [
        schemathesis.checks.not_a_server_error,
        schemathesis.specs.openapi.checks.content_type_conformance,
        schemathesis.specs.openapi.checks.status_code_conformance,
    ]
    bounded = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    tried: Counter[str] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.startswith("/queries/") and operation.path not in STORED:
            continue

        @bounded
        @given(operation.as_strategy())
        def one(case: Any) -> None:
            case.validate_response(case.call(timeout=30), checks=checks)
            tried[case.path] += 1

        one()
    assert tried.keys() >= {*STORED, "/sparql", "/data/{path}", "/validate", "/catalog"}
