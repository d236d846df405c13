"""The command that finds out what an endpoint can and cannot do."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from migkg.cli.progress import progress_line
from migkg.errors import BadFile
from migkg.services.diagnosis import (
    HEAVY,
    QUESTIONS,
    Endpoint,
    Finding,
    Question,
    advice,
    diagnose,
    is_usable,
)
from migkg.settings import Settings

_LONGEST = 60.0
Answers = list[tuple[Question, Finding]]


def doctor(options: argparse.Namespace, settings: Settings) -> int:
    """Asks an endpoint all questions; exit status 1 if the service could not stand before it."""
    if not 0 < options.seconds <= _LONGEST:
        raise BadFile(f"--seconds is more than 0 and at most {_LONGEST:g}.")
    endpoint = Endpoint(options.url, options.seconds, settings)
    questions = (*QUESTIONS, *HEAVY) if options.heavy else QUESTIONS
    found: Answers = []
    with progress_line() as progress:
        for question, finding in diagnose(endpoint, questions):
            found.append((question, finding))
            if sys.stderr.isatty():
                progress(f"{len(found)} of {len(questions)}: {question.text}")
    writers: dict[str, Callable[[str, Answers], str]] = {
        "text": _as_text,
        "markdown": _as_markdown,
        "json": _as_json,
    }
    sys.stdout.write(writers[options.format](endpoint.url, found))
    return 0 if is_usable(found) else 1


def _as_text(url: str, found: Answers) -> str:
    lines = [
        f"{q.group:<11} {q.text:<44} {f.verdict.value:<7} {f.seen:<44} {q.consequence(f)}".rstrip()
        for q, f in found
    ]
    return "\n".join([*lines, _summary(url, found), ""])


def _as_markdown(url: str, found: Answers) -> str:
    rows = [
        f"| {q.group} | {q.text} | {f.verdict.value} | {f.seen.replace('|', '/')} | "
        f"{q.consequence(f)} |"
        for q, f in found
    ]
    head = ["| | question | answer | seen | what follows |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *rows, "", _summary(url, found), ""])


def _as_json(url: str, found: Answers) -> str:
    content = {
        "endpoint": url,
        "usable": is_usable(found),
        "advice": advice(found),
        "answers": [
            {
                "group": question.group,
                "question": question.text,
                "answer": finding.verdict.value,
                "wanted": question.wanted.value,
                "needed": question.needed,
                "seen": finding.seen,
                "consequence": question.consequence(finding),
            }
            for question, finding in found
        ],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _summary(url: str, found: Answers) -> str:
    missing = [q.text for q, f in found if q.needed and f.verdict is not q.wanted]
    if missing:
        return f"{url} cannot be used: {', '.join(missing)}. {advice(found)}".rstrip()
    well = sum(f.verdict is q.wanted for q, f in found)
    return f"{url} can be used: {well} of {len(found)} answers are as wanted."
