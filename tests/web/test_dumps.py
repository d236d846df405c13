"""The dumps: complete, verifiable, resumable."""

from __future__ import annotations

import gzip
import hashlib
import re
import subprocess
from html import unescape

import pyoxigraph as ox
import pytest

from migkg.resources import Project
from tests.conftest import BASE, Service
from tests.web.client import GRAPHS, MEDIA_TYPES, Reply, ask, canonical, triples

NAMES = [f"migkg.{name}" for name in GRAPHS]
ALL = [
    *(name + end for name in NAMES for end in ("", ".gz", ".zst")),
    "SHA256SUMS",
    "migkg-rdf12.ttl",
    "migkg-tables.zip",
]


def dump(service: Service, name: str, method: str = "GET", **headers: str) -> Reply:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return ask(service, f"/dumps/{name}", method=method, headers=named)


@pytest.mark.parametrize("path", ["/dumps", "/dumps/"])
def test_the_index_links_every_file(service: Service, path: str) -> None:
    reply = ask(service, path)
    assert (reply.status, reply.media_type) == (200, "text/html")
    for name in ALL:
        assert f'href="/dumps/{name}"' in reply.text


@pytest.fixture(scope="module")
def in_the_files(project: Project) -> set[ox.Triple]:
    """Every triple of the project's files."""
    return canonical(
        quad.triple
        for path in project.turtle_files()
        for quad in ox.parse(path=str(path), rename_blank_nodes=True)
    )


@pytest.mark.parametrize("name", GRAPHS)
def test_a_dump_holds_what_the_files_hold(
    service: Service, in_the_files: set[ox.Triple], name: str
) -> None:
    reply = dump(service, f"migkg.{name}")
    assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name])
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert triples(reply.body, name) == in_the_files


@pytest.mark.parametrize("name", ["trig", "nq"])
def test_a_dump_of_quads_keeps_the_graphs(service: Service, dataset: ox.Store, name: str) -> None:
    store = ox.Store()
    rdf_format = ox.RdfFormat.TRIG if name == "trig" else ox.RdfFormat.N_QUADS
    store.load(dump(service, f"migkg.{name}").body, format=rdf_format)
    for graph in dataset.named_graphs():
        mine, theirs = (
            len(list(s.quads_for_pattern(None, None, None, graph))) for s in (dataset, store)
        )
        assert mine == theirs
    assert len(store) == len(dataset)


@pytest.mark.parametrize("name", NAMES)
def test_the_compressed_dump_is_the_same_and_not_marked_as_encoded(
    service: Service, name: str
) -> None:
    reply = dump(service, f"{name}.gz", Accept_Encoding="gzip")
    assert (reply.media_type, reply.headers["Content-Encoding"]) == ("application/gzip", None)
    assert gzip.decompress(reply.body) == dump(service, name).body


def test_sha256sum_confirms_every_file(service: Service, tmp_path) -> None:
    for name in ALL:
        (tmp_path / name).write_bytes(dump(service, name).body)
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(ALL) - 1


def test_the_release_is_named_after_its_quads(service: Service) -> None:
    reply = dump(service, "migkg.nq")
    assert hashlib.sha256(reply.body).hexdigest().startswith(reply.headers["Migkg-Release"])


@pytest.mark.parametrize("name", ALL)
def test_head_has_the_headers_of_get_and_the_etag_is_the_digest(
    service: Service, name: str
) -> None:
    got, headed = dump(service, name), dump(service, name, "HEAD")
    assert (headed.status, headed.body) == (200, b"")
    del got.headers["Date"], headed.headers["Date"]
    assert sorted(headed.headers.items()) == sorted(got.headers.items())
    assert got.headers["ETag"] == f'"{hashlib.sha256(got.body).hexdigest()}"'


def test_a_client_that_has_the_dump_gets_304(service: Service) -> None:
    tag = dump(service, "migkg.nt", "HEAD").headers["ETag"]
    reply = dump(service, "migkg.nt", If_None_Match=f'"other", W/{tag}')
    assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", tag)
    assert dump(service, "migkg.nt", "HEAD", If_None_Match='"other"').status == 200


