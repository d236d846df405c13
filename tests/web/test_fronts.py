"""The processes of a service: one that watches, the fronts, the zygote and its query processes."""

from __future__ import annotations

import http.client
import os
import random
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from migkg.errors import BadSetting
from migkg.services.building import build
from migkg.settings import Settings
from migkg.web import processes
from tests.cli.conftest import command
from tests.conftest import free_port, wait_until_ready
from tests.processes import children, eventually, is_zygote, runs, zygotes
from tests.tiny import make_project

ASK = b"ASK {}"
TRUE = b'{"head":{},"boolean":true}'
ENDLESS = b"SELECT (COUNT(*) AS ?n) { " + b" . ".join(
    b"?s%d ?p%d ?o%d" % ((n,) * 3) for n in range(9)
)
ENDLESS += b" }"
WORKERS = 3


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings for the small project, whose release is made."""
    settings = make_project(tmp_path_factory.mktemp("small"))
    build(settings, lambda _: None)
    return settings


@dataclass
class Running:
    """A service, and what it writes."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def zygote(self) -> int:
        (pid,) = zygotes(self.process.pid)
        return pid

    @property
    def fronts(self) -> list[int]:
        return sorted(pid for pid in children(self.process.pid) if not is_zygote(pid))

    @property
    def queries(self) -> list[int]:
        return children(self.zygote)

    @property
    def family(self) -> list[int]:
        return [self.process.pid, *self.fronts, self.zygote, *self.queries]

    def said(self, words: str) -> int:
        return self.log.read_text("utf-8").count(words)


def alive(pid: int) -> bool:
    """True if a process runs and has not only not been waited for."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def state(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    return "X"


@contextmanager
def serving(settings: Settings, log: Path, **environment: str) -> Iterator[Running]:
    """The service on a free port; it must not be there any more at the end."""
    port = free_port()
    line, values = command(settings, "serve", "--port", str(port))
    values |= {"MIGKG_QUERY_PROCESSES": "6", "MIGKG_WORKERS": str(WORKERS), **environment}
    with log.open("wb") as output:
        process = subprocess.Popen(line, env=values, stderr=output)
    service = Running(port, process, log)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
        eventually(lambda: len(service.queries) >= int(values["MIGKG_WORKERS"]))
        yield service
    finally:
        family = service.family if process.poll() is None and service_is_whole(service) else []
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()
        eventually(lambda: not any(map(runs, family)))


def service_is_whole(service: Running) -> bool:
    return bool(zygotes(service.process.pid))


def ask(service: Running, query: bytes = ASK, timeout: float = 60) -> tuple[int, bytes]:
    """Status and body of the answer to a query, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=timeout)
    try:
        return post(connection, query)
    finally:
        connection.close()


def post(connection: http.client.HTTPConnection, query: bytes) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/sparql-query"}
    connection.request("POST", "/sparql", query, headers)
    with connection.getresponse() as response:
        return response.status, response.read()


def all_answer(service: Running, number: int = 40) -> bool:
    return [ask(service) for _ in range(number)] == [(200, TRUE)] * number


def sockets(pid: int) -> int:
    found = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found += str(descriptor.readlink()).startswith("socket:")
    return found


def test_every_front_takes_connections(small: Settings, tmp_path: Path) -> None:
    with serving(small, tmp_path / "log") as service:
        assert len(service.fronts) == WORKERS
        before = {pid: sockets(pid) for pid in service.fronts}
        connections = [
            http.client.HTTPConnection("127.0.0.1", service.port, timeout=60) for _ in range(60)
        ]
        answers = [post(connection, ASK) for connection in connections]
        assert answers == [(200, TRUE)] * 60
        # Each has several of the 60, and more than a query process or two would take.
        assert [sockets(pid) - before[pid] > 4 for pid in service.fronts] == [True] * WORKERS
        for connection in connections:
            connection.close()


def front(service: Running) -> list[int]:
    return service.fronts[:1]


def zygote(service: Running) -> list[int]:
    return [service.zygote]


def front_and_zygote(service: Running) -> list[int]:
    return [service.fronts[0], service.zygote]


def all_but_the_first(service: Running) -> list[int]:
    return [*service.fronts, service.zygote]


