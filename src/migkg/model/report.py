"""Findings of a check: what is wrong, where, by which rule, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Finding:
    """One result of a check; ``file`` is where the focus node is described."""

    file: str = ""
    focus: str = ""
    shape: str = ""
    message: str = ""
    path: str = ""
    value: str = ""
    component: str = ""
    severity: str = "Violation"
    advice: str = ""

    def lines(self) -> list[str]:
        """The finding for people, the most useful part first."""
        first = f"{self.file or '(no file)'}: {self.focus}"
        parts = [
            (self.message, ""),
            (self.path, "property "),
            (self.value, "value "),
            (self.shape, "shape "),
            (self.advice, "to do: "),
        ]
        return [first, *(f"  {label}{text}" for text, label in parts if text)]


@dataclass(frozen=True)
class Report:
    """All findings of a check, and what was checked."""

    findings: Sequence[Finding] = ()
    checked: dict[str, int] = field(default_factory=dict)

    @property
    def conforms(self) -> bool:
        """True if nothing is worse than a warning."""
        return not any(f.severity == "Violation" for f in self.findings)

    def text(self, *, limit: int = 50) -> str:
        """The report for people: every finding up to ``limit``, and the count by shape."""
        lines: list[str] = []
        for finding in sorted(self.findings)[:limit]:
            lines += finding.lines()
        if len(self.findings) > limit:
            lines.append(f"… and {len(self.findings) - limit} more")
        by_rule = Counter(f.shape or f.message for f in self.findings)
        lines += [f"{count:6} × {rule}" for rule, count in by_rule.most_common()]
        return "\n".join(lines)


def merge(reports: Iterable[Report]) -> Report:
    """One report of several."""
    findings: list[Finding] = []
    checked: Counter[str] = Counter()
    for report in reports:
        findings += report.findings
        checked.update(report.checked)
    return Report(tuple(findings), dict(checked))
