"""The images that ours are built on, made without a registry, from the machine's Debian mirror.

``BASE_IMAGE`` and ``PROXY_BASE_IMAGE`` name others, which are pulled. Either way wheels are added
to the first, because images are built without a network here.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.packaging.containers import Containers

CACHE = ROOT / "build" / "containers"
_PACKAGES = "python3,python3-venv,python3-pip,ca-certificates,nginx-light,curl"
_MIRRORS = ("sources.list.d/debian.sources", "sources.list.d/ubuntu.sources", "sources.list")
_WHEELS = """FROM {base}
COPY wheels /wheels
RUN ["sh", "-c", "printf '[global]\\nno-index = true\\nfind-links = /wheels\\n' >/etc/pip.conf"]
"""


def make_base_images(containers: Containers) -> dict[str, str]:
    """The arguments with which the compose file finds them."""
    if named := os.environ.get("BASE_IMAGE"):
        base = _pulled(containers, named)
        proxy = _pulled(containers, os.environ.get("PROXY_BASE_IMAGE", "nginx:1.26"))
    else:
        base = proxy = containers.run("podman", "import", "--quiet", _debian(), seconds=120).strip()
    context = containers.folder / "base"
    context.mkdir()
    shutil.copytree(_wheels(_python_of(containers, base)), context / "wheels")
    build = ("podman", "build", "--pull=never", "--file=-", "--tag=localhost/base", context)
    containers.run(*build, text=_WHEELS.format(base=base), seconds=120)
    containers.run("podman", "tag", proxy, "localhost/proxy-base")
    return {"BASE_IMAGE": "localhost/base", "PROXY_BASE_IMAGE": "localhost/proxy-base"}


def _pulled(containers: Containers, name: str) -> str:
    pulled = containers.run("podman", "pull", "--quiet", name, outside=True, seconds=300)
    return pulled.split()[-1]


def _python_of(containers: Containers, image: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    container = ("podman", "run", "--rm", "--network=none", image)
    return containers.run(*container, "python3", "-c", code).strip()


def _debian() -> Path:
    """The files of a small Debian, as an archive that is made once."""
    release = platform.freedesktop_os_release()
    codename = release.get("VERSION_CODENAME", "")
    mirrors = [Path("/etc/apt", name) for name in _MIRRORS if Path("/etc/apt", name).exists()]
    if not codename or not mirrors:
        pytest.skip("only Debian and its kind can make base images; set BASE_IMAGE")
    made = CACHE / f"{codename}-{_digest(_PACKAGES)}.tar"
    if not made.exists():
        part = made.with_suffix(f".{os.getpid()}.tar")
        CACHE.mkdir(parents=True, exist_ok=True)
        options = ("--variant=minbase", f"--include={_PACKAGES}", "--format=tar")
        _run("mmdebstrap", "--quiet", *options, codename, part, mirrors[0])
        part.rename(made)
    return made


def _wheels(python: str) -> Path:
    """A folder with the wheels that the images need, for one version of Python; made once."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"], "oxigraph"]
    constraints = ROOT / "constraints.txt"
    made = CACHE / f"wheels-{python}-{_digest(*wanted, constraints.read_text('utf-8'))}"
    if not made.exists():
        part = made.with_name(f"{made.name}.{os.getpid()}")
        tags = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux1")
        platforms = [f"--platform={tag}_{platform.machine()}" for tag in tags]
        kind = ("--only-binary=:all:", f"--python-version={python}", *platforms)
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
        _run(*pip, *kind, f"--dest={part}", "-c", constraints, *wanted)
        part.rename(made)
    return made


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr[-4000:]}"
