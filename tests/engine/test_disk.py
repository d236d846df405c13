"""A release that is too large for memory is answered from a store on disk, in the same words."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from migkg.engine import keeper
from migkg.engine import release as release_module
from migkg.engine.embedded import OwnEngine
from migkg.engine.protocol import Query
from migkg.engine.release import DISK_STORE, STORE, Release, disk_store
from migkg.errors import EngineUnavailable, NoRelease
from migkg.model import formats
from migkg.resources import Project
from migkg.services import stored_queries
from migkg.settings import Settings
from tests.engine.conftest import COUNT, EX, embedded, query, started
from tests.processes import children, eventually, runs, zygotes

SMALL = 1  # bytes of memory: no release fits
DRAFT = f".{DISK_STORE}-draft"


def answers(engine: OwnEngine, *queries: Query) -> list[bytes]:
    async def main() -> list[bytes]:
        async with started(engine):
            return [(await engine.answer(item)).read() for item in queries]

    return asyncio.run(main())


def lines(data: bytes) -> list[bytes]:
    return sorted(data.splitlines())


SAMPLE = [
    *(query("SELECT * { ?s ?p ?o } ORDER BY ?s ?o", item) for item in formats.RESULT_FORMATS),
    query(f"CONSTRUCT WHERE {{ ?s <{EX}name> ?o }}", formats.NTRIPLES),
    query(f"DESCRIBE <{EX}s1>", formats.NTRIPLES),
    query("ASK { ?s ?p 7 }"),
    query("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"),
    query(f"SELECT * FROM <{EX}g2> {{ ?s ?p ?o }}"),
    query("SELECT * { ?s ?p ?o }", default_graphs=(f"{EX}g2",)),
    query("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", named_graphs=(f"{EX}g1",)),
    query("SELECT * { ?s ?p ?o }", default_graphs=(f"{EX}absent",)),
    query(f"SELECT ?x {{ <{EX}s7> (<{EX}number>|^<{EX}number>)+ ?x }} ORDER BY ?x"),
]


def test_the_answers_are_those_from_memory(store: Path) -> None:
    on_disk = answers(embedded(store, memory_budget=SMALL), *SAMPLE)
    assert on_disk == answers(embedded(store), *SAMPLE)
    assert (store.parents[1] / DISK_STORE).is_dir()


def test_the_stored_queries_are_answered_as_from_memory(
    settings: Settings, release: Release, project: Project
) -> None:
    queries = [
        Query.of(stored.parsed(), stored.parsed().form.answer_formats[-1])
        for stored in stored_queries.load(project).values()
    ]
    assert len(queries) > 100
    fits = Settings(base_iri=settings.base_iri, query_deadline=60.0)
    small = Settings(base_iri=settings.base_iri, query_deadline=60.0, memory_budget=SMALL)
    on_disk = answers(OwnEngine(release, small), *queries)
    in_memory = answers(OwnEngine(release, fits), *queries)
    assert list(map(lines, on_disk)) == list(map(lines, in_memory))


def test_the_log_says_that_queries_read_the_disk(store: Path, caplog) -> None:
    answers(embedded(store))
    assert caplog.messages == []
    answers(embedded(store, memory_budget=SMALL))
    (message,) = caplog.messages
    assert f"{COUNT + 1} quads" in message
    assert "MIGKG_MEMORY_BUDGET (1 bytes)" in message
    assert "from disk" in message


@pytest.mark.parametrize(("quads", "kind"), [(10, "memory"), (11, "disk")])
def test_the_budget_is_what_memory_may_take(quads: int, kind: str) -> None:
    assert keeper.store_kind(quads, 10 * keeper.BYTES_PER_QUAD) == kind


# Reading past the sixteen files that the store opens at first.
PARTS = 5
MAKE_PARTS = f"""
import sys
import pyoxigraph as ox
store = ox.Store(sys.argv[1])
for part in range({PARTS}):
    for graph in ("{EX}a", "{EX}b"):
        store.bulk_extend(
            ox.Quad(ox.NamedNode(f"{EX}{{part}}/{{n}}"), ox.NamedNode(f"{EX}p{{part}}"),
                    ox.Literal(f"value {{part}} {{n}}"), ox.NamedNode(graph))
            for n in range(200)
        )
store.flush()
"""


def test_files_that_the_store_opens_late_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "dumps").mkdir()
    (tmp_path / STORE).write_bytes(b"")
    command = [sys.executable, "-c", MAKE_PARTS, str(tmp_path / DISK_STORE)]
    subprocess.run(command, check=True)
    assert len(list((tmp_path / DISK_STORE).glob("*.sst"))) > 16
    engine = embedded(tmp_path / STORE, memory_budget=SMALL, query_deadline=20.0)
    counts = answers(
        engine,
        query("SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }", formats.CSV),
        query("SELECT (COUNT(?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }", formats.CSV),
        *(query(f"SELECT ?n {{ <{EX}{n}/7> ?p ?n }}", formats.CSV) for n in range(PARTS)),
        *(query(f'SELECT ?s {{ ?s ?p "value {n} 9" }}', formats.CSV) for n in range(PARTS)),
        query(f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s <{EX}p4> ?o }}", formats.CSV),
    )
    found = [data.decode().split("\r\n")[1] for data in counts]
    assert found == [
        str(PARTS * 200),
        str(PARTS * 400),
        *(f"value {n} 7" for n in range(PARTS)),
        *(f"{EX}{n}/9" for n in range(PARTS)),
        "200",
    ]


TRY = """
import os, socket, subprocess, sys, threading
from migkg.engine.seccomp import reach_nothing

