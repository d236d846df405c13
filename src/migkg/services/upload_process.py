"""The process that validates one document: ``python -m migkg.services.upload_process``.

The document comes on standard input and the report leaves on standard output, as N-Triples. Status
2 says that it is not RDF, with the reason as JSON on standard error.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from migkg.engine import rdf_io
from migkg.engine.release import open_release
from migkg.engine.zygote import confine, die_with_parent
from migkg.errors import MigkgError
from migkg.model import formats
from migkg.model.namespaces import Vocabulary
from migkg.services import shacl
from migkg.services.schema import Schema
from migkg.services.uploads import BAD_DOCUMENT

_MEMORY = 2 * 1024**3


def _validate(folder: Path, base_iri: str, format_name: str, data: bytes) -> bytes:
    release = open_release(folder)
    schema = Schema.of(release, Vocabulary(base_iri))
    document = rdf_io.parse_upload(data, formats.BY_NAME[format_name], base_iri)
    validation = shacl.validate(
        [*document, *schema.graphs["ontology"]],
        schema.graphs["shapes"],
        prefixes=release.prefixes,
    )
    return validation.graph.serialize(format="nt", encoding="utf-8")


def _main() -> int:
    folder, base_iri, format_name, seconds, parent = sys.argv[1:]
    die_with_parent(int(parent))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    confine(_MEMORY, files=64)
    try:
        report = _validate(Path(folder), base_iri, format_name, sys.stdin.buffer.read())
    except MigkgError as error:
        sys.stderr.write(json.dumps({"detail": str(error)}))
        return BAD_DOCUMENT
    sys.stdout.buffer.write(report)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
