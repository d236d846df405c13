"""The image and the compose file: what can be held true without a container engine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from migkg.settings import Settings
from tests.conftest import ROOT, Service, free_port

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
COMPOSE = ROOT / "docker-compose.yml"
HEALTHCHECK = ROOT / "deploy" / "healthcheck.py"


def instructions() -> list[tuple[str, str]]:
    """Name and arguments of every instruction, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def arguments(name: str) -> list[str]:
    return [value for instruction, value in instructions() if instruction == name]


def exec_form(value: str) -> list[str]:
    """The words of an instruction in exec form; fails for the shell form."""
    match = re.search(r"\[(.*)\]$", value)
    assert match, f"{value} is not in exec form"
    return re.findall(r'"([^"]*)"', match.group(1))


def lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text("utf-8").splitlines()]


def test_base_image_is_an_argument() -> None:
    assert arguments("ARG")[0] == "BASE_IMAGE=python:3.11-slim"
    assert all(value.startswith("${BASE_IMAGE}") for value in arguments("FROM"))


def test_user_of_the_last_stage_is_not_root() -> None:
    last = [name for name, _ in instructions()]
    final = instructions()[len(last) - 1 - last[::-1].index("FROM") :]
    users = [value for name, value in final if name == "USER"]
    assert users == ["10001:10001"]
    assert [name for name, _ in final].index("USER") < [name for name, _ in final].index("CMD")


def test_nothing_is_fetched_by_address() -> None:
    assert not arguments("ADD")
    assert "://" not in "".join(value for _, value in instructions())


def test_commands_are_in_exec_form() -> None:
    for value in (*arguments("RUN"), *arguments("CMD"), *arguments("HEALTHCHECK")):
        assert exec_form(value)
    assert exec_form(arguments("CMD")[-1]) == ["migkg", "serve"]


def test_release_is_made_when_the_image_is_built() -> None:
    builds = [exec_form(value) for value in arguments("RUN")]
    assert ["/opt/migkg/bin/migkg", "build", "--releases", "/srv/migkg/releases"] in builds
    assert arguments("EXPOSE") == ["8000"]


def test_environment_names_settings_that_exist() -> None:
    known = {name for name, _, _ in Settings().describe()}
    found = dict(re.findall(r"(MIGKG_\w+)=(\S+)", " ".join(arguments("ENV"))))
    assert found["MIGKG_HOST"] == "0.0.0.0"
    assert found["MIGKG_RELEASES"] == "/srv/migkg/releases"
    named = set(found) | set(re.findall(r"MIGKG_\w+", COMPOSE.read_text("utf-8")))
    assert named <= known


def test_everything_that_is_copied_is_there_and_not_ignored() -> None:
    allowed = {line[1:] for line in lines(ROOT / ".dockerignore") if line.startswith("!")}
    for value in arguments("COPY"):
        words = value.split()
        if not words[0].startswith("--from"):
            for name in words[:-1]:
                assert (ROOT / name).exists()
                assert name in allowed


def test_health_check_arguments_hold_no_blanks() -> None:
    """Some engines split them at blanks."""
    image = exec_form(arguments("HEALTHCHECK")[0])
    compose = next(line for line in lines(COMPOSE) if line.startswith("test:"))
    assert exec_form(compose) == ["CMD", *image]
    assert not any(" " in word for word in image)
    assert image[-1] == "/opt/migkg/healthcheck.py"


def test_health_check_tells_ready_from_not(service: Service) -> None:
    def status(port: str) -> int:
        return subprocess.run(
            [sys.executable, str(HEALTHCHECK)],
            env={"MIGKG_PORT": port, "http_proxy": "http://127.0.0.1:9"},
            capture_output=True,
            check=False,
        ).returncode

    assert status(service.url.rpartition(":")[2]) == 0
    assert status(str(free_port())) == 1


@pytest.mark.parametrize(
    "line",
    [
        "read_only: true",
        "- ALL",
        "- no-new-privileges:true",
        '- "127.0.0.1:8000:8000"',
        "restart: unless-stopped",
    ],
)
def test_compose_confines_the_service(line: str) -> None:
    assert line in lines(COMPOSE)


def test_compose_gives_a_place_for_temporary_files_and_a_limit_of_memory() -> None:
    text = COMPOSE.read_text("utf-8")
    assert re.search(r"tmpfs:\n\s+- /tmp:", text)
    assert re.search(r"mem_limit: \d+g\n", text)


@pytest.mark.parametrize("name", ["name", "include", "start_interval"])
def test_compose_has_nothing_that_old_programs_refuse(name: str) -> None:
    assert not any(line.startswith(f"{name}:") for line in lines(COMPOSE))


def test_compose_file_is_valid() -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed")
    result = subprocess.run(
        [program, "-f", str(COMPOSE), "config", "-q"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
