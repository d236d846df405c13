"""How long the shapes take: compiled to queries, and by pySHACL, on the same data.

``python -m benchmarks.gate`` takes the project's own data, and as many copies of it as make 100,000
and 1,000,000 triples; each copy has identifiers of its own and lacks one triple in ``--torn``, so
that there is something to find. ``--pyshacl N`` lets pySHACL judge the data of N triples too, and
holds the results together; at 100,000 it takes more than an hour. Every measurement runs in a
process of its own. Seconds and peak memory are printed as a table. ``change s`` is the longest of
ten changes, each of which takes out ten entities and puts the ten of the change before in again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

from rdflib import BNode, Literal

from benchmarks.report import table
from migkg.engine import rdf_io
from migkg.engine.validation_store import read_statements
from migkg.model import formats
from migkg.services import shacl
from migkg.services.shacl import oracle

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = 0
SIZES = (SHIPPED, 100_000, 1_000_000)
TORN = 997
_HEAD = ("triples", "by", "read s", "judged s", "CPU s", "change s", "peak MiB", "results")
_OWN = re.compile(rb"<https://w3id\.org/migkg/id/(?!code/|scheme/|graph/)")
_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one process is to measure."""

    triples: int
    torn: int = TORN
    workers: int = len(os.sched_getaffinity(0))
    by_pyshacl: bool = False


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a process measured; ``results`` is a digest that two verdicts can be compared by."""

    triples: int
    shipped: bool  # the project's own data, whole
    by_pyshacl: bool
    workers: int
    read: float
    judged: float
    cpu: float
    changed: float
    memory: int
    count: int
    results: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures every size, and prints the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.gate", description=__doc__)
    parser.add_argument("--triples", type=int, nargs="*", default=list(SIZES), help="0: as shipped")
    parser.add_argument("--pyshacl", type=int, nargs="*", default=[], metavar="N")
    parser.add_argument("--torn", type=int, default=TORN, metavar="EVERY", help="triple left out")
    parser.add_argument("--workers", type=int, default=Job.workers)
    options = parser.parse_args(arguments)
    jobs = [(size, False) for size in options.triples] + [(size, True) for size in options.pyshacl]
    found = [
        apart(Job(triples=size, torn=options.torn, workers=options.workers, by_pyshacl=by_pyshacl))
        for size, by_pyshacl in jobs
    ]
    print("\n".join(markdown(found)))
    different = differing(found)
    if different:
        print(f"The results differ: {different}")
    return 1 if different else 0


def differing(found: Iterable[Measured]) -> list[int]:
    """The numbers of triples on which two verdicts differ."""
    digests: dict[int, set[int]] = {}
    for measured in found:
        digests.setdefault(measured.triples, set()).add(measured.results)
    return [triples for triples, of_both in digests.items() if len(of_both) > 1]


def markdown(found: Iterable[Measured]) -> Iterator[str]:
    """The measurements as a table."""
    yield from table(_HEAD, map(_row, found))


def apart(job: Job) -> Measured:
    """The measurement in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return Measured(**json.loads(pool.apply(_measure, (json.dumps(asdict(job)),))))


def _measure(text: str) -> str:
    job = Job(**json.loads(text))
    ontology, shapes = _read("ontology"), _read("shapes")
    prefixes = rdf_io.declared_prefixes([*ontology, *shapes])
    lines = b"".join(_lines(job))
    start = time.perf_counter()
    quads = list(read_statements(lines, formats.NTRIPLES, "urn:x:"))
    data: list[rdf_io.Triple | rdf_io.Quad] = [*ontology, *quads]
    del lines
    read = time.perf_counter() - start
    start, busy = time.perf_counter(), time.process_time()
    changed = 0.0
    if job.by_pyshacl:
        results = oracle.judge(data, rdf_io.to_rdflib(shapes), prefixes=prefixes)
        judged, cpu = time.perf_counter() - start, time.process_time() - busy
    else:
        graph = shacl.ShapesGraph(rdf_io.to_rdflib(shapes))
        gate = shacl.Gate(data, graph, prefixes=prefixes, workers=job.workers)
        gate.judge()
        results = gate.results
        judged, cpu = time.perf_counter() - start, time.process_time() - busy
        changed = max(_changes(gate, quads))
    return json.dumps(
        asdict(
            Measured(
                triples=len(data),
                shipped=job.triples == SHIPPED,
                by_pyshacl=job.by_pyshacl,
                workers=job.workers,
                read=read,
                judged=judged,
                cpu=cpu,
                changed=changed,
                memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                count=len(results),
                results=_digest(results),
            )
        )
    )


def _changes(gate: shacl.Gate, data: Sequence[rdf_io.Quad]) -> Iterator[float]:
    """How long each change takes, after one that prepares for them."""
    entities = sorted({str(quad.subject) for quad in data}, key=lambda iri: crc32(iri.encode()))
    out: list[rdf_io.Triple] = []
    for number in range(11):
        taken = set(entities[number * 10 : number * 10 + 10])
        back, out = out, [quad.triple for quad in data if str(quad.subject) in taken]
        start = time.perf_counter()
        gate.change(back, out)
        if number:
            yield time.perf_counter() - start


def _read(folder: str) -> list[rdf_io.Triple]:
    files = sorted((ROOT / folder).glob("*.ttl"))
    return [triple for path in files for triple in rdf_io.read_turtle(path).triples]


def _lines(job: Job) -> Iterator[bytes]:
    """The project's data as N-Triples, in as many copies as are asked for."""
    text = rdf_io.write_triples(_read("data"), formats.NTRIPLES)
    if job.triples == SHIPPED:
        yield text
        return
    left, copy = job.triples, 0
    while left > 0:
        own = _OWN.sub(b"<https://w3id.org/migkg/copy/%d/id/" % copy, text)
        for line in own.splitlines(keepends=True)[:left]:
            if crc32(line) % job.torn:
                yield line
        left -= own.count(b"\n")
        copy += 1


def _digest(results: Sequence[shacl.Result]) -> int:
    """The same number for the same results, with the values that rules see."""
    keys = Counter(
        repr((*map(_name, (r.focus, r.shape, r.component, r.path)), _plain(r.value)))
        for r in results
    )
    return crc32(repr(sorted(keys.items())).encode())


def _name(node: object) -> str:
    """The term, but for blank nodes, whose names every reading makes anew."""
    return "_" if isinstance(node, BNode) else str(node)


def _plain(value: object) -> str:
    return _name(value.toPython() if isinstance(value, Literal) else value)


def _row(found: Measured) -> tuple[str, ...]:
    return (
        f"{found.triples:,}",
        "pySHACL" if found.by_pyshacl else f"migkg, {found.workers} workers",
        f"{found.read:.2f}",
        f"{found.judged:.2f}",
        f"{found.cpu:.2f}",
        f"{found.changed:.2f}" if found.changed else "",
        f"{found.memory // _MIB:,}",
        f"{found.count:,}",
    )


if __name__ == "__main__":
    sys.exit(main())
