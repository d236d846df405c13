"""Runs what shapes were compiled to, and reads the rows as validation results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import thread_time
from typing import Any

from rdflib import Literal, URIRef
from rdflib.term import Node

from migkg.engine.validation_store import Row, ValidationStore
from migkg.errors import BadQuery, InvalidData
from migkg.model.sparql_text import find_fault
from migkg.services.shacl.results import Result, with_values
from migkg.services.shacl.sites import ONE_FOCUS, Check, Mark, MarkTerms, SparqlRule, Step

Found = tuple[Node, Result]  # the focus node of the shape with the target, and a result
_Solution = tuple[Row, Row]
_MESSAGE = 120  # characters


@dataclass(frozen=True)
class Done:
    """A step, what it found, and the seconds of a processor that it took."""

    step: Step
    found: list[Found]
    seconds: float


def run(
    shapes: Iterable[Sequence[Step]], store: ValidationStore, workers: int = 1
) -> Iterator[list[Done]]:
    """What the steps of each shape find, ``workers`` queries at a time.

    A shape needs only marks that it makes itself, and needs them in their order.
    """
    tasks = [[*_tasks(steps)] for steps in shapes]
    in_order = sorted((task for of_shape in tasks for task in of_shape), key=_is_short)
    with on_threads(workers) as each:
        results = each(lambda task: [_done(step, store) for step in task], in_order)
        done = dict(zip(map(id, in_order), results, strict=True))
    for of_shape in tasks:
        yield [step for task in of_shape for step in done[id(task)]]


def _tasks(steps: Sequence[Step]) -> list[Sequence[Step]]:
    """The steps that must run one after another: all of a shape that marks, else each alone."""
    if all(isinstance(step, Check) for step in steps):
        return [[step] for step in steps]
    return [steps]


def _is_short(task: Sequence[Step]) -> bool:
    """False of rules and of shapes that mark: they are the longest, so they begin."""
    return all(isinstance(step, Check) and step.rule is None for step in task)


def _done(step: Step, store: ValidationStore) -> Done:
    start = thread_time()
    found = list(_step(step, store))
    return Done(step, found, thread_time() - start)


def _step(step: Step, store: ValidationStore) -> Iterator[Found]:
    if isinstance(step, Check):
        yield from _results(step, store)
    else:
        _make_mark(step, store)


@contextmanager
def on_threads(workers: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """The function ``map`` on so many threads."""
    if workers == 1:
        yield map
        return
    with ThreadPoolExecutor(workers) as pool:
        yield pool.map


def _make_mark(step: Mark | MarkTerms, store: ValidationStore) -> None:
    if isinstance(step, MarkTerms):
        store.mark_terms(step.name, step.members)
    else:
        _mark(step, store)


def _mark(mark: Mark, store: ValidationStore) -> None:
    for check in mark.checks:
        if check.rule is None:
            store.mark(mark.name, check.focus.root[1:], check.query)
        else:
            found = _rule_rows(check, check.rule, store)
            roots = {way[check.focus.root[1:]] for way, _ in found}
            store.mark_terms(mark.name, roots)


def _results(check: Check, store: ValidationStore) -> Iterator[Found]:
    root, node = check.focus.root[1:], check.focus.node[1:]
    if check.rule is not None:
        for way, solution in _rule_rows(check, check.rule, store):
            yield way[root], _rule_result(check, check.rule, way[node], solution)
        return
    messages = check.shape.messages or (Literal(f"{check.constraint} does not hold."),)
    for row in store.select(check.query):
        result = Result(
            focus=row[node],
            shape=check.shape.node,
            component=check.component,
            severity=check.shape.severity,
            messages=messages,
            path=row[check.path[1:]] if check.path else check.shape.path,
            value=row[check.value[1:]] if check.value else None,
        )
        yield row[root], result


def _rule_rows(check: Check, rule: SparqlRule, store: ValidationStore) -> Iterator[_Solution]:
    """Each focus node, with the way to it, and each solution of the rule for it, once."""
    node = check.focus.node[1:]
    try:
        if rule.joined:
            for solution in _distinct(store.select_values(rule.query)):
                if "this" in solution:
                    yield {node: solution["this"]}, solution
            return
        for way in store.select(check.query):
            mark = store.mark_value(way[node])
            rows = store.select_values(rule.query.replace(f"<{ONE_FOCUS}>", f"<{mark}>"))
            yield from ((way, {"this": way[node], **row}) for row in _distinct(rows))
    except BadQuery as error:
        why = _short(find_fault(rule.prologue + rule.text, {}) or error)
        raise InvalidData(f"The rule of {check.shape.node} cannot run: {why}") from None


def _short(error: BadQuery) -> str:
    """The engine's message, which lists all that it expected, on one line and not to its end."""
    text = " ".join(str(error).split())
    return text if len(text) <= _MESSAGE else text[:_MESSAGE] + " …"


def _distinct(rows: Iterable[Row]) -> Iterator[Row]:
    seen = set()
    for row in rows:
        key = frozenset(row.items())
        if key not in seen:
            seen.add(key)
            yield row


def _rule_result(check: Check, rule: SparqlRule, focus: Node, solution: Row) -> Result:
    """A solution as a result. https://www.w3.org/TR/shacl/#sparql-constraints-variables"""
    if "failure" in solution:
        raise InvalidData(f"The rule of {check.shape.node} cannot run: it reports a failure.")
    path = solution.get("path")
    return Result(
        focus=focus,
        shape=check.shape.node,
        component=check.component,
        severity=check.shape.severity,
        messages=tuple(with_values(message, solution) for message in rule.messages),
        path=path if isinstance(path, URIRef) else check.shape.path,
        value=solution.get("value", focus if check.shape.path is None else None),
        constraint=rule.constraint,
    )
