"""What a server holds of our releases, as text."""

from __future__ import annotations

from migkg.engine.published import Published


def as_text(record: Published) -> str:
    """A line for each release: the one in service, those that are kept, those that were begun."""
    lines = [_line(record, name) for name in record.complete]
    begun = sorted(name for name in record.graphs if name not in record.complete)
    lines += [f"{name}  begun and not complete" for name in begun]
    lines += [
        f"A run brings release {run.release} since {_time(run.started)}" for run in record.runs
    ]
    return "".join(f"{line}\n" for line in lines) or "The server holds no release.\n"


def _line(record: Published, name: str) -> str:
    state = "in service since" if name == record.current else "kept, published"
    since = _time(record.issued.get(name, ""))
    return f"{name}  {state} {since}  {len(record.graphs.get(name, ()))} graphs"


def _time(text: str) -> str:
    """A moment of the record, which is in UTC, without parts of a second."""
    return f"{text[:19].replace('T', ' ')} UTC"
