"""Releases: immutable folders compiled from the project's files.

A release is named after its content: the first 16 hexadecimal digits of the SHA-256 of its
canonical N-Quads, which is also the dump ``migkg.nq``; so ``sha256sum`` confirms the name. It is
written beside the others under another name and takes its place by one rename; ``current`` is a
symbolic link that is replaced in one step.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyoxigraph as ox

from migkg import __version__
from migkg.engine import rdf_io
from migkg.errors import NoRelease
from migkg.model import formats

LAYOUT = 1
CURRENT = "current"
MANIFEST = "manifest.json"
STORE = "dumps/migkg.nq"
DISK_STORE = "store"
DUMP_FORMATS = (
    formats.TURTLE,
    formats.NTRIPLES,
    formats.NQUADS,
    formats.TRIG,
    formats.JSONLD,
    formats.RDFXML,
)
_ID_LENGTH = 16
_FIELDS = {"id", "sha256", "quads", "triples", "graphs", "prefixes", "files"}
_BLOCK = 1024 * 1024

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Release:
    """A release on disk that was checked when it was opened."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The release id."""
        return str(self.manifest["id"])

    @property
    def store(self) -> Path:
        """The file that the embedded engine loads."""
        return self.folder / STORE

    @property
    def dumps(self) -> Path:
        """The folder of the dumps."""
        return self.folder / "dumps"

    @property
    def prefixes(self) -> dict[str, str]:
        """The prefixes that the project declares."""
        return dict(self.manifest["prefixes"])


def open_current(releases: Path) -> Release:
    """The current release, its files held against its manifest."""
    link = releases / CURRENT
    if not link.exists():
        raise NoRelease(f"There is no release in {releases}; run 'migkg build'.")
    return open_release(link.resolve())


def open_release(folder: Path) -> Release:
    """The release in a folder; raises :class:`NoRelease` where a file differs from its record."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        raise NoRelease(f"{folder} has no readable {MANIFEST}; run 'migkg build'.") from None
    if not isinstance(manifest, dict) or manifest.get("layout") != LAYOUT:
        raise NoRelease(f"{folder} was made by another version; run 'migkg build'.")
    if not manifest.keys() >= _FIELDS:
        raise NoRelease(f"{folder / MANIFEST} is incomplete; run 'migkg build'.")
    for name, recorded in manifest["files"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != recorded["bytes"]:
            raise NoRelease(f"{path} is not what the release recorded; run 'migkg build'.")
    if _digest(folder / STORE) != manifest["sha256"]:
        raise NoRelease(f"{folder / STORE} is damaged; run 'migkg build'.")
    return Release(folder, manifest)


def disk_store(release: Release) -> Path:
    """The release as a store on disk, made on first need; it can always be made again.

    One process at a time makes it; others wait and find it. It has its name only when it is
    complete and on the disk.
    """
    folder = release.folder / DISK_STORE
    if not folder.exists():
        with (release.folder / f".{DISK_STORE}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                _make_disk_store(release, folder, lock.fileno())
    return folder


def _make_disk_store(release: Release, folder: Path, lock: int) -> None:
    """Makes the store in another process, as a process that wrote to one must never fork.

    That process dies with this one, and has the lock too: so whoever has it next is alone, and a
    draft that is there is one that was given up.
    """
    draft = folder.with_name(f".{DISK_STORE}-draft")
    shutil.rmtree(draft, ignore_errors=True)
    arguments = [str(release.store), str(draft), str(os.getpid())]
    command = [sys.executable, "-m", "migkg.engine.disk_store", *arguments]
    try:
        made = subprocess.run(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, pass_fds=(lock,), check=False
        )
        if made.returncode:
            raise NoRelease(f"The store in {folder} could not be made.")
        _sync(draft)
        draft.rename(folder)
        _sync_folder(folder.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def compile_release(
    quads: Sequence[ox.Quad],
    releases: Path,
    *,
    prefixes: Mapping[str, str],
    extra: Mapping[str, bytes],
    progress: Progress,
) -> Release:
    """Writes the release of these quads, or finds it there; does not make it current."""
    progress("canonical form")
    canonical = rdf_io.canonical_quads(quads)
    content = rdf_io.write_triples(canonical, formats.NQUADS)
    digest = hashlib.sha256(content).hexdigest()
    folder = releases / digest[:_ID_LENGTH]
    try:
        return open_release(folder)
    except NoRelease:
        pass
    releases.mkdir(parents=True, exist_ok=True)
    draft = releases / f".draft-{digest[:_ID_LENGTH]}-{os.getpid()}"
    try:
        (draft / "dumps").mkdir(parents=True)
        (draft / STORE).write_bytes(content)
        _write_dumps(draft / "dumps", canonical, prefixes, progress)
        for name, data in extra.items():
            (draft / name).write_bytes(data)
        _write_manifest(draft, canonical, digest, prefixes)
        _sync(draft)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
        _sync_folder(releases)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return open_release(folder)


def make_current(release: Release, releases: Path) -> None:
    """Puts a release into service, in one step."""
    draft = releases / f".{CURRENT}-{os.getpid()}"
    draft.unlink(missing_ok=True)
    draft.symlink_to(release.folder.name)
    draft.replace(releases / CURRENT)
    _sync_folder(releases)


def _write_dumps(
    folder: Path, quads: Sequence[ox.Quad], prefixes: Mapping[str, str], progress: Progress
) -> None:
    triples = list(dict.fromkeys(quad.triple for quad in quads))
    for item in DUMP_FORMATS:
        progress(f"dump {item.name}")
        path = folder / f"migkg.{item.extension}"
        if not path.exists():
            content = quads if item.kind is formats.Kind.DATASET else triples
            with path.open("wb") as output:
                rdf_io.write_triples(content, item, output, prefixes=prefixes)
        with path.open("rb") as source, path.with_name(path.name + ".gz").open("wb") as output:
            _compress(source, output)
    names = sorted(path.name for path in folder.iterdir())
    sums = "".join(f"{_digest(folder / name)}  {name}\n" for name in names)
    (folder / "SHA256SUMS").write_text(sums, "utf-8")


def _compress(source: BinaryIO, output: BinaryIO) -> None:
    """Without a name or a time inside, so that the same content gives the same bytes."""
    with gzip.GzipFile(filename="", mode="wb", fileobj=output, mtime=0) as archive:
        shutil.copyfileobj(source, archive, _BLOCK)


def _write_manifest(
    folder: Path, quads: Sequence[ox.Quad], digest: str, prefixes: Mapping[str, str]
) -> None:
    graphs = Counter(str(getattr(quad.graph_name, "value", "")) for quad in quads)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "id": digest[:_ID_LENGTH],
        "sha256": digest,
        "layout": LAYOUT,
        "migkg": __version__,
        "quads": len(quads),
        "triples": len({quad.triple for quad in quads}),
        "graphs": dict(sorted(graphs.items())),
        "prefixes": dict(sorted(prefixes.items())),
        "files": {
            path.relative_to(folder).as_posix(): {
                "bytes": path.stat().st_size,
                "sha256": _digest(path),
            }
            for path in files
        },
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, "utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as source:
                os.fsync(source.fileno())
        else:
            _sync_folder(path)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
