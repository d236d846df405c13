"""Shapes held against data that change: only the focus nodes that a change can affect are judged.

https://www.w3.org/TR/shacl/#validation
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rdflib import Graph, URIRef
from rdflib.namespace import RDFS, SH
from rdflib.term import Node

from migkg.engine.rdf_io import Quad, Triple
from migkg.engine.validation_store import MARKS, ValidationStore, has_mark
from migkg.errors import InvalidData, ShapeRefused
from migkg.services.shacl import focus as focuses
from migkg.services.shacl.compiler import ShapeCompiler
from migkg.services.shacl.dependence import FOCUS, Dependence, Read
from migkg.services.shacl.results import Result
from migkg.services.shacl.running import on_threads, run
from migkg.services.shacl.shapes import ShapesGraph
from migkg.services.shacl.sites import Check, Mark, MarkTerms, SparqlRule, Step

_FOCUS = f"{MARKS}:affected:"


@dataclass(frozen=True)
class Judged:
    """What a change made necessary."""

    focus_nodes: int  # judged again, over all shapes but those in full
    in_full: tuple[Node, ...]  # shapes whose focus nodes were all judged again


class Gate:
    """Data in memory, and the results of all shapes for them.

    Shapes that are not compiled are in ``refused`` and are not judged. ``seconds`` of a processor
    are those of the last judgement, by shape and constraint.
    """

    def __init__(
        self,
        triples: Iterable[Triple | Quad],
        shapes: ShapesGraph,
        *,
        prefixes: Mapping[str, str],
        workers: int = 1,
    ) -> None:
        if (None, SH.entailment, None) in shapes.graph:
            raise InvalidData("The shapes cannot be used: they ask for an entailment regime.")
        self.refused: dict[Node, ShapeRefused] = {}
        self.seconds: dict[tuple[str, str], float] = defaultdict(float)
        self._shapes = shapes
        self._prefixes = prefixes
        self._workers = workers
        self._store = ValidationStore(triples)
        self._found: dict[Node, dict[Node, list[Result]]] = {}
        self._compile()

    @property
    def compiled(self) -> Sequence[Node]:
        """The shapes that are judged."""
        return list(self._steps)

    @property
    def results(self) -> list[Result]:
        """All results for the data as they are."""
        by_shape = (by_focus.values() for by_focus in self._found.values())
        return [result for lists in by_shape for found in lists for result in found]

    def judge(self) -> None:
        """Judges all focus nodes of all shapes."""
        self._found = {}
        self._judge(self._steps)

    def change(self, added: Sequence[Triple], removed: Sequence[Triple] = ()) -> Judged:
        """Takes triples out and puts others in, and judges what that can affect.

        A triple among both stays in. Everything is judged if the class hierarchy changes, and all
        focus nodes of a shape where what it reads has no bounds.
        """
        hierarchy = any(t.predicate.value == str(RDFS.subClassOf) for t in (*added, *removed))
        affected: dict[Node, set[Node] | None] = {}
        with self._store.change(added, removed):
            if not hierarchy:
                affected = self._affected({t.predicate.value for t in (*added, *removed)})
        if not hierarchy:
            return self._judge_again(affected)
        self._compile()
        self.judge()
        return Judged(0, tuple(self._steps))

    def _compile(self) -> None:
        self._compiler = ShapeCompiler(self._shapes, self._prefixes, self._hierarchy())
        self._steps: dict[Node, list[Step]] = {}
        self._at_marks: dict[Node, tuple[str, list[Step]]] = {}
        self._reads: dict[Node, tuple[Read, ...]] = {}
        for node in self._shapes.targeted():
            try:
                self._steps[node] = self._compiler.compile(node)
            except ShapeRefused as error:
                self.refused[node] = error

    def _prepare(self) -> None:
        """What only a change needs."""
        steps = [step for of_shape in self._steps.values() for step in of_shape]
        dependence = Dependence(self._shapes, _rules(steps))
        for number, node in enumerate(self._steps):
            self._reads[node] = dependence.reads(node)
            mark = f"{_FOCUS}{number}"
            self._at_marks[node] = mark, self._compiler.compile(node, focuses.marked(mark))

    def _hierarchy(self) -> Graph:
        """The subclass statements of the data."""
        classes = Graph()
        query = f"SELECT ?below ?above {{ ?below <{RDFS.subClassOf}> ?above }}"
        for row in self._store.select(query):
            classes.add((row["below"], RDFS.subClassOf, row["above"]))
        return classes

    def _judge(self, steps: Mapping[Node, Sequence[Step]]) -> None:
        self.seconds.clear()
        by_shape = run(steps.values(), self._store, self._workers)
        for node, of_shape in zip(steps, by_shape, strict=True):
            by_focus = self._found.setdefault(node, defaultdict(list))
            for done in of_shape:
                self.seconds[_name(done.step, node)] += done.seconds
                for focus, result in done.found:
                    by_focus[focus].append(result)
        self._store.clear_marks()

    def _affected(self, predicates: set[str]) -> dict[Node, set[Node] | None]:
        """By shape, the focus nodes for which a changed triple may count; None: for all.

        ``predicates`` are those of the changed triples.
        """
        if not self._reads:
            self._prepare()
        near = {
            node: [read for read in reads if not read.predicate or read.predicate in predicates]
            for node, reads in self._reads.items()
        }
        each_once = list(dict.fromkeys(read for reads in near.values() for read in reads))
        with on_threads(self._workers) as each:
            known = dict(zip(each_once, each(self._nodes, each_once), strict=True))
        found: dict[Node, set[Node] | None] = {}
        for node, reads in near.items():
            sets = [known[read] for read in reads]
            found[node] = None if None in sets else set().union(*(s for s in sets if s))
        return found

    def _nodes(self, read: Read) -> set[Node] | None:
        if not read.query:
            return None
        select = self._store.select_values if read.values else self._store.select
        rows = select(read.query)
        if read.whole:
            return None if rows else set()
        return {row[FOCUS] for row in rows}

    def _judge_again(self, affected: Mapping[Node, set[Node] | None]) -> Judged:
        """Judges the affected focus nodes, and forgets what was found for them before."""
        again: dict[Node, Sequence[Step]] = {}
        judged = 0
        for node, nodes in affected.items():
            if nodes is None:
                self._found.pop(node, None)
                again[node] = self._steps[node]
            elif nodes:
                self._forget(node, nodes)
                mark, steps = self._at_marks[node]
                targets = self._mark_targets(mark, node, nodes)
                if targets:
                    again[node] = steps
                    judged += targets
        self._judge(again)
        return Judged(judged, tuple(node for node, nodes in affected.items() if nodes is None))

    def _forget(self, shape: Node, nodes: set[Node]) -> None:
        for node in nodes:
            self._found.get(shape, {}).pop(node, None)

    def _mark_targets(self, mark: str, shape: Node, nodes: set[Node]) -> int:
        """Marks those of the nodes that are targets of a shape, and says how many they are."""
        before = f"{mark}:all"
        self._store.mark_terms(before, nodes)
        is_target = focuses.is_target(self._shapes.shape(shape).targets)
        query = f"SELECT ?f0 {{ {has_mark(before, '?f0')} FILTER({is_target}) }}"
        targets = [row["f0"] for row in self._store.select(query)]
        self._store.mark_terms(mark, targets, values=True)
        return len(targets)


def _name(step: Step, shape: Node) -> tuple[str, str]:
    """The shape, or if it has no name the one with the target, and the constraint."""
    if isinstance(step, Check):
        node = step.shape.node
        return str(node if isinstance(node, URIRef) else shape), step.constraint
    return str(shape), "a shape inside it" if isinstance(step, Mark) else "a list in it"


def _rules(steps: Iterable[Step]) -> dict[tuple[Node, Node], SparqlRule]:
    """All rules in the steps, by shape and constraint: a rule may stand at several shapes."""
    checks = (
        check
        for step in steps
        if not isinstance(step, MarkTerms)
        for check in (step.checks if isinstance(step, Mark) else (step,))
    )
    return {
        (check.shape.node, check.rule.constraint): check.rule
        for check in checks
        if check.rule is not None
    }