def test_a_client_that_knows_the_time_of_the_dump_gets_304(service: Service) -> None:
    whole = dump(service, "migkg.nt", "HEAD").headers
    then = whole["Last-Modified"]
    for method in ("GET", "HEAD"):
        reply = dump(service, "migkg.nt", method, If_Modified_Since=then)
        assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", whole["ETag"])
    later = "Fri, 31 Dec 2100 23:59:59 GMT"
    for headers in (
        {"If_Modified_Since": later},
        {"If_Modified_Since": "then"},
        {"If_Modified_Since": then, "If_None_Match": '"other"'},
    ):
        assert dump(service, "migkg.nt", "HEAD", **headers).status == 200


def test_a_download_can_be_resumed(service: Service) -> None:
    whole = dump(service, "migkg.nt")
    reply = dump(service, "migkg.nt", Range="bytes=100-", If_Range=whole.headers["ETag"])
    assert (reply.status, reply.body) == (206, whole.body[100:])
    size = len(whole.body)
    assert reply.headers["Content-Range"] == f"bytes 100-{size - 1}/{size}"
    changed = dump(service, "migkg.nt", Range="bytes=100-", If_Range='"other"')
    assert (changed.status, changed.body) == (200, whole.body)


def test_a_range_past_the_end_is_416(service: Service) -> None:
    assert dump(service, "migkg.nt", Range="bytes=999999999999-").status == 416


def test_what_was_begun_of_a_longer_file_is_begun_anew(service: Service) -> None:
    reply = dump(service, "migkg.nt", Range="bytes=999999999999-", If_Range='"longer"')
    assert (reply.status, len(reply.body)) == (200, int(reply.headers["Content-Length"]))


def test_of_several_parts_those_past_the_end_are_left_out(service: Service) -> None:
    reply = dump(service, "migkg.nt", Range="bytes=0-9,999999999999-")
    assert reply.headers["Content-Range"].startswith("bytes 0-9/")
    assert (reply.status, len(reply.body)) == (206, 10)


def test_a_head_has_no_parts(service: Service) -> None:
    reply = dump(service, "migkg.nt", "HEAD", Range="bytes=0-9")
    assert (reply.status, reply.headers["Content-Range"]) == (200, None)
    assert int(reply.headers["Content-Length"]) > 10


@pytest.mark.parametrize(
    "name",
    [
        "migkg.csv",
        "migkg",
        "manifest.json",
        "../manifest.json",
        "..%2Fmanifest.json",
        "%2e%2e/manifest.json",
        "%2e%2e%2fmanifest.json",
        "....//manifest.json",
        "..%5cmanifest.json",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "migkg.nt%00",
        "migkg.nt/",
        "MIGKG.NT",
    ],
)
def test_anything_else_is_404(service: Service, name: str) -> None:
    dump(service, name).problem(404, "not-found")


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/"]
)
def test_static_files_are_no_way_out_either(service: Service, path: str) -> None:
    assert ask(service, path).status == 404


def test_a_part_holds_all_that_is_said_of_a_class(service: Service, dataset: ox.Store) -> None:
    found = dataset.query(
        f"CONSTRUCT {{ ?s ?p ?o }} {{ ?s a <{BASE}ontology#City> ; ?p ?o }}",
        use_default_graph_as_union=True,
    )
    expected = canonical(found)
    assert len(expected) > 100
    for name in ("ttl", "jsonld", "nt", "rdf"):
        reply = ask(service, "/dumps/class/City", headers={"Accept": MEDIA_TYPES[name]})
        assert (reply.status, reply.media_type) == (200, MEDIA_TYPES[name])
        assert triples(reply.body, name) == expected


@pytest.mark.parametrize("name", ["Nothing", "City%3E", "..", "City/"])
def test_a_part_of_no_class_is_404(service: Service, name: str) -> None:
    ask(service, f"/dumps/class/{name}").problem(404, "not-found")


def test_every_part_that_is_listed_is_there(service: Service) -> None:
    page = ask(service, "/dumps/").text
    links = re.findall(r'href="(/(?:dumps/class/|rdf-graph-store)[^"]+)"', page)
    assert len(links) > 60
    for link in links[::6]:
        assert ask(service, unescape(link), headers={"Accept": "text/turtle"}).status == 200