folder = sys.argv[1]
go, tried = threading.Event(), threading.Event()

def attempt(name, call):
    try:
        call()
    except OSError as error:
        print(name, error.errno)
    else:
        print(name, "done")

def attempts(where):
    attempt(where + " socket", lambda: socket.socket())
    attempt(where + " pair", lambda: socket.socketpair())
    attempt(where + " write", lambda: open(folder + "/new", "w"))
    attempt(where + " append", lambda: open(folder + "/old", "a"))
    attempt(where + " nameless", lambda: os.open(folder, os.O_TMPFILE | os.O_RDWR))
    attempt(where + " program", lambda: os.execv("/bin/true", ["true"]))
    attempt(where + " read", lambda: open(folder + "/old").read())

def before():  # a thread that was there before the filter
    go.wait()
    attempts("thread")

thread = threading.Thread(target=before)
thread.start()
reach_nothing()
attempts("main")
go.set()
thread.join()
"""


def test_the_filter_refuses_all_but_reading_in_every_thread(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("text", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", TRY, str(tmp_path)], capture_output=True, check=True, text=True
    )
    refused = ("socket", "pair", "write", "append", "nameless", "program")
    assert done.stdout.splitlines() == [
        line
        for where in ("main", "thread")
        for line in (*(f"{where} {name} 1" for name in refused), f"{where} read done")
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def large_release(folder: Path, quads: int) -> Release:
    text = "".join(f'<{EX}s{n}> <{EX}p{n % 7}> "v {n}" <{EX}g> .\n' for n in range(quads))
    (folder / "dumps").mkdir()
    (folder / STORE).write_text(text, "utf-8")
    return Release(folder, {"id": "large", "quads": quads})


def count(folder: Path) -> int:
    """Quads in a store; counted elsewhere, so that nothing here has opened one."""
    code = "import sys, pyoxigraph as ox; print(len(ox.Store.read_only(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(folder)]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


def test_the_store_is_made_once(tmp_path: Path, monkeypatch) -> None:
    release = large_release(tmp_path, 2000)
    made: list[list[str]] = []
    run = subprocess.run

    def counted(command: list[str], **values: object) -> object:
        made.append(command)
        return run(command, **values)

    monkeypatch.setattr(release_module.subprocess, "run", counted)
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: disk_store(release), range(4)))
    assert folders == {tmp_path / DISK_STORE}
    assert disk_store(release) == tmp_path / DISK_STORE
    assert len(made) == 1
    assert count(tmp_path / DISK_STORE) == 2000


def test_who_starts_it_does_not_wait_for_the_store(tmp_path: Path) -> None:
    release = large_release(tmp_path, 2000)
    held = keeper.Keeper(release, Settings(memory_budget=SMALL))
    with (tmp_path / f".{DISK_STORE}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as if it took long to make
        held.start()
        assert not held.is_ready()
        assert not (tmp_path / DISK_STORE).exists()
    try:
        held.wait()
    finally:
        held.close()
    assert count(tmp_path / DISK_STORE) == 2000


MAKE = """
import sys
from pathlib import Path
from migkg.engine.release import Release, disk_store
disk_store(Release(Path(sys.argv[1]), {"id": "large", "quads": 0}))
"""


def test_a_store_that_was_being_made_when_all_was_killed_is_made_anew(tmp_path: Path) -> None:
    quads = 100_000
    release = large_release(tmp_path, quads)
    maker = subprocess.Popen([sys.executable, "-c", MAKE, str(tmp_path)])
    draft = tmp_path / DRAFT
    eventually(lambda: draft.is_dir() and any(draft.iterdir()))
    family = children(maker.pid)
    maker.kill()
    maker.wait()
    assert len(family) == 1
    eventually(lambda: not any(runs(pid) for pid in family))
    assert not (tmp_path / DISK_STORE).exists()
    assert draft.exists()
    assert count(disk_store(release)) == quads
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"dumps", DISK_STORE, f".{DISK_STORE}.lock"}


def test_a_store_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    release = large_release(tmp_path, 10)
    release.store.write_text("this is not N-Quads\n", "utf-8")
    with pytest.raises(NoRelease, match="could not be made"):
        disk_store(release)
    assert {path.name for path in tmp_path.iterdir()} == {"dumps", f".{DISK_STORE}.lock"}


def test_a_store_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "dumps").mkdir()
    (tmp_path / STORE).write_bytes(b"")
    (tmp_path / DISK_STORE).mkdir()
    (tmp_path / DISK_STORE / "CURRENT").write_text("nonsense", "utf-8")
    with pytest.raises(EngineUnavailable, match="could not be loaded"):
        answers(embedded(tmp_path / STORE, memory_budget=SMALL))
    assert zygotes(os.getpid()) == []


def test_a_query_process_on_disk_is_killed_and_replaced(store: Path) -> None:
    async def main() -> None:
        engine = embedded(store, memory_budget=SMALL)
        async with started(engine):
            (zygote,) = zygotes(os.getpid())
            for _ in range(5):
                assert (await engine.answer(query("ASK { ?s ?p 7 }"))).read()
                for pid in children(zygote):
                    os.kill(pid, signal.SIGKILL)
            assert (await engine.answer(query("ASK { ?s ?p 7 }"))).read()

    asyncio.run(main())
