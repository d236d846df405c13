"""Makes a store on disk: ``python -m migkg.engine.disk_store NQUADS FOLDER BLANK PARENT``.

BLANK is ``none`` if the quads have no blank nodes, else ``named``.
"""

from __future__ import annotations

import sys

import pyoxigraph as ox

from migkg.engine.zygote import die_with_parent


def make(path: str, folder: str, blank: str) -> None:
    """Loads a file into a new store and leaves it compact and complete on disk."""
    store = ox.Store(folder)
    if blank == "none":
        store.bulk_load(path=path, format=ox.RdfFormat.N_QUADS)
    else:
        # Slower, but bulk_load gives blank nodes new names.
        store.bulk_extend(ox.parse(path=path, format=ox.RdfFormat.N_QUADS))
    store.optimize()
    store.flush()


if __name__ == "__main__":
    die_with_parent(int(sys.argv[4]))
    make(*sys.argv[1:4])
