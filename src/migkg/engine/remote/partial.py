"""How engines say in the fields of a reply that what they send is not all.

All signs count for every engine, because one that stands in front of another passes its fields on.

* ``X-SQL-State``, ``X-SQL-Message`` (Virtuoso): the state of an execution that did not end as it
  should; ``S1TAT`` is a time-out.
* ``X-SPARQL-MaxRows`` (Virtuoso): rows were left out, because the server's ``ResultSetMaxRows``
  was reached. It says so for SELECT alone.
* ``X-Exec-Milliseconds`` and ``X-Exec-DB-Activity`` (Virtuoso): sent with answers to queries with a
  time-out, which we never send.
* ``X-Neptune-Status``, behind the body (Neptune): the status that would have been sent before it.
"""

from __future__ import annotations

from migkg.engine.remote.connection import Head, whole_number

_ROWS = "x-sparql-maxrows"
_NEPTUNE = "x-neptune-status"


def sign(head: Head) -> str | None:
    """What a complete reply says about its own incompleteness, for the log; None if nothing."""
    for name in ("x-sql-state", "x-sql-message", _ROWS):
        if name in head.fields:
            return f"{name}: {head.fields[name]}"
    status = head.fields.get(_NEPTUNE, "200")
    return None if status.startswith("200") else f"{_NEPTUNE}: {status}"


def most_rows(head: Head) -> int | None:
    """The rows after which the engine has ended its answer, if it did and says so."""
    return whole_number(head.fields.get(_ROWS, ""))
