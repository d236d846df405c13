"""What some take, others do not miss: downloads, pages, health, and what is given up."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from migkg.settings import Settings
from tests.processes import children, eventually
from tests.tiny import BASE, edit
from tests.web.client import Reply, ask, sparql
from tests.web.edge import (
    CLOSING,
    ENDLESS,
    PATIENCE,
    Edge,
    ask_for,
    connect,
    converse,
    edge,
    get,
    post,
)

# Endless queries


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with edge(
        tmp_path_factory.mktemp("places"),
        QUERY_PROCESSES="2",
        SLOW_QUERIES="2",
        PAGE_PROCESSES="1",
        QUERY_DEADLINE="600",
        QUERY_WAIT="600",
        VALIDATE_DEADLINE="600",
    ) as running:
        yield running


def zygote(service: Edge) -> int:
    (found,) = (pid for pid in children(service.pid) if pid != service.front)
    return found


def busy(service: Edge) -> set[int]:
    """The query processes that run or stand still at a lower priority: those of slow queries."""
    found = set()
    for pid in children(zygote(service)):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text("ascii")
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[16]) > 0:
            found.add(pid)
    return found


def wait_for_busy(service: Edge, number: int) -> set[int]:
    eventually(lambda: len(busy(service)) == number, PATIENCE)
    return busy(service)


@pytest.mark.parametrize("request_of", [ask_for, post], ids=["GET", "POST"])
def test_the_process_of_a_query_ends_when_its_client_goes(
    service: Edge, request_of: Callable[[str], bytes]
) -> None:
    assert busy(service) == set()
    with connect(service) as sock:
        sock.sendall(request_of(ENDLESS))
        wait_for_busy(service, 1)
    wait_for_busy(service, 0)
    assert sparql(service, "ASK {}").status == 200
    assert service.complaints() == []


def test_a_form_is_given_up_too_and_so_is_a_query_in_chunks(service: Edge) -> None:
    body = b"query=" + quote(ENDLESS).encode()
    form = [
        "Content-Type: application/x-www-form-urlencoded",
        "Transfer-Encoding: chunked",
    ]
    head = get("/sparql", *form).replace(b"GET", b"POST")
    with connect(service) as sock:
        sock.sendall(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        wait_for_busy(service, 1)
    wait_for_busy(service, 0)


def validations(service: Edge) -> list[int]:
    found = []
    for pid in children(service.front):
        with suppress(OSError):
            if b"migkg.services.upload_process" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def test_the_process_of_a_validation_ends_when_its_client_goes(service: Edge) -> None:
    books = "".join(f"<a:{number}> a t:Book .\n" for number in range(300_000))
    body = f"@prefix t: <{BASE}ontology#> .\n{books}".encode()
    fields = ["Content-Type: text/turtle", f"Content-Length: {len(body)}"]
    with connect(service) as sock:
        sock.sendall(get("/validate", *fields).replace(b"GET", b"POST") + body)
        eventually(lambda: len(validations(service)) == 1, PATIENCE)
    eventually(lambda: validations(service) == [], PATIENCE)
    assert service.complaints() == []


def test_a_client_that_is_there_keeps_its_query_whatever_it_sends_next(service: Edge) -> None:
    with connect(service) as sock:
        sock.sendall(ask_for(ENDLESS))
        (pid,) = wait_for_busy(service, 1)
        sock.sendall(CLOSING + post("ASK {}"))
        assert sparql(service, "ASK {}").status == 200
        assert busy(service) == {pid}
    wait_for_busy(service, 0)


def test_pages_and_health_have_places_of_their_own(service: Edge) -> None:
    with ExitStack() as stack:
        for number in range(6):
            sock = stack.enter_context(connect(service))
            sock.sendall(ask_for(f"{ENDLESS} # {number}"))
        eventually(lambda: len(busy(service)) >= 2, PATIENCE)
        for number in range(5):
            for path in ("/readyz", "/livez", "/page/book/a", "/data/book/a", "/", "/ontology"):
                reply = ask(service, f"{path}?{number}", headers={"Accept": "*/*"})
                assert reply.status == 200, (path, reply.text)
    wait_for_busy(service, 0)


# Downloads


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Two places for downloads, and a dump that no socket takes at once."""
    folder = tmp_path_factory.mktemp("downloads")

    def enlarge(settings: Settings) -> None:
        edit(settings, "data/books.ttl", '"B"@en', f'"{"B" * 12_000_000}"@en')

    with edge(folder, prepare=enlarge, DOWNLOADS="2", STALL_DEADLINE="600") as running:
        yield running


