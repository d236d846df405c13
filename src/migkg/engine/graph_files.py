"""The graphs of a release as N-Triples in files of their own, to be sent piece by piece.

Triples with blank nodes are one piece, and the first: a blank node is the same only within one
document. Every other piece can be sent again and changes nothing then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from migkg.engine.quad_lines import END, has_blank_node, split_line
from migkg.engine.release import Release
from migkg.errors import PublishFailed
from migkg.model.graph_names import GraphNames

_PART = 1024 * 1024  # bytes that are read at a time
MOST_GRAPHS = 500  # each has files of its own, and its name goes with many queries


@dataclass(frozen=True)
class Piece:
    """Lines to be sent at once; ``before`` is the number of triples in the pieces before it.

    A piece that is ``is_linked`` has blank nodes, so it must not be added a second time.
    """

    data: bytes
    triples: int
    before: int
    is_linked: bool = False


@dataclass
class GraphFile:
    """One graph: its name on the server, and its lines in two files."""

    name: str
    linked: Path  # the triples with blank nodes
    ground: Path
    triples: int = 0

    def pieces(self, size: int) -> Iterator[Piece]:
        """What is to be sent, in order, about so many bytes at a time."""
        before = 0
        linked = self.linked.read_bytes()
        if linked:
            before = linked.count(b"\n")
            yield Piece(linked, before, 0, is_linked=True)
        with self.ground.open("rb") as lines:
            while chosen := lines.readlines(size):
                yield Piece(b"".join(chosen), len(chosen), before)
                before += len(chosen)

    def parts(self) -> Iterator[bytes]:
        """All lines, in parts."""
        return (piece.data for piece in self.pieces(_PART))


def split(release: Release, names: GraphNames, folder: Path) -> list[GraphFile]:
    """The graphs of a release, and the one with all triples if that is another."""
    wanted = list(dict.fromkeys((*names.graphs.values(), names.whole)))
    if len(names.graphs) > MOST_GRAPHS:
        raise PublishFailed(
            f"The release has {len(names.graphs)} graphs; no more than {MOST_GRAPHS} can be "
            "published. Put more triples into one graph ('migkg load --graph IRI')."
        )
    files = {
        name: GraphFile(name, folder / f"{number}-blank.nt", folder / f"{number}.nt")
        for number, name in enumerate(wanted)
    }
    with ExitStack() as stack:
        opened = {
            name: (
                stack.enter_context(file.linked.open("wb")),
                stack.enter_context(file.ground.open("wb")),
            )
            for name, file in files.items()
        }
        _write(release, names, files, opened)
    return list(files.values())


def _write(
    release: Release,
    names: GraphNames,
    files: dict[str, GraphFile],
    opened: Mapping[str, tuple[BinaryIO, BinaryIO]],
) -> None:
    own = {f"<{logical}>".encode(): physical for logical, physical in names.graphs.items()}
    previous = b""
    with release.store.open("rb") as lines:
        for line in lines:
            triple, graph = split_line(line.rstrip(b"\n"))
            kind = 0 if has_blank_node(line.rstrip(b"\n")) else 1
            targets = [own[graph]]
            # The lines are sorted, so the same triple in another graph stands next.
            if triple != previous and names.whole != targets[0]:
                targets.append(names.whole)
            previous = triple
            for target in targets:
                opened[target][kind].write(triple + END + b"\n")
                files[target].triples += 1
