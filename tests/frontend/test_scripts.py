"""The scripts of the query page, run by Node.js."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from SPARQLWrapper import SPARQLWrapper

from tests.conftest import ROOT

FRONTEND = ROOT / "frontend"
ENDPOINT = "http://127.0.0.1:8000/sparql"
QUERIES = [
    "SELECT * { ?s ?p ?o }",
    """# it's "quoted" \\ `ticked` ${x} $(y) $HOME %s {0} \\n \\u0041
SELECT * {
  ?s ?p '''it's''', \"\"\"a "" b\"\"\", "c\\\\" ; ?ö "日本 😀"@ja .
}
# )" )-" !! \\""",
]


@pytest.fixture(scope="module")
def node() -> str:
    """The program; where it is missing the tests are skipped, but not where ``CI`` is set."""
    found = runpy.run_path(str(FRONTEND / "build.py"))["find_node"]()
    if found is None:
        missing = "Node.js is not here; get it with: python frontend/build.py"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return str(found[0])


def run(*command: str, standard_input: str = "") -> str:
    result = subprocess.run(
        command, input=standard_input, capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def recipes(node: str, query: str, *, is_table: bool = True) -> dict[str, str]:
    module = (FRONTEND / "editor" / "recipes.js").as_uri()
    options = json.dumps({"isTable": is_table})
    program = f"""import {{ recipes }} from "{module}";
        console.log(JSON.stringify(recipes({json.dumps(ENDPOINT)}, {json.dumps(query)}, {options})))
        """
    printed = run(node, "--input-type=module", standard_input=program)
    return {name: text for name, (_, text) in json.loads(printed).items()}


def test_the_scripts_pass_their_own_tests(node: str) -> None:
    files = [str(path) for path in (FRONTEND / "test").glob("*.test.js")]
    assert files
    run(node, "--test", *files)


@pytest.mark.parametrize("query", QUERIES)
def test_the_code_for_other_programs_asks_the_same_query(
    node: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = recipes(node, query)
    printed = run("bash", "-c", f"curl() {{ printf '%s\\0' \"$@\"; }}\n{code['curl']}")
    assert f"query={query}" in printed.split("\0")

    asked: dict[str, Any] = {}

    def post(url: str, data: dict[str, str], **_: object) -> Any:
        asked.update(url=url, **data)
        return SimpleNamespace(raise_for_status=lambda: None, json=dict)

    monkeypatch.setitem(sys.modules, "requests", SimpleNamespace(post=post))
    exec(code["requests"], {})
    assert (asked["url"], asked["query"].strip()) == (ENDPOINT, query.strip())

    fetch = "globalThis.fetch = async (url, { body }) => (console.log(body.get('query')),"
    fetch += " { ok: true, json: async () => '' });\n"
    printed = run(node, "--input-type=module", standard_input=fetch + code["javascript"])
    assert printed.strip() == query.strip()

    start, _, rest = code["r"].partition('query = r"')[2].partition("(\n")
    assert rest.partition(f'\n){start}"')[0] == query


def test_the_code_for_sparqlwrapper_runs(node: str, monkeypatch: pytest.MonkeyPatch) -> None:

    found: list[str] = []

    def query(wrapper: Any) -> bytes:
        found.append(wrapper.queryString)
        return b""

    monkeypatch.setattr(SPARQLWrapper, "queryAndConvert", query)
    exec(recipes(node, QUERIES[1])["sparqlwrapper"], {})
    exec(recipes(node, "CONSTRUCT WHERE { ?s ?p ?o }", is_table=False)["sparqlwrapper"], {})
    assert found[0].strip() == QUERIES[1].strip()
    assert "CONSTRUCT" in found[1]
