"""Writes an index: ``python -m migkg.services.search.indexing``, started by :mod:`.making`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from migkg.engine.release import Release, open_release, sync_folder
from migkg.engine.zygote import die_with_parent
from migkg.model.namespaces import Vocabulary
from migkg.services.search import fields
from migkg.services.search.entries import entries
from migkg.services.search.making import COMPLETE

_HEAP = 256 * 1024 * 1024


def make(release: Release, folder: Path, base_iri: str, facets: Mapping[str, str]) -> int:
    """Writes the index into an empty folder; returns the number of things in it.

    One thread writes, so the things stand in one order, and equal scores are told apart by it.
    """
    writer = fields.new_index(folder).writer(heap_size=_HEAP, num_threads=1)
    number = 0
    for entry in entries(release, Vocabulary(base_iri), facets):
        writer.add_document(fields.document(entry))
        number += 1
    writer.commit()
    writer.wait_merging_threads()
    for path in folder.iterdir():
        with path.open("rb") as source:
            os.fsync(source.fileno())
    (folder / COMPLETE).write_text(f"{number}\n", "utf-8")
    sync_folder(folder)
    return number


def _main() -> None:
    release, folder, base_iri, facets, parent = sys.argv[1:]
    die_with_parent(int(parent))
    make(open_release(Path(release)), Path(folder), base_iri, json.loads(facets))


if __name__ == "__main__":
    _main()