def begin(service: Edge, path: str = "/dumps/migkg.nt") -> socket.socket:
    """A download of which only the beginning is taken."""
    sock = connect(service, receive=65536)
    sock.sendall(get(path, "Connection: close"))
    assert sock.recv(12) == b"HTTP/1.1 200"
    return sock


def download(service: Edge, *fields: str) -> Reply:
    (reply,) = converse(service, get("/dumps/SHA256SUMS", "Connection: close", *fields))
    return reply


def test_one_download_too_many_is_503_until_another_ends(downloads: Edge) -> None:
    tag = download(downloads).headers["ETag"]
    with begin(downloads) as first, begin(downloads, "/dumps/migkg.ttl"):
        for fields in ([], ["Range: bytes=0-1"]):
            reply = download(downloads, *fields)
            reply.problem(503, "busy")
            assert int(reply.headers["Retry-After"]) > 0
        # What sends no file needs no place.
        assert download(downloads, f"If-None-Match: {tag}").status == 304
        assert ask(downloads, "/dumps/").status == 200
        assert sparql(downloads, "ASK {}").status == 200
        first.close()
        eventually(lambda: download(downloads).status == 200, PATIENCE)
    eventually(lambda: not [n for n in downloads.descriptors() if "/dumps/" in n], PATIENCE)
    assert downloads.complaints() == []


@pytest.mark.parametrize(
    ("wanted", "status", "span"),
    [
        ("bytes=0-1", 206, (0, 2)),
        ("bytes=5-", 206, (5, None)),
        ("bytes=-7", 206, (-7, None)),
        ("bytes=5-999999999", 206, (5, None)),
        ("bytes=0-1,999999-999999999", 206, (0, 2)),
        ("BYTES=0-1", 206, (0, 2)),
        ("bytes=zz", 200, (0, None)),
        ("bytes=-", 200, (0, None)),
        ("bytes=5-2", 200, (0, None)),
        ("bytes=0-1,x", 200, (0, None)),
        ("lines=0-1", 200, (0, None)),
        ("bytes", 200, (0, None)),
        ("", 200, (0, None)),
        (f"bytes={'9' * 5000}-", 200, (0, None)),
    ],
)
def test_a_part_is_sent_where_one_is_asked_for(
    service: Edge, wanted: str, status: int, span: tuple[int, int | None]
) -> None:
    whole = download(service)
    reply = download(service, f"Range: {wanted}")
    assert (reply.status, reply.body) == (status, whole.body[slice(*span)])
    assert reply.headers["ETag"] == whole.headers["ETag"]


@pytest.mark.parametrize("wanted", ["bytes=999999-", "bytes=-0", "bytes=888888-,999999-999999999"])
def test_a_part_behind_the_end_is_416(service: Edge, wanted: str) -> None:
    size = len(download(service).body)
    reply = download(service, f"Range: {wanted}")
    reply.problem(416, "range-not-satisfiable")
    assert reply.headers["Content-Range"] == f"bytes */{size}"


def test_several_parts_are_sent_as_one_answer(service: Edge) -> None:
    whole = download(service).body
    reply = download(service, "Range: bytes=0-1,10-12")
    assert (reply.status, reply.media_type) == (206, "multipart/byteranges")
    assert whole[:2] in reply.body
    assert whole[10:13] in reply.body


@pytest.mark.parametrize("given", ["*", 'W/%s, "a"', '"a"', '"%s'])
def test_the_validator_of_a_dump_is_compared_whole(service: Edge, given: str) -> None:
    tag = download(service).headers["ETag"]
    reply = download(service, "If-None-Match: " + given.replace("%s", tag))
    assert reply.status == (304 if given in ("*", 'W/%s, "a"') else 200)


def test_two_lines_of_validators_are_one_list(service: Edge) -> None:
    tag = download(service).headers["ETag"]
    for path in ("/dumps/SHA256SUMS", "/page/book/a", f"/sparql?query={quote('ASK {}')}"):
        tag = ask(service, path).headers["ETag"]
        sent = get(path, 'If-None-Match: "a"', f"If-None-Match: {tag}", "Connection: close")
        (reply,) = converse(service, sent)
        assert (reply.status, reply.headers["ETag"]) == (304, tag)
