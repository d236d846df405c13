"""The image and the compose file: what can be held true without a container engine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

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
    named = set(found)
    for path in (COMPOSE, *(ROOT / "deploy").rglob("*")):
        if path.suffix in (".yml", ".yaml", ".md", ".conf"):
            named |= set(re.findall(r"MIGKG_\w+", path.read_text("utf-8")))
    secret = {name for name in named if re.match("MIGKG_PUBLISH_|.*_FILE$", name)}
    assert named - secret <= known


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
    assert services()["migkg"]["healthcheck"]["test"] == ["CMD", *image]
    tests = [
        service["healthcheck"]["test"] for name, service in services().items() if name != "publish"
    ]
    assert not any(" " in word for test in tests for word in test)
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


def services() -> dict[str, Any]:
    return dict(yaml.safe_load(COMPOSE.read_text("utf-8"))["services"])


@pytest.mark.parametrize("name", ["store", "publish", "migkg", "proxy"])
def test_compose_confines_each_service(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert re.fullmatch(r"\d+m", service["logging"]["options"]["max-size"])
    assert "privileged" not in service
    assert name == "store" or any(place.startswith("/tmp:") for place in service["tmpfs"])
    assert name == "publish" or service["restart"] == "unless-stopped"


def test_compose_opens_ports_of_the_proxy_alone_and_on_loopback() -> None:
    ports = {name: service.get("ports", []) for name, service in services().items()}
    assert [name for name, listed in ports.items() if listed] == ["proxy"]
    assert all(port.startswith("${ADDRESS:-127.0.0.1}:") for port in ports["proxy"])


def test_compose_keeps_the_store_from_the_outside() -> None:
    networks = yaml.safe_load(COMPOSE.read_text("utf-8"))["networks"]
    assert networks["inner"]["internal"] is True
    assert services()["store"]["networks"] == services()["publish"]["networks"] == ["inner"]
    assert services()["proxy"]["networks"] == ["outer"]


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


# Kubernetes


def manifests() -> list[dict[str, Any]]:
    folder = ROOT / "deploy" / "kubernetes"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert {path.name for path in folder.iterdir()} == {*listed, "kustomization.yaml"}
    return [
        item for name in listed for item in yaml.safe_load_all((folder / name).read_text("utf-8"))
    ]


def pods() -> list[dict[str, Any]]:
    return [item["spec"]["template"] for item in manifests() if "template" in item.get("spec", {})]


def pod_of(app: str) -> dict[str, Any]:
    return next(pod for pod in pods() if pod["metadata"]["labels"]["app"] == app)


def test_pods_are_confined_as_the_restricted_standard_wants() -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
    assert len(pods()) == 3
    for pod in pods():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        for container in spec["containers"]:
            held = container["securityContext"]
            assert held["allowPrivilegeEscalation"] is False
            assert held["readOnlyRootFilesystem"] is True
            assert held["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted & {"tmp", "data"}


def test_manifests_are_what_kubernetes_takes() -> None:
    """Unknown fields are refused too."""
    reason = "needs the package kubernetes-validate"
    validator = pytest.importorskip("kubernetes_validate", reason=reason)
    for item in manifests():
        validator.validate(item, validator.latest_version(), strict=True)


def test_no_variable_of_a_service_is_taken_for_a_setting() -> None:
    """Kubernetes would set MIGKG_PORT=tcp://… in each pod beside a service named migkg."""
    assert [pod["spec"]["enableServiceLinks"] for pod in pods()] == [False] * 3


def test_answers_that_are_kept_fit_into_their_folder() -> None:
    unit = {"m": 2**20, "Mi": 2**20, "Gi": 2**30}

    def size(text: str) -> int:
        number, name = re.fullmatch(r"(\d+)(\w+)", text).groups()  # type: ignore[union-attr]
        return int(number) * unit[name]

    service = services()["migkg"]
    folder = size(service["tmpfs"][0].partition("size=")[2].partition(",")[0])
    assert int(service["environment"]["MIGKG_SPOOL_BYTES"]) <= folder / 2
    spec = pod_of("migkg")["spec"]
    values = {item["name"]: item["value"] for item in spec["containers"][0]["env"]}
    assert int(values["MIGKG_SPOOL_BYTES"]) <= size(spec["volumes"][0]["emptyDir"]["sizeLimit"]) / 2


def test_pods_run_as_the_users_of_their_images() -> None:
    users = {
        re.search(r"/([\w-]+)$|^([\w-]+)$", container["image"])[0]: pod["spec"]["securityContext"]
        for pod in pods()
        for container in pod["spec"]["containers"]
    }
    assert users["migkg"]["runAsUser"] == 10001
    assert users["migkg-store"]["runAsUser"] == 10002
    assert "USER 10002:10002" in lines(ROOT / "deploy" / "store" / "Dockerfile")


def test_selectors_find_their_pods_and_probes_their_paths() -> None:
    labels = [pod["metadata"]["labels"] for pod in pods()]
    for item in manifests():
        if item["kind"] in ("Service", "NetworkPolicy", "PodDisruptionBudget"):
            spec = item["spec"]
            wanted = spec.get("podSelector", spec.get("selector", {}))
            wanted = wanted.get("matchLabels", wanted)
            assert any(wanted.items() <= found.items() for found in labels), item
    (container,) = pod_of("migkg")["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
