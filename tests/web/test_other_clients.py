"""Clients that others wrote, on the running service; see also test_sparql_protocol.py (rdflib,
SPARQLWrapper) and test_linked_data.py (rdflib)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pandas
import pytest
import signposting

from tests.conftest import BASE, Service
from tests.web.client import ask

QUITO = f"{BASE}id/city/quito-ec"
PARSERS = {"ttl": "turtle", "nt": "ntriples", "nq": "nquads", "trig": "trig", "rdf": "rdfxml"}
COMUNICA = "comunica-sparql"
COUNTRY = f"""SELECT ?country {{ <{QUITO}> <{BASE}ontology#inCountry> ?country }}"""


# Signposting


@pytest.mark.parametrize("path", ["/page/city/quito-ec", "/data/city/quito-ec.ttl"])
def test_signposting_finds_the_thing_its_kind_its_licence_and_its_data(
    service: Service, path: str
) -> None:
    found = signposting.find_signposting_http(service.url + path)
    assert found.citeAs is not None
    assert str(found.citeAs.target) == QUITO
    assert str(found.license.target).startswith("https://creativecommons.org/")
    assert f"{BASE}ontology#City" in {str(link.target) for link in found.types}
    assert {link.type for link in found.describedBy} > {"application/ld+json", "text/turtle"}


def test_signposting_finds_the_same_in_the_page_itself(service: Service) -> None:
    found = signposting.find_signposting_html(f"{service.url}/page/city/quito-ec")
    assert found.citeAs is not None
    assert str(found.citeAs.target) == QUITO
    assert found.license is not None
    assert {link.type for link in found.describedBy} == {"application/ld+json", "text/turtle"}


def test_signposting_finds_each_dump(service: Service) -> None:
    found = signposting.find_signposting_http(f"{service.url}/dumps/")
    sums = ask(service, "/dumps/SHA256SUMS").text
    names = {line.split()[1] for line in sums.splitlines()}
    assert {str(link.target).rpartition("/")[2] for link in found.items} == names


# Tables


def test_pandas_reads_the_answer_to_a_stored_question(service: Service) -> None:
    table = pandas.read_csv(f"{service.url}/queries/cities_in_three_documents?format=csv")
    assert list(table.columns) == ["city", "cityLabel", "documents"]
    assert "Quito" in set(table["cityLabel"])
    assert table["documents"].min() >= 3


# Dumps


@pytest.mark.parametrize("name", PARSERS)
def test_raptor_reads_every_dump(service: Service, tmp_path: Path, name: str) -> None:
    if shutil.which("rapper") is None:
        pytest.skip("rapper is not here; it is in the Debian package raptor2-utils")
    path = tmp_path / f"migkg.{name}"
    path.write_bytes(ask(service, f"/dumps/{path.name}").body)
    done = subprocess.run(
        ["rapper", "--count", "--input", PARSERS[name], str(path), BASE],
        capture_output=True,
        text=True,
        check=True,
    )
    read = re.search(r"returned (\d+) triples", done.stderr)
    assert read is not None, done.stderr
    manifest = service.release.manifest
    assert int(read[1]) == manifest["quads" if name in ("nq", "trig") else "triples"]
    assert not re.search("warning|error", done.stderr, re.IGNORECASE)


# Comunica


@pytest.mark.parametrize(
    "source", ["sparql@{}/sparql", "{}/data/city/quito-ec", "{}/page/city/quito-ec"]
)
def test_comunica_asks_the_endpoint_and_reads_documents(service: Service, source: str) -> None:
    if shutil.which(COMUNICA) is None:
        pytest.skip("comunica-sparql is not here; npm install -g @comunica/query-sparql brings it")
    done = subprocess.run(
        [COMUNICA, source.format(service.url), COUNTRY],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout) == [{"country": f"{BASE}id/country/ECU"}]
