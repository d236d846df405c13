"""Gets the peers: the only code of the benchmarks that downloads, and only when asked to."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import virtuoso
from benchmarks.place import Place

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_DOWNLOAD = 600.0


def install(place: Place, progress: Callable[[str], None]) -> None:
    """Installs what is not there; what cannot be had is said and left out."""
    for name, step in (("Python packages", _packages), ("Virtuoso", _virtuoso)):
        progress(f"install {name}")
        try:
            step(place)
        except (subprocess.SubprocessError, OSError) as error:
            sys.stderr.write(f"{name} cannot be installed: {error}\n")


def _packages(place: Place) -> None:
    installed = place.programs.parent / _REQUIREMENTS.name
    wanted = _REQUIREMENTS.read_text("utf-8")
    if installed.is_file() and installed.read_text("utf-8") == wanted:
        return
    _run([sys.executable, "-m", "venv", "--clear", str(place.programs.parent)])
    pip = [str(place.programs / "python"), "-m", "pip", "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", "--requirement", str(_REQUIREMENTS)])
    installed.write_text(wanted, "utf-8")


def _virtuoso(place: Place) -> None:
    if virtuoso.missing(place) is None:
        return
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise FileNotFoundError("it comes as a Debian package, and this is no Debian")
    with tempfile.TemporaryDirectory() as folder:
        for package in virtuoso.PACKAGES:
            _run(["apt-get", "download", package], folder=folder)
        for archive in sorted(Path(folder).glob("*.deb")):
            _run(["dpkg", "--extract", str(archive), str(place.virtuoso)])


def _run(command: list[str], folder: str | None = None) -> None:
    subprocess.run(command, check=True, cwd=folder, capture_output=True, timeout=_DOWNLOAD)
