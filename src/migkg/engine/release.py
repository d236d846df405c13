"""Releases: immutable folders compiled from the project's files.

A release is named after its content: the first 16 hexadecimal digits of the SHA-256 of its
canonical N-Quads, which is also the dump ``migkg.nq``; so ``sha256sum`` confirms the name. It is
written beside the others under another name and takes its place by one rename; ``current`` is a
symbolic link that is replaced in one step.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migkg.engine.work_folder import work_folder
from migkg.errors import NoRelease

LAYOUT = 1
CURRENT = "current"
MANIFEST = "manifest.json"
DUMPS = "dumps"
CHECKSUMS = "SHA256SUMS"
STORE = f"{DUMPS}/migkg.nq"
DISK_STORE = "store"
ID_LENGTH = 16
_FIELDS = {"id", "sha256", "quads", "triples", "graphs", "prefixes", "files"}


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
        return self.folder / DUMPS

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


def open_named(releases: Path, name: str) -> Release:
    """The release of an id, or ``current``."""
    if name == CURRENT:
        return open_current(releases)
    known = sorted(path.parent.name for path in releases.glob(f"*/{MANIFEST}"))
    known = [release for release in known if release != CURRENT]
    if name not in known:
        listed = ", ".join(known) or "none"
        raise NoRelease(f"There is no release {name} in {releases}; there is {listed}.")
    return open_release(releases / name)


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
    blank = "named" if release.manifest.get("blank nodes", True) else "none"
    arguments = [str(release.store), str(draft), blank, str(os.getpid())]
    command = [sys.executable, "-m", "migkg.engine.disk_store", *arguments]
    try:
        made = subprocess.run(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, pass_fds=(lock,), check=False
        )
        if made.returncode:
            raise NoRelease(f"The store in {folder} could not be made.")
        _sync(draft)
        draft.rename(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def make_current(release: Release, releases: Path) -> None:
    """Puts a release into service, in one step."""
    with work_folder(releases) as work:
        draft = work.path / CURRENT
        draft.symlink_to(release.folder.name)
        draft.replace(releases / CURRENT)
        sync_folder(releases)


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as source:
                os.fsync(source.fileno())
        else:
            sync_folder(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Returns when the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
