"""Tables for spreadsheets: CSV files in a zip, with what their columns mean.

``tables/NAME.rq`` makes ``NAME.csv``. The opening comment of a query says what the table holds,
then one line for each column what it means: ``# name (datatype): meaning``. The zip also holds
``csv-metadata.json``, which says the same as CSV on the Web has it,
https://www.w3.org/TR/tabular-metadata/.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migkg.engine.rdf_io import Triple
from migkg.engine.scratch import ScratchStore
from migkg.errors import BadFile, BadQuery
from migkg.resources import Project

FILE = "dumps/migkg-tables.zip"
_METADATA = "csv-metadata.json"
_COLUMN = re.compile(r"# (\w+)(?: \((\w+)\))?: (.+)")
# The earliest that a zip can say: the same content gives the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16


@dataclass(frozen=True)
class Column:
    """One column; ``datatype`` is the name of one of XML Schema's."""

    name: str
    datatype: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """One table: what it holds, and the query that makes it."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    query: str

    @classmethod
    def read(cls, path: Path) -> Table:
        """The table of a file; raises :class:`BadFile` where it does not say what it holds."""
        text = path.read_text("utf-8")
        lines = [line for line in text.splitlines() if line.startswith("# ")]
        found = [_COLUMN.fullmatch(line) for line in lines[1:]]
        if not found or not all(found):
            raise BadFile(
                f"{path}:1: the first line says what the table holds, and each line after it what "
                "one column means, such as '# id (anyURI): The identifier.'."
            )
        columns = [Column(m[1], m[2] or "string", m[3]) for m in found if m]
        return cls(path.stem, lines[0].removeprefix("# "), tuple(columns), text)

    def csv(self, store: ScratchStore) -> bytes:
        """The table in CSV (RFC 4180), with a head."""
        output = io.StringIO(newline="")
        writer = csv.writer(output, lineterminator="\r\n")
        names = [column.name for column in self.columns]
        writer.writerow(names)
        try:
            for row in store.select(self.query):
                writer.writerow([str(row.get(name, "")) for name in names])
        except BadQuery as error:
            raise BadFile(f"tables/{self.name}.rq: {error}") from None
        return output.getvalue().encode()

    def metadata(self) -> dict[str, Any]:
        """What the metadata say of the table."""
        return {
            "url": f"{self.name}.csv",
            "dc:description": self.meaning,
            "tableSchema": {
                "columns": [
                    {
                        "name": column.name,
                        "titles": column.name,
                        "datatype": column.datatype,
                        "dc:description": column.meaning,
                    }
                    for column in self.columns
                ]
            },
        }


def load(project: Project) -> list[Table]:
    """The tables of a project, by name; there may be none."""
    return [Table.read(path) for path in sorted(project.tables.glob("*.rq"))]


def archive(
    tables: Iterable[Table], triples: Iterable[Triple], *, title: str, licence: str
) -> bytes:
    """The zip with all tables; the same triples give the same bytes."""
    tables = list(tables)
    store = ScratchStore(triples)
    metadata: dict[str, Any] = {
        "@context": "http://www.w3.org/ns/csvw",
        "dc:title": title,
        "dialect": {"encoding": "utf-8", "header": True},
        "tables": [table.metadata() for table in tables],
    }
    if licence:
        metadata["dc:license"] = {"@id": licence}
    text = json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"
    files = {f"{table.name}.csv": table.csv(store) for table in tables}
    return _zipped({**files, _METADATA: text.encode()})


def _zipped(files: dict[str, bytes]) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as packed:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on whatever it is made
            entry.external_attr = _READABLE
            packed.writestr(entry, data)
    return output.getvalue()
