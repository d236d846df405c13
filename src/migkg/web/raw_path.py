"""The IRIs that a path may stand for, from the path as it was sent.

Sources: RFC 3986 sections 2.3 and 6.2.2 (what percent-encoding changes nothing), RFC 3987 section
3.2 (from a URI to an IRI).
"""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import Request

_TRIPLETS = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_OUTSIDE = re.compile(rb"[^\x21-\x7e]")
# What stays encoded: it would be another IRI, or none (RFC 3987, section 2.2).
_KEPT = frozenset(b'/?#%[]<>"{}|^`\\ ')
_SAFE = "/:@!$&'()*+,;=~-._?#[]%"


def below(request: Request, folder: str) -> str:
    """What follows a folder such as ``/id/`` in the path, percent-encoded as it was sent."""
    raw: bytes = request.scope["raw_path"]
    rest = raw[len(folder) :] if raw.startswith(folder.encode()) else raw.split(b"/", 2)[-1]
    return _OUTSIDE.sub(lambda match: b"%%%02X" % match[0][0], rest).decode("ascii")


def names(path: str) -> list[str]:
    """What identifiers end with that the path may stand for, the likely one first.

    Characters may stand for themselves in an IRI, or be percent-encoded there too.
    """
    encoded = _TRIPLETS.sub(lambda match: match[0].upper(), path.encode("ascii"))
    decoded = _TRIPLETS.sub(lambda match: _decoded(match[0]), encoded).decode("utf-8")
    return list(dict.fromkeys([decoded, encoded.decode("ascii")]))


def encoded(iri: str) -> str:
    """The IRI as a URI, to stand in a header or a link (RFC 3987, section 3.1)."""
    return quote(iri, safe=_SAFE)


def _decoded(triplets: bytes) -> bytes:
    """The characters of a run of triplets, but for those that have to stay encoded."""
    found = bytes.fromhex(triplets.replace(b"%", b"").decode("ascii"))
    text = found.decode("utf-8", "surrogateescape")
    return "".join(map(_character, text)).encode("utf-8")


def _character(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"%{code - 0xDC00:02X}"
    if code in _KEPT or not character.isprintable():
        return "".join(f"%{byte:02X}" for byte in character.encode("utf-8"))
    return character