@pytest.mark.parametrize("victims", [front, zygote, front_and_zygote, all_but_the_first])
def test_what_is_killed_is_started_again_and_the_log_says_so(
    small: Settings, tmp_path: Path, victims: Callable[[Running], list[int]]
) -> None:
    with serving(small, tmp_path / "log") as service:
        killed = victims(service)
        lost = service.queries if service.zygote in killed else []
        fronts_killed = len(set(killed) & set(service.fronts))
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        assert all_answer(service)  # from the first request on: it waits
        eventually(lambda: len(service.fronts) == WORKERS and service_is_whole(service))
        eventually(lambda: not any(map(alive, [*killed, *lost])))
        assert all_answer(service)
        assert service.said("has ended; starting another") == fronts_killed
        assert service.said("holds the release has ended") == len(killed) - fronts_killed


def test_a_front_that_is_killed_takes_its_queries_with_it_even_the_paused(
    small: Settings, tmp_path: Path
) -> None:
    values = {"MIGKG_WORKERS": "1", "MIGKG_SLOW_QUERIES": "1", "MIGKG_QUERY_WAIT": "60"}
    values["MIGKG_QUERY_DEADLINE"] = "120"
    with (
        ThreadPoolExecutor(2) as pool,
        serving(small, tmp_path / "log", **values) as service,
    ):
        asked = [pool.submit(ask, service, ENDLESS + b"# %d" % number) for number in range(2)]
        eventually(lambda: {"R", "T"} <= set(map(state, service.queries)))
        before = service.queries
        os.kill(service.fronts[0], signal.SIGKILL)
        for item in asked:
            with pytest.raises((OSError, http.client.HTTPException)):
                item.result()
        eventually(lambda: not any(map(runs, before)))
        assert all_answer(service, 3)


def test_a_service_that_is_told_to_end_leaves_nothing_and_answers_what_it_has_begun(
    small: Settings, tmp_path: Path
) -> None:
    values = {"MIGKG_SLOW_AFTER": "60", "MIGKG_QUERY_DEADLINE": "120"}
    with (
        ThreadPoolExecutor(1) as pool,
        serving(small, tmp_path / "log", **values) as service,
    ):
        family = service.family
        for pid in service.queries:
            os.kill(pid, signal.SIGSTOP)
        asked = pool.submit(ask, service)
        time.sleep(0.3)
        assert not asked.done()
        service.process.terminate()
        eventually(lambda: refused(service.port))
        assert not asked.done()
        for pid in family[1 + WORKERS + 1 :]:
            with suppress(ProcessLookupError):  # those of fronts with nothing to answer have ended
                os.kill(pid, signal.SIGCONT)
        assert asked.result() == (200, TRUE)
        assert service.process.wait(20) == 0
        eventually(lambda: not any(map(runs, family)))


def refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_service_that_is_told_to_end_while_queries_never_end_ends(
    small: Settings, tmp_path: Path
) -> None:
    with (
        ThreadPoolExecutor(2) as pool,
        serving(small, tmp_path / "log", MIGKG_QUERY_DEADLINE="120") as service,
    ):
        asked = [pool.submit(ask, service, ENDLESS) for _ in range(2)]
        eventually(lambda: list(map(state, service.queries)).count("R") >= 2)
        family = service.family
        service.process.terminate()
        assert service.process.wait(20) == 0
        eventually(lambda: not any(map(runs, family)))
        for item in asked:
            with suppress(OSError, http.client.HTTPException):
                assert item.result()[0] >= 500


def test_a_service_whose_first_process_is_killed_leaves_nothing(
    small: Settings, tmp_path: Path
) -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        serving(small, tmp_path / "log", MIGKG_QUERY_DEADLINE="120") as service,
    ):
        asked = pool.submit(ask, service, ENDLESS)
        eventually(lambda: "R" in map(state, service.queries))
        family = service.family
        service.process.kill()
        service.process.wait()
        eventually(lambda: not any(map(runs, family)))
        assert isinstance(asked.exception(), OSError | http.client.HTTPException)
        assert refused(service.port)


