"""What releases and the gate should reach, beside what one run measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks import gate
from benchmarks.report import number, table

_GIB = 1024**3
_LARGEST = 10_000_000
_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Found:
    """The figures of one run; what it did not measure is left out."""

    load: float | None = None  # speed with N-Quads only, as a part of the engine's bulk load
    turtle: float | None = None  # times faster than rdflib
    growth: float | None = None  # time per triple with all dumps, of the largest by the smallest
    memory: dict[int, int] = field(default_factory=dict)  # bytes by number of triples
    kills: int = 0
    clean: bool = True  # after each of them
    gates: Sequence[gate.Measured] = ()

    @property
    def compiled(self) -> list[gate.Measured]:
        """The judgements of migkg, from the smallest data to the largest."""
        own = (measured for measured in self.gates if not measured.by_pyshacl)
        return sorted(own, key=lambda measured: measured.triples)


def targets(found: Found) -> Iterator[str]:
    """The table of all targets of which the run has a figure."""
    rows = [*_of_releases(found), *_of_gate(found)]
    yield from table(("", "target", "reached", "met"), rows)


def _of_releases(found: Found) -> Iterator[tuple[str, ...]]:
    if found.load is not None:
        name = "load with N-Quads only, as a part of the speed of `bulk_load` into a store on disk"
        yield _row(name, "≥ 0.7", number(found.load), met=found.load >= 0.7)
    if found.turtle is not None:
        yield _row(
            "Turtle of triples in memory, times faster than rdflib",
            "≥ 50",
            number(found.turtle),
            met=found.turtle >= 50,
        )
    if found.growth is not None:
        name = "growth of the time per triple, from the smallest graph to the largest"
        yield _row(name, "< 1.5", number(found.growth), met=found.growth < 1.5)
    if _LARGEST in found.memory:
        memory = found.memory[_LARGEST] / _GIB
        name = f"memory of a load of {_LARGEST:,} triples"
        yield _row(name, "< 8 GiB", f"{number(memory)} GiB", met=memory < 8)
    if found.kills:
        name = f"loads and builds killed, {found.kills} of each, with a clean start after each"
        yield _row(name, "all", "all" if found.clean else "not all", met=found.clean)


def _of_gate(found: Found) -> Iterator[tuple[str, ...]]:
    if not found.compiled:
        return
    for own in found.compiled:
        if own.shipped:
            name = f"gate of the project's data, {own.triples:,} triples"
            yield _row(name, "< 1 s", f"{number(own.judged)} s", met=own.judged < 1)
    largest = found.compiled[-1]
    if largest.triples >= _MILLION:
        name = f"gate of {largest.triples:,} triples"
        memory = largest.memory / _GIB
        yield _row(name, "< 10 s", f"{number(largest.judged)} s", met=largest.judged < 10)
        yield _row(f"{name}, memory", "< 2 GiB", f"{number(memory)} GiB", met=memory < 2)
        name = f"the longest of ten changes of ten entities of {largest.triples:,} triples"
        yield _row(name, "< 0.5 s", f"{number(largest.changed)} s", met=largest.changed < 0.5)
    for theirs in found.gates:
        ours = next((own for own in found.compiled if own.triples == theirs.triples), None)
        if theirs.by_pyshacl and ours is not None:
            name = f"gate of {ours.triples:,} triples, times faster than pySHACL"
            times, same = theirs.judged / ours.judged, theirs.results == ours.results
            reached = f"{number(times)}, {'the same' if same else 'other'} results"
            yield _row(name, "≥ 60, the same results", reached, met=times >= 60 and same)


def _row(name: str, target: str, reached: str, *, met: bool) -> tuple[str, ...]:
    return name, target, reached, "yes" if met else "no"
