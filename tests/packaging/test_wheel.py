"""The wheel, installed where there is no checkout, serves the graph."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from migkg import __version__
from tests.conftest import ROOT, free_port, wait_until_ready

FOLDERS = {
    "ontology": "*.ttl",
    "shapes": "*.ttl",
    "data": "*.ttl",
    "queries": "*.*",
    "pages": "*.rq",
}
LEADS = """SELECT ?leader { ?leader <https://w3id.org/migkg/ontology#leads>
<https://w3id.org/migkg/id/initiative/jmdi> }"""


def run(*command: str | Path, cwd: Path, environment: dict[str, str] | None = None) -> str:
    result = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment outside the checkout that holds the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    pip = (folder / "venv" / "bin" / "python", "-m", "pip", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "-c", ROOT / "constraints.txt", wheel, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def environment(installed: Path) -> dict[str, str]:
    """Nothing of the checkout and nothing of the caller's own."""
    home = installed / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "MIGKG_RELEASES": str(home / "releases"),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
    }


@pytest.fixture(scope="module")
def url(installed: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of ``migkg serve``, run in the new environment."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [str(installed / "venv" / "bin" / "migkg"), "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=environment["HOME"], env=environment) as process:
        try:
            wait_until_ready(f"{address}/readyz", process, 180)
            yield address
        finally:
            process.terminate()


def get(url: str, accept: str) -> bytes:
    with urlopen(Request(url, headers={"Accept": accept}), timeout=30) as response:
        body: bytes = response.read()
    return body


def test_wheel_holds_the_files_of_the_project(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder, pattern in FOLDERS.items():
        files = [path for path in (ROOT / folder).glob(pattern) if not path.name.startswith(".")]
        assert files
        assert {f"migkg/project/{folder}/{path.name}" for path in files} <= names
    assert {
        "migkg/py.typed",
        "migkg/web/static/style.css",
        "migkg/web/templates/base.html",
    } <= names
    assert {f"migkg/web/static/built/{name}" for name in ("editor.js", "NOTICES.txt")} <= names
    licences = f"migkg-{__version__}.dist-info/licenses"
    assert {f"{licences}/LICENSE", f"{licences}/LICENSE-DATA"} <= names
    assert not any(name.startswith(("tests/", "src/", "docs/")) for name in names)


def test_the_checkout_is_not_used(installed: Path, environment: dict[str, str]) -> None:
    code = (
        "import migkg, migkg.resources as r, migkg.settings as s;"
        "print(migkg.__file__); print(r.find_project(s.Settings.from_environment()).root)"
    )
    python = installed / "venv" / "bin" / "python"
    printed = run(python, "-c", code, cwd=Path(environment["HOME"]), environment=environment)
    module, project = (Path(line) for line in printed.splitlines())
    packages = installed / "venv" / "lib"
    assert packages in module.parents
    assert project == module.parent / "project"
    assert not (installed / "venv" / "src").exists()


def test_installed_service_answers_a_query(url: str) -> None:
    answer = json.loads(
        get(f"{url}/sparql?query={quote(LEADS)}", "application/sparql-results+json")
    )
    leaders = [row["leader"]["value"] for row in answer["results"]["bindings"]]
    assert leaders == ["https://w3id.org/migkg/id/org/undp"]


def test_installed_service_has_pages_and_stored_queries(url: str) -> None:
    assert b"<h1>" in get(f"{url}/page/city/quito-ec", "text/html")
    assert json.loads(get(f"{url}/queries", "application/json"))["queries"]
    assert b"quito" in get(f"{url}/queries/bodies_in_hamilton?city=Quito", "text/csv")