def test_a_service_that_is_told_to_end_while_it_starts_ends_in_order(
    small: Settings, tmp_path: Path
) -> None:
    line, values = command(small, "serve", "--port", str(free_port()))
    with subprocess.Popen(line, env=values, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        while b"http://" not in process.stderr.readline():
            assert process.poll() is None
        process.terminate()
        assert process.wait(20) in (0, -signal.SIGTERM)
        eventually(lambda: children(process.pid) == [])


def test_a_second_service_on_the_same_port_says_why_it_cannot(
    small: Settings, tmp_path: Path
) -> None:
    with serving(small, tmp_path / "log") as service:
        line, values = command(small, "serve", "--port", str(service.port))
        second = subprocess.run(line, env=values, capture_output=True, check=False, timeout=60)
        assert second.returncode == 2
        sentence = second.stderr.decode().splitlines()[-1]
        assert sentence == (
            f"migkg: MIGKG_PORT is '{service.port}', but 127.0.0.1 cannot listen there: "
            "Address already in use."
        )
        assert all_answer(service)


def test_of_many_that_want_a_port_at_the_same_time_one_gets_it() -> None:
    for _ in range(30):
        port, count = free_port(), 4
        barrier = threading.Barrier(count)

        def claim(port: int = port, barrier: threading.Barrier = barrier) -> list[socket.socket]:
            barrier.wait()
            try:
                return processes.listen("127.0.0.1", port, 3)
            except BadSetting:
                return []

        with ThreadPoolExecutor(count) as pool:
            claims = [pool.submit(claim) for _ in range(count)]
            got = [item.result() for item in claims]
        for claimed in got:
            for sock in claimed:
                sock.close()
        assert [len(claimed) for claimed in got].count(3) == 1


@pytest.mark.parametrize(
    ("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 70000), ("no host of this name", 0)]
)
def test_an_address_that_cannot_be_had_is_a_bad_setting(host: str, port: int) -> None:
    with pytest.raises(BadSetting, match="MIGKG_"):
        processes.listen(host, port, 1)


def test_a_front_may_open_as_many_files_as_the_machine_allows(
    small: Settings, tmp_path: Path
) -> None:
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
    try:
        with serving(small, tmp_path / "log") as service:
            for pid in service.fronts:
                assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (most, most)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))


def test_a_service_whose_release_is_on_disk_answers_and_survives_as_well(
    small: Settings, tmp_path: Path
) -> None:
    with serving(small, tmp_path / "log", MIGKG_MEMORY_BUDGET="1") as service:
        assert all_answer(service)
        assert service.said("queries read them from disk") == 1
        lost = service.zygote
        for pid in (lost, service.fronts[0]):
            os.kill(pid, signal.SIGKILL)
        assert all_answer(service)
        eventually(lambda: service_is_whole(service) and service.zygote != lost)
        names = b"SELECT (COUNT(*) AS ?n) { ?book <https://tiny.example/ontology#title> ?title }"
        assert b'"value":"2"' in ask(service, names)[1]


class Client(threading.Thread):
    """Asks well-behaved queries one after the other and keeps what was not as it should be."""

    def __init__(self, service: Running, number: int) -> None:
        super().__init__()
        self.done = 0
        self.wrong: list[object] = []
        self.ending = False
        self._service = service
        self._number = number

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._service.port, timeout=30)
        while not self.ending:
            value = self.done
            query = b"SELECT (%d AS ?n) { ?s ?p ?o } LIMIT 1 # %d" % (value, self._number)
            try:
                status, body = post(connection, query)
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(error)
                connection.close()
            else:
                if status != 200 or b'"value":"%d"' % value not in body:
                    self.wrong.append((status, body))
            self.done += 1
        connection.close()


def test_no_request_fails_while_query_processes_are_killed(small: Settings, tmp_path: Path) -> None:
    """MIGKG_KILLS=1000 kills more. Each kill waits until every client has been answered since."""
    kills = int(os.environ.get("MIGKG_KILLS", "200"))
    chance = random.Random(7)
    with serving(small, tmp_path / "log") as service:
        first = service.zygote
        victims = Path(f"/proc/{first}/task/{first}/children")
        clients = [Client(service, number) for number in range(4)]
        for client in clients:
            client.start()
        try:
            killed = 0
            while killed < kills:
                with suppress(ProcessLookupError, IndexError):
                    os.kill(int(chance.choice(victims.read_text().split())), signal.SIGKILL)
                    killed += 1
                # Two more: the one under way and one that began later.
                marks = [client.done + 2 for client in clients]
                eventually(
                    lambda marks=marks: all(
                        client.done >= mark for client, mark in zip(clients, marks, strict=True)
                    )
                )
        finally:
            for client in clients:
                client.ending = True
            for client in clients:
                client.join()
        assert [client.wrong for client in clients] == [[]] * len(clients)
        assert service.zygote == first
        assert service.said("has ended") == 0
        print(f"{killed} kills, {sum(client.done for client in clients)} requests")
